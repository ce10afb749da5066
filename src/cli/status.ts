import type { Name } from '../roster/participant.js'
import { metrics } from '../metrics/metric.js'
import type { FlightEvent, MetricRow, RoundRow } from '../runs/record.js'
import type { Micros } from '../time/micros.js'
import { cut, formatBytes, formatTime } from './format.js'

/** A mean over scenarios and tasks. */
export interface Score {
  readonly split: string
  readonly metric: string
  readonly value: number
  readonly round: number
}

/** What a person sees of a flight at one moment. */
export interface Status {
  readonly round: number
  /** Rounds in all, where the policy says it beforehand. */
  readonly count: number | undefined
  readonly closed: number
  readonly aborted: number
  readonly virtualTime: Micros
  readonly training: ReadonlySet<Name>
  readonly away: ReadonlySet<Name>
  readonly dead: ReadonlySet<Name>
  readonly selected: number
  /** Trunk updates that came too late, in all. */
  readonly late: number
  /** Trainings that came to nothing because the client left, in all. */
  readonly cutShort: number
  /** Mean score of the last round that was scored, on validation or else on test. */
  readonly score: Score | undefined
  /** Bytes that left a link. */
  readonly up: number
  readonly down: number
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
  late: 0,
  cutShort: 0,
  score: undefined,
  up: 0,
  down: 0,
})

const added = (names: ReadonlySet<Name>, name: Name): ReadonlySet<Name> => new Set([...names, name])
const removed = (names: ReadonlySet<Name>, name: Name): ReadonlySet<Name> =>
  new Set([...names].filter((other) => other !== name))

/** The mean over scenarios and tasks of the first of these that was measured. */
const scoreOf = (round: number, rows: readonly MetricRow[]): Status['score'] => {
  for (const split of ['validation', 'test']) {
    for (const metric of ['ndcg@20', 'auc', 'accuracy', 'rmse']) {
      const fitting = rows.filter((row) => row.split === split && row.metric === metric)
      const values = fitting.flatMap(({ value }) => (value === null ? [] : [value]))
      if (values.length > 0) return { split, metric, value: values.reduce((a, b) => a + b, 0) / values.length, round }
    }
  }
  return undefined
}

const lived = (status: Status, who: Name, what: 'crash' | 'restart' | 'away' | 'back'): Status => {
  switch (what) {
    case 'away':
      return { ...status, away: added(status.away, who), training: removed(status.training, who) }
    case 'back':
      return { ...status, away: removed(status.away, who) }
    case 'crash':
      return { ...status, dead: added(status.dead, who), training: removed(status.training, who) }
    case 'restart':
      return { ...status, dead: removed(status.dead, who) }
    default:
      return what satisfies never
  }
}

/** The status after one more event. Pure. */
export const afterEvent = (before: Status, event: FlightEvent): Status => {
  const status = { ...before, virtualTime: Math.max(before.virtualTime, event.at) }
  switch (event.kind) {
    case 'round-open': {
      const asked = new Set(event.selected)
      const away = new Set([...status.away].filter((name) => !asked.has(name)))
      return { ...status, round: event.round, selected: event.selected.length, away }
    }
    case 'round-close': {
      const aborted = event.row.outcome === 'aborted' ? 1 : 0
      return { ...status, closed: status.closed + 1 - aborted, aborted: status.aborted + aborted }
    }
    case 'training':
      return { ...status, training: added(status.training, event.client) }
    case 'trained': {
      const training = removed(status.training, event.client)
      if (event.outcome !== 'interrupted') return { ...status, training }
      return { ...status, training, cutShort: status.cutShort + 1, away: added(status.away, event.client) }
    }
    case 'settled': {
      const { direction, travelled, fate, kind, part } = event.row
      const late = status.late + (fate === 'late' && kind === 'update' && part === 'trunk' ? 1 : 0)
      if (direction === 'inside') return { ...status, late }
      return { ...status, late, [direction]: status[direction] + travelled }
    }
    case 'life':
      return lived(status, event.who, event.what)
    case 'evaluated': {
      const score = scoreOf(event.round, event.rows)
      const newer = score !== undefined && event.round >= (status.score?.round ?? 0)
      return newer ? { ...status, score } : status
    }
    default:
      return event satisfies never
  }
}

/** `validation AUC 0.7123`, with the round where that is not `now`. */
const scoreText = ({ score }: Status, now: number): string => {
  if (score === undefined) return ''
  const of = score.round === now ? '' : ` (round ${score.round})`
  return `${score.split} ${metrics[score.metric]?.title ?? score.metric} ${score.value.toFixed(4)}${of}`
}

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
  const text = `${round} · virtual ${formatTime(status.virtualTime)} · real ${duration(elapsed)}${left}`
  const room = Math.min(30, width - name.length - text.length - 2)
  const progress = count === undefined || room < 5 ? '' : `${bar(done / count, room)} `
  const bytes = `up ${formatBytes(status.up)} · down ${formatBytes(status.down)}`
  return [
    `${name} ${progress}${text}`,
    `  clients: ${status.training.size} training of ${status.selected} asked · ${status.away.size} away${dead}` +
      ` · so far ${status.late} late, ${status.cutShort} cut short`,
    `  ${[scoreText(status, status.round), bytes].filter(Boolean).join(' · ')}`,
  ].map((line) => cut(line, width))
}

/** One line for a round that is over: for pipes and logs. */
export const roundLine = (status: Status, row: RoundRow): string =>
  [
    `round ${row.round}${status.count === undefined ? '' : `/${status.count}`} ${row.outcome} (${row.reason})`,
    `virtual ${formatTime(row.closed)}`,
    `${row.folded.length} of ${row.selected.length} folded`,
    `${status.late} late, ${status.away.size} away, ${status.cutShort} cut short`,
    scoreText(status, row.round),
    `up ${formatBytes(status.up)}, down ${formatBytes(status.down)}`,
  ]
    .filter(Boolean)
    .join(' · ')
