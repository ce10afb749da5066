import type { Core } from '../faults/core.js'
import type { Planned } from '../faults/fault.js'
import type { Plan } from '../faults/plan.js'
import { describe } from '../faults/registry.js'
import { lineOf } from '../faults/shared-line.js'
import { endOf as timeOf, stopOf as eventOf, type When } from '../faults/window.js'
import { placeName } from '../network/topology.js'
import type { Name } from '../roster/participant.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { cut, plural, wrap } from '../report/format.js'

/** What a planned fault may say about when it is there, whatever its kind. */
interface Timing {
  readonly rounds?: readonly [number, number]
  readonly from?: Micros
  readonly until?: Micros | object
  readonly at?: Micros
  readonly when?: { readonly event?: string; readonly round?: number }
  readonly for?: Micros
  readonly restartAfter?: Micros
  readonly repeat?: { readonly times: number; readonly every?: Micros }
}

const endOf = (fault: object): Micros | undefined => timeOf(fault as When)

/** From the first to the last, both in it; open where there is no last. */
type Span = readonly [first: number, last: number]

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** What stands for a fault in a timeline. */
const letterOf = (i: number): string => letters[i] ?? '*'

/** Rounds in which it is there; undefined where it goes by time, or by an event that is in no round of its own. */
const roundsOf = ({ fault }: Planned): Span | undefined => {
  const { rounds, from, at, when } = fault as Timing
  const until = endOf(fault)
  if (rounds !== undefined) return rounds
  if (when !== undefined) return when.event === undefined && when.round !== undefined ? [when.round, when.round] : undefined
  return from === undefined && until === undefined && at === undefined ? [1, Infinity] : undefined
}

/** Stretches of time in which it is there; none where it does not go by time. */
const timesOf = ({ fault, injected, healed }: Planned): readonly Span[] => {
  const { from, at, repeat, restartAfter, for: long } = fault as Timing
  const until = endOf(fault)
  const within = ([first, last]: Span): Span => [Math.max(first, injected?.at ?? 0), Math.min(last, healed?.at ?? Infinity)]
  if (at !== undefined) {
    const lasts = restartAfter ?? long ?? ('restartWhen' in fault || fault.kind === 'crash' ? Infinity : 0)
    const times = repeat?.every === undefined ? 1 : repeat.times
    return Array.from({ length: times }, (_, i) => within([at + i * (repeat?.every ?? 0), at + i * (repeat?.every ?? 0) + lasts]))
  }
  const byHand = injected !== undefined || healed !== undefined
  return from === undefined && until === undefined && !byHand ? [] : [within([from ?? 0, until ?? Infinity])]
}

/** Where all links are meant, and nobody is named. */
const everyone = '(everyone)'

/** What stands for a line that many share: `(servers)`. */
const shared = ({ fault }: Planned): Name | undefined => {
  const place = lineOf(fault)
  return place === undefined ? undefined : `(${placeName(place)})`
}

const hit = (planned: Planned): readonly Name[] => (planned.targets.length === 0 ? [shared(planned) ?? everyone] : planned.targets)

/** Every fault with its letter, its id and what it is. */
export const planTable = ({ faults }: Plan, width: number): string => {
  const longest = Math.min(24, Math.max(...faults.map(({ id }) => id.length)))
  const indent = ' '.repeat(longest + 4)
  return faults
    .map((planned, i) => wrap(`${letterOf(i)} ${cut(planned.id, longest).padEnd(longest)}  ${describe(planned)}`, width, indent))
    .join('\n')
}

export interface TimelineOptions {
  /** Everybody, in the order of the rows. */
  readonly actors: readonly Name[]
  /** How many rounds are flown, if that is known. */
  readonly rounds: number | undefined
  readonly width: number
  /** When the calm phase begins, if one does. */
  readonly calm?: { readonly round?: number | undefined; readonly at?: Micros | undefined } | undefined
  /** Its core, where not everybody is healed. */
  readonly core?: Core | undefined
}

const calmText = ({ calm, core, actors, width }: TimelineOptions): string[] | undefined => {
  if (calm === undefined) return undefined
  const from = calm.round === undefined ? formatMicros(calm.at ?? 0) : `round ${calm.round}`
  if (core === undefined) return [`calm from ${from} on: none of them strikes`]
  const rest = actors.filter((name) => !core.members.has(name))
  return [wrap(`calm from ${from} on: none of them strikes, and ${rest.length === 0 ? 'nobody' : rest.join(', ')} ${rest.length === 1 ? 'is' : 'are'} ${core.rest} for good`, width)]
}

/** Rows beyond which actors are counted. */
const mostRows = 48

interface Placed {
  readonly letter: string
  readonly who: readonly Name[]
  readonly spans: readonly Span[]
}

const cellOf = (letters_: readonly string[]): string =>
  letters_.length === 0 ? '.' : letters_.length === 1 ? letters_[0] : letters_.length < 10 ? String(letters_.length) : '+'

/** A grid of actors against columns `from`, `from + step`, ...: a letter where one fault is there, a number where several are. */
const grid = (
  placed: readonly Placed[], actors: readonly Name[], label: number, columns: number, { from, step }: { from: number; step: number },
): string => {
  const named = new Set(placed.flatMap(({ who }) => who))
  const places = [...named].filter((name) => !actors.includes(name) && name !== everyone)
  const rows = [everyone, ...places, ...actors].filter((name) => named.has(name))
  const isThere = ({ spans }: Placed, column: number): boolean => {
    const begins = from + column * step
    return spans.some(([first, last]) => first < begins + step && last >= begins)
  }
  const lines = rows.slice(0, mostRows).map((name) => {
    const own = placed.filter(({ who }) => who.includes(name))
    const cells = Array.from({ length: columns }, (_, column) =>
      cellOf(own.filter((one) => isThere(one, column)).map(({ letter }) => letter)))
    return `${cut(name, label).padEnd(label)} ${cells.join('')}`
  })
  const more = rows.length > mostRows ? [`... and ${rows.length - mostRows} more`] : []
  return [...lines, ...more].join('\n')
}

/** A line over the columns with their beginning and their end. */
const ruler = (label: number, columns: number, first: string, last: string): string =>
  `${' '.repeat(label + 1)}${columns > first.length + last.length ? first.padEnd(columns - last.length) + last : first}`

const labelOf = (placed: readonly Placed[], width: number): number =>
  Math.min(Math.max(...placed.flatMap(({ who }) => who.map(({ length }) => length))), Math.floor(width / 3))

/** Rounds against actors. */
const byRounds = (placed: readonly Placed[], { actors, rounds, width }: TimelineOptions): string => {
  const ends = placed.flatMap(({ spans }) => spans.flat()).filter(Number.isFinite)
  const last = rounds ?? Math.max(1, ...ends)
  const label = labelOf(placed, width)
  const step = Math.ceil(last / Math.max(10, width - label - 1))
  const columns = Math.ceil(last / step)
  const each = step === 1 ? '' : `, ${step} to a column`
  return [`rounds 1 to ${last}${each}`, ruler(label, columns, '1', String(last)), grid(placed, actors, label, columns, { from: 1, step })].join('\n')
}

/** Virtual time against actors. */
const byTime = (placed: readonly Placed[], { actors, width }: TimelineOptions): string => {
  const ends = placed.flatMap(({ spans }) => spans.flat()).filter(Number.isFinite)
  const label = labelOf(placed, width)
  const columns = Math.min(60, Math.max(10, width - label - 1))
  // A little after the last change, so that what lasts is seen to last.
  const step = Math.max(1, Math.ceil((Math.max(1, ...ends) * 1.1) / columns))
  return [
    `virtual time, ${formatMicros(step)} to a column`,
    ruler(label, columns, '0', formatMicros(step * columns)),
    grid(placed, actors, label, columns, { from: 0, step }),
  ].join('\n')
}

/** When which actors are hit: by rounds, and by time, as the faults have it; and what an event sets off. */
export const planTimeline = ({ faults }: Plan, options: TimelineOptions): readonly string[] => {
  const all = faults.map((planned, i) => ({ planned, letter: letterOf(i), who: hit(planned) }))
  const timed = all.flatMap(({ planned, letter, who }) => {
    const spans = timesOf(planned)
    return spans.length === 0 ? [] : [{ letter, who, spans }]
  })
  const round = all.flatMap(({ planned, letter, who }) => {
    const span = roundsOf(planned)
    const isTimed = timed.some((one) => one.letter === letter)
    return span === undefined || isTimed ? [] : [{ letter, who, spans: [span] }]
  })
  const shown = new Set([...timed, ...round].map(({ letter }) => letter))
  const waiting = all.filter(({ letter }) => !shown.has(letter)).map(({ letter }) => letter)
  const stopping = all.filter(({ planned }) => eventOf(planned.fault as When) !== undefined).map(({ letter }) => letter)
  const grids = [...(round.length > 0 ? [byRounds(round, options)] : []), ...(timed.length > 0 ? [byTime(timed, options)] : [])]
  const counted = grids.some((lines) => lines.split('\n').slice(2).some((line) => /[0-9+]/.test(line.slice(line.lastIndexOf(' ')))))
  return [
    ...grids,
    ...(waiting.length > 0 ? [wrap(`set off by an event: ${waiting.join(', ')} (${plural(waiting.length, 'fault')})`, options.width)] : []),
    ...(stopping.length > 0 ? [wrap(`shown to the end, and stopped by an event: ${stopping.join(', ')}`, options.width)] : []),
    ...(counted ? [wrap('a number: so many faults at once; a +: ten or more', options.width)] : []),
    ...(calmText(options) ?? []),
  ]
}
