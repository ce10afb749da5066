import type { LedgerRow, RoundRow, TrainingRow } from '../../record/rows.js'
import { type Name, roleOfName } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import { isAwaited, isMain, RoundRows } from './round-rows.js'
import { type Manner, type Stage, stages, timeIn, type Way, wayOf } from './way.js'

/** The rows that ways are made of. */
export interface Flown {
  readonly ledger: readonly Pick<LedgerRow, 'id' | 'sent' | 'delivered' | 'from' | 'to' | 'direction' | 'kind' | 'round' | 'part' | 'fate'>[]
  readonly trainings: readonly TrainingRow[]
  readonly rounds: readonly RoundRow[]
}

/** What the time of one round went into. */
export interface RoundPath extends Pick<RoundRow, 'round' | 'opened' | 'closed' | 'outcome' | 'reason'> {
  /** Of all who were asked; where rounds overlap, of those whose updates were folded, from when each was asked. */
  readonly ways: readonly Way[]
  /** Who sent the last message that the round waited for, and when that came; undefined: none did. */
  readonly last: { readonly client: Name; readonly at: Micros } | undefined
  /** For how long it was open after that: 0 where that message closed it. */
  readonly after: Micros
}

/** How the rounds of a flight are flown, by what its rows say. */
export const mannerOf = ({ ledger, rounds }: Flown): Manner => {
  if (rounds.some(({ staleness }) => staleness !== undefined)) return 'overlapping'
  if (ledger.some(({ kind, to }) => kind === 'update' && roleOfName(to) === 'client')) return 'peers'
  return rounds.some(({ selected }) => selected.some((name) => roleOfName(name) === 'regional')) ? 'regions' : 'common'
}

/** The last awaited message of each round: of region's rounds, which have numbers of their own, none. */
const lastByRound = ({ ledger, rounds }: Flown, manner: Manner): ReadonlyMap<number, { readonly client: Name; readonly at: Micros }> => {
  const closes = new Map(rounds.map(({ round, closed }) => [round, closed]))
  const last = new Map<number, { client: Name; at: Micros }>()
  for (const row of ledger) {
    const { delivered: at, round, from: client, to, direction } = row
    if (at === null || direction !== 'up' || !isAwaited(row) || at > (closes.get(round) ?? -1)) continue
    if (manner === 'regions' && roleOfName(to) === 'regional') continue
    // Of two in one instant the later one was the last: a ledger is in the order of sending.
    if (at >= (last.get(round)?.at ?? -1)) last.set(round, { client, at })
  }
  return last
}

const pathOf = (row: RoundRow, ways: readonly Way[], last: RoundPath['last']): RoundPath => {
  const { round, opened, closed, outcome, reason } = row
  return { round, opened, closed, outcome, reason, ways, last, after: closed - (last?.at ?? opened) }
}

/** Where rounds overlap: every update that was folded, with the fold that it went into. */
const folds = ({ ledger, rounds }: Flown, rows: RoundRows): RoundPath[] => {
  const ways = rounds.map((): Way[] => [])
  const used = ledger.filter((row) => row.kind === 'update' && row.fate === 'used' && isMain(row) && row.delivered !== null)
  let open = 0
  for (const { from: client, round, delivered } of used.toSorted((a, b) => a.delivered! - b.delivered! || a.id - b.id)) {
    while (open < rounds.length && rounds[open].closed < delivered!) open++
    const place = rounds.findIndex(({ folded }, i) => i >= open && folded.includes(client))
    if (place < 0) continue
    const begin = rows.models(round, client)[0]?.sent ?? rounds[place].opened
    ways[place].push(wayOf(rows, client, round, begin, rounds[place].closed, 'overlapping'))
  }
  return rounds.map((row, i) => {
    const last = ways[i].at(-1)
    return pathOf(row, ways[i], last?.answered === undefined ? undefined : { client: last.client, at: last.answered })
  })
}

/** Round by round, what time went into and who closed it. */
export const roundPaths = (flown: Flown): readonly RoundPath[] => {
  const manner = mannerOf(flown)
  const rows = new RoundRows(flown.ledger, flown.trainings)
  if (manner === 'overlapping') return folds(flown, rows)
  const last = lastByRound(flown, manner)
  // Each peer goes from round to round by itself, and may be ahead of the others.
  const beginOf = ({ round, opened }: RoundRow, client: Name): Micros => (manner === 'peers' ? Math.min(opened, rows.trainings(round, client)[0]?.start ?? opened) : opened)
  return flown.rounds.map((row) =>
    pathOf(row, row.selected.map((client) => wayOf(rows, client, row.round, beginOf(row, client), row.closed, manner)), last.get(row.round)))
}

/** The way of whom a round waited for last: the critical path, to which nobody else's time adds. */
export const criticalWay = ({ ways, last }: RoundPath): Way | undefined => ways.findLast(({ client }) => client === last?.client)

/** How a client's time went by, in the mean over rounds in which its update counted. */
export interface MeanWay {
  readonly client: Name
  readonly asked: number
  readonly counted: number
  /** How many rounds its message closed. */
  readonly closed: number
  readonly stages: Readonly<Record<Stage, Micros>>
}

/** Every client that was asked, in the order of their names. */
export const meanWays = (paths: readonly RoundPath[]): MeanWay[] => {
  const found = new Map<Name, { asked: number; counted: number; closed: number; sums: Record<Stage, Micros> }>()
  for (const { ways, last, after } of paths) {
    for (const way of ways) {
      const own = found.get(way.client) ?? { asked: 0, counted: 0, closed: 0, sums: { down: 0, compute: 0, up: 0, waiting: 0 } }
      found.set(way.client, own)
      own.asked++
      if (way.answered === undefined) continue
      own.counted++
      const spent = timeIn(way)
      for (const stage of stages) own.sums[stage] += spent[stage]
    }
    const closer = after === 0 && last !== undefined ? found.get(last.client) : undefined
    if (closer !== undefined) closer.closed++
  }
  return [...found].map(([client, { asked, counted, closed, sums }]) => ({
    client, asked, counted, closed,
    stages: Object.fromEntries(stages.map((stage) => [stage, counted === 0 ? 0 : sums[stage] / counted])) as Record<Stage, Micros>,
  })).sort((a, b) => (a.client < b.client ? -1 : 1))
}
