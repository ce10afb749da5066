import type { Name } from '../roster/participant.js'
import { diverged } from '../metrics/judging.js'
import { metrics } from '../metrics/metric.js'
import type { FlightEvent } from '../record/event.js'
import type { MetricRow, RoundRow } from '../record/rows.js'
import type { Micros } from '../time/micros.js'
import { cut, formatBytes, formatTime } from '../report/format.js'

/** A mean over scenarios and tasks. */
export interface Score {
  readonly split: string
  readonly metric: string
  /** undefined where a model diverged: a mean over the others would say nothing. */
  readonly value: number | undefined
  readonly round: number
}

/** What a person sees of a flight at one moment. */
export interface Status {
  round: number
  /** Rounds in all, where the policy says it beforehand. */
  readonly count: number | undefined
  closed: number
  aborted: number
  virtualTime: Micros
  readonly training: Set<Name>
  away: Set<Name>
  readonly dead: Set<Name>
  selected: number
  /** Why clients will not answer in this round, as far as is known: their message was lost, or they left. */
  readonly failed: Map<Name, 'lost' | 'cut short'>
  /** Trunk updates that came too late, in all. */
  late: number
  /** Trunk updates that were refused because they were not finite, in all. */
  refused: number
  /** Trainings that came to nothing because the client left, in all. */
  cutShort: number
  /** Mean score of the last round that was scored, on validation or else on test. */
  score: Score | undefined
  /** Bytes that left a link. */
  up: number
  down: number
  /** Bytes that checkpoints took to their stores. */
  stored: number
}

export const firstStatus = (count: number | undefined): Status => ({
  round: 0,
  count,
  closed: 0,
  aborted: 0,
  virtualTime: 0,
  training: new Set(),
  away: new Set(),
  dead: new Set(),
  selected: 0,
  failed: new Map(),
  late: 0,
  refused: 0,
  cutShort: 0,
  score: undefined,
  up: 0,
  down: 0,
  stored: 0,
})

/** The mean over scenarios and tasks of the first of these that was measured. */
const scoreOf = (round: number, rows: readonly MetricRow[]): Status['score'] => {
  for (const split of ['validation', 'test']) {
    for (const metric of ['ndcg@20', 'auc', 'accuracy', 'rmse']) {
      const own = rows.filter((row) => row.split === split)
      const fitting = own.filter((row) => row.metric === metric)
      if (fitting.length > 0 && own.some(diverged)) return { split, metric, value: undefined, round }
      const values = fitting.flatMap(({ value }) => (value === null ? [] : [value]))
      if (values.length > 0) return { split, metric, value: values.reduce((a, b) => a + b, 0) / values.length, round }
    }
  }
  return undefined
}

/** A status as it is now, which later events do not change. */
export const copyStatus = (status: Status): Status => ({
  ...status, training: new Set(status.training), away: new Set(status.away), dead: new Set(status.dead),
  failed: new Map(status.failed),
})

/** Takes one more event in. Returns the same status. */
export const afterEvent = (status: Status, event: FlightEvent): Status => {
  switch (event.kind) {
    case 'round-open':
      status.round = event.round
      status.selected = event.selected.length
      status.failed.clear()
      for (const name of event.selected) status.away.delete(name)
      break
    case 'round-close':
      if (event.row.outcome === 'aborted') status.aborted++
      else status.closed++
      break
    case 'train':
      status.training.add(event.actor)
      break
    case 'trained':
      status.training.delete(event.actor)
      if (event.outcome !== 'interrupted') break
      status.cutShort++
      if (event.round === status.round) status.failed.set(event.actor, 'cut short')
      status.away.add(event.actor)
      break
    case 'settle': {
      const { direction, travelled, fate, kind, part, round, from, to } = event.row
      const ofThisRound = part === 'trunk' && round === status.round
      if ((fate === 'lost' || fate === 'refused') && ofThisRound && (kind === 'model' || kind === 'update')) {
        const client = kind === 'model' ? to : from
        if (!status.failed.has(client)) status.failed.set(client, 'lost')
      }
      if (fate === 'late' && kind === 'update' && part === 'trunk') status.late++
      if (event.because !== undefined && part === 'trunk') status.refused++
      if (direction !== 'inside') status[direction] += travelled
      break
    }
    case 'life':
      if (event.what === 'crash') {
        status.dead.add(event.actor)
        status.training.delete(event.actor)
      } else status.dead.delete(event.actor)
      break
    case 'checkpoint':
      status.stored += event.bytes
      break
    case 'leave':
      status.away.add(event.actor)
      status.training.delete(event.actor)
      break
    case 'evaluated': {
      const score = scoreOf(event.round, event.rows)
      if (score !== undefined && event.round >= (status.score?.round ?? 0)) status.score = score
      break
    }
    default:
      return status
  }
  status.virtualTime = Math.max(status.virtualTime, event.at)
  return status
}

/** `validation AUC 0.7123`, with the round where that is not `now`. */
const scoreText = ({ score }: Status, now: number): string => {
  if (score === undefined) return ''
  const of = score.round === now ? '' : ` (round ${score.round})`
  return `${score.split} ${metrics[score.metric]?.title ?? score.metric} ${score.value?.toFixed(4) ?? 'undefined'}${of}`
}

/** `, 2 refused`, where any were. */
const refusedText = ({ refused }: Status): string => (refused > 0 ? `, ${refused} refused` : '')

/** What went over links, and to the stores of checkpoints, where any did. */
const bytesTexts = ({ up, down, stored }: Status): readonly string[] => [
  `up ${formatBytes(up)}`, `down ${formatBytes(down)}`, ...(stored > 0 ? [`checkpoints ${formatBytes(stored)}`] : []),
]

/** Real time in whole seconds. */
const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  return whole < 60 ? `${whole} s` : formatTime(whole * 1e6)
}

/** A bar of `width` cells: `━━━━╌╌╌╌`. */
const bar = (share: number, width: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '━'.repeat(full) + '╌'.repeat(width - full)
}

/** The live block: three lines no wider than `width`. `elapsed` is real time in seconds. */
export const liveLines = (status: Status, name: string, elapsed: number, width: number): string[] => {
  const done = status.closed + status.aborted
  const { count } = status
  const left = count !== undefined && done > 0 ? `, about ${duration((elapsed / done) * (count - done))} left` : ''
  const aborted = status.aborted > 0 ? ` (${status.aborted} aborted)` : ''
  const round = `round ${status.round}${count === undefined ? '' : `/${count}`}${aborted}`
  const dead = status.dead.size > 0 ? ` · ${status.dead.size} crashed` : ''
  const virtual = `virtual ${formatTime(status.virtualTime)}`
  const texts = [
    `${round} · ${virtual} · real ${duration(elapsed)}${left}`, `${round} · ${virtual}${left}`, `${round}${left}`,
  ]
  // Where there is little room, what is left to wait for is the last to go.
  const text = texts.find(({ length }) => name.length + 1 + length <= width) ?? texts[2]
  const room = Math.min(30, width - name.length - text.length - 2)
  const progress = count === undefined || room < 5 ? '' : `${bar(done / count, room)} `
  const bytes = bytesTexts(status).join(' · ')
  return [
    `${name} ${progress}${text}`,
    `  clients: ${status.training.size} training of ${status.selected} asked · ${status.away.size} away${dead}` +
      ` · so far ${status.late} late, ${status.cutShort} cut short${refusedText(status)}`,
    `  ${[scoreText(status, status.round), bytes].filter(Boolean).join(' · ')}`,
  ].map((line) => cut(line, width))
}

/** What kept those who were asked from being folded: ` (1 still training, 2 lost)`; nothing where rounds overlap. */
const othersText = ({ failed, dead, away, training }: Status, { selected, folded, refused = [], staleness }: RoundRow): string => {
  if (staleness !== undefined) return ''
  const [done, bad] = [new Set(folded), new Set(refused)]
  const counts = new Map<string, number>()
  for (const client of selected) {
    if (done.has(client)) continue
    const why = bad.has(client)
      ? 'refused'
      : (failed.get(client) ??
        (dead.has(client) ? 'crashed' : training.has(client) ? 'still training' : away.has(client) ? 'away' : 'still on the way'))
    counts.set(why, (counts.get(why) ?? 0) + 1)
  }
  const told = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([why, count]) => `${count} ${why}`)
  return told.length === 0 ? '' : ` (${told.join(', ')})`
}

/** One line for a round that is over: for pipes and logs. */
export const roundLine = (status: Status, row: RoundRow): string =>
  [
    `round ${row.round}${status.count === undefined ? '' : `/${status.count}`} ${row.outcome} (${row.reason})`,
    `virtual ${formatTime(row.closed)}`,
    `${row.folded.length} of ${row.selected.length} folded${othersText(status, row)}`,
    `so far ${status.late} late, ${status.cutShort} cut short${refusedText(status)}`,
    scoreText(status, row.round),
    bytesTexts(status).join(', '),
  ]
    .filter(Boolean)
    .join(' · ')
