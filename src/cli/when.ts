import { exitCodes } from '../errors.js'
import { type Looked, when, type When } from '../lab/when/when.js'
import type { FlightEvent } from '../record/event.js'
import { parseCondition } from '../metrics/condition.js'
import { demandSame, openRun } from '../runs/open-run.js'
import { counting } from './counting.js'
import { formatTime, plural, wrap } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { type Terminal, widthOf } from './run.js'
import { csv, type SheetFormat, sheets } from './sheet.js'

export interface WhenFlags {
  readonly flights?: number
  readonly moments?: number
  readonly planned?: boolean
  readonly level?: number
  readonly workers?: number
  readonly format?: SheetFormat
  readonly quiet?: boolean
}

const bars = 20
const bar = (share: number): string => '#'.repeat(Math.round(share * bars)).padEnd(bars, '.')
const two = (value: number): string => value.toFixed(2)

const rowOf = ({ moment: { place, round, after }, came: { hits, of, share, interval }, certain }: Looked): string[] => [
  formatTime(place.at), String(round), after, certain ? 'as it was' : `${hits} of ${of}`, two(share),
  certain ? '' : `[${two(interval[0])}, ${two(interval[1])}]`, bar(share),
]

/** What happened, in a few words: those that say no more than the one before are left out. */
const wordsOf = (events: readonly FlightEvent[]): string => {
  const words = events.flatMap((event) => {
    if (event.kind === 'fault') return [`${event.fault} struck ${event.actor}`]
    if (event.kind === 'life') return [`${event.actor} ${event.what === 'crash' ? 'died' : 'came back'}`]
    return event.kind === 'round-close' ? [`round ${event.row.round} ${event.row.outcome} (${event.row.reason})`] : []
  })
  const once = [...new Set(words)]
  return once.length > 8 ? `${once.slice(0, 8).join(', ')} and ${once.length - 8} more` : once.join(', ')
}

const jumpNotes = ({ jump, settled, outcome, condition }: When): string[] => {
  const came = outcome ? `"${condition.text}"` : `that it is not "${condition.text}"`
  if (jump === undefined) {
    return [`No moment stands out: from ${settled.moment.after} on (${formatTime(settled.moment.place.at)}) every flight came to ${came}.`]
  }
  const { from, to, exact, clear, events, missing } = jump
  const where = exact ? `${to.moment.after}, in round ${to.moment.round}` : `between ${from.moment.after} and ${to.moment.after}`
  return [
    `${clear ? 'The jump' : 'The largest step, which may be chance (its intervals overlap)'}: ${where}, at ${formatTime(to.moment.place.at)}: ` +
      `from ${two(from.came.share)} to ${two(to.came.share)}.`,
    ...(events.length > 0 ? [`Around it: ${wordsOf(events)}.`] : []),
    ...(missing.length > 0 ? [`Selected and not folded in those rounds: ${missing.join(', ')}.`] : []),
    `From ${settled.moment.after} on (${formatTime(settled.moment.place.at)}) every flight came to ${came}.`,
  ]
}

/** What was found, in a format. */
export const whenText = (found: When, planned: boolean, format: SheetFormat, width: number): string => {
  const { condition, outcome, value, round, looked, flights, level } = found
  if (format === 'json') {
    const plain = (one: Looked) => ({ ...one.moment, struck: [...one.moment.struck], events: undefined, came: one.came, certain: one.certain })
    const { jump, settled } = found
    return `${JSON.stringify({
      ...found, looked: looked.map(plain), settled: plain(settled), ...(jump && { jump: { ...jump, from: plain(jump.from), to: plain(jump.to) } }),
    })}\n`
  }
  if (format === 'csv') {
    return csv(['at', 'event', 'round', 'after', 'hits', 'flights', 'share', 'low', 'high', 'certain'], looked.map(({ moment, came, certain }) => [
      moment.place.at, moment.place.event, moment.round, moment.after, came.hits, certain ? 0 : came.of, came.share, ...came.interval, String(certain),
    ]))
  }
  const sheet = {
    title: `"${condition.text}" after round ${round}: ${outcome ? 'so it was' : 'it was not so'} (${value?.toFixed(4) ?? 'undefined'}). How probable that was, from each moment on:`,
    head: ['virtual time', 'round', 'after', 'came to it', 'share', `${Math.round(level * 1000) / 10} % interval`, 'share'],
    align: ['right', 'right', 'left', 'right', 'right', 'right', 'left'] as const,
    rows: looked.map(rowOf),
  }
  const notes = [
    ...jumpNotes(found),
    `${plural(flights, 'flight')} went on with fresh chance; ${planned ? 'the plan of faults stayed' : 'faults that had not struck by a moment never did'}. ` +
      'Intervals are Wilson’s.',
  ]
  return sheets([sheet], notes.map((note) => wrap(note, width)), format)
}

/** `windtunnel when RUN CONDITION`. Returns the exit code. */
export const whenRun = async (folder: string, text: string, flags: WhenFlags, { out, err, cwd }: Terminal): Promise<number> => {
  const { format = 'text', quiet, workers, ...how } = flags
  const condition = parseCondition(text)
  const interrupt = onInterrupt((words) => err.write(`\n${words}\n`))
  const progress = counting(err, 1, quiet)
  try {
    const { manifest, lab, plan, watch } = await openRun(folder, { workers, cwd })
    try {
      const found = await when(lab, condition, {
        ...how, plan, watch, signal: interrupt.signal,
        onFlight: ({ number, most, moment }) =>
          progress.tell(number, `flight ${number} of at most ${most} · from ${moment.after} at ${formatTime(moment.place.at)}`),
        onWhole: (flight) => demandSame(manifest, flight),
      })
      progress.end()
      out.write(whenText(found, how.planned === true, format, widthOf(out)))
      return exitCodes.ok
    } finally {
      await lab.close()
    }
  } finally {
    interrupt.release()
  }
}
