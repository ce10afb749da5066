import { type Charge, charge } from '../costs/charge.js'
import type { Prices } from '../costs/prices.js'
import type { Flight } from './flight.js'
import { roundScores, type RoundScores } from '../metrics/round-scores.js'
import type { Direction } from '../record/message.js'
import type { MetricRow, RoundRow } from '../record/rows.js'
import { type Name, roleOfName } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'

/** One round, with what was spent on it and how the model scored at its close. */
export interface RoundSummary extends RoundRow, Readonly<Record<Direction, number>> {
  /** Trainings that ended since the round before closed, and the rows that they were charged for. */
  readonly trainings: number
  readonly examples: number
  /** Bytes of the checkpoints that were written since the round before closed; absent where the flight has none. */
  readonly stored?: number
  /** What was sent and trained on its account, in joules and money; absent where the specification does not ask for it. */
  readonly joules?: number
  readonly wastedJoules?: number
  readonly money?: number
  readonly wastedMoney?: number
  /** Absent where nothing was scored. */
  readonly scores?: RoundScores
}

/**
 * The round on whose account something is: the first that has closed by then (its own, or a later one for what came
 * late), and none before its own. So the models of the next round, which leave in the instant in which this one closes,
 * are the next one's. Rounds of a region have numbers of their own: what clients and regional aggregators do is on the account of the
 * round in whose time it is. `ends`: whose doing it was. Undefined for what comes after the last close. To be asked in the order of time.
 */
export const accountant = (rounds: readonly Pick<RoundRow, 'round' | 'closed' | 'selected'>[]): ((at: Micros, of: number, ends: readonly Name[]) => number | undefined) => {
  let open = 0
  const regional = rounds.some(({ selected }) => selected.some((name) => roleOfName(name) === 'regional'))
  return (at, of, ends) => {
    while (open < rounds.length && rounds[open].closed < at) open++
    const isOfRegion = regional && ends.some((name) => roleOfName(name) === 'client')
    const place = isOfRegion ? open : Math.max(open, of - 1)
    return place < rounds.length ? place : undefined
  }
}

const byRound = (metrics: readonly MetricRow[]): ReadonlyMap<number, MetricRow[]> => {
  const found = new Map<number, MetricRow[]>()
  for (const row of metrics) {
    const own = found.get(row.round)
    if (own === undefined) found.set(row.round, [row])
    else own.push(row)
  }
  return found
}

/** What each round cost. Servers that are on for as long as the flight lasts are on no round's account. */
const costsIn = ({ rounds, ledger, trainings }: Pick<Flight, 'rounds' | 'ledger' | 'trainings'>, prices: Prices) => {
  const charges: Charge[] = []
  charge({ ledger, trainings }, prices, (one) => void (one.purpose === 'running' || charges.push(one)))
  const sums = rounds.map(() => ({ joules: 0, wastedJoules: 0, money: 0, wastedMoney: 0 }))
  const spentIn = accountant(rounds)
  for (const { at, round, payer, joules, money, useful } of charges.sort((a, b) => a.at - b.at)) {
    const place = spentIn(at, round, [payer])
    if (place === undefined) continue
    const sum = sums[place]
    sum.joules += joules
    sum.money += money
    if (useful) continue
    sum.wastedJoules += joules
    sum.wastedMoney += money
  }
  return sums
}

/**
 * Every round with the bytes that left a link, by direction, the trainings and the scores: what the progress line
 * prints, apart for each round. What is sent or trained after the last close is in no round. With `prices`, what each cost.
 */
export const roundSummaries = (
  { rounds, ledger, trainings, metrics, checkpoints = [] }: Pick<Flight, 'rounds' | 'ledger' | 'trainings' | 'metrics'> & Partial<Pick<Flight, 'checkpoints'>>,
  prices?: Prices,
): RoundSummary[] => {
  const spent = rounds.map(() => ({ up: 0, down: 0, inside: 0, trainings: 0, examples: 0 }))
  const sentIn = accountant(rounds)
  for (const { sent, round, from, to, direction, travelled } of ledger) {
    const place = sentIn(sent, round, [from, to])
    if (place !== undefined) spent[place][direction] += travelled
  }
  const endedIn = accountant(rounds)
  for (const { client, end, round, examples } of trainings.toSorted((a, b) => a.end - b.end)) {
    const place = endedIn(end, round, [client])
    if (place === undefined) continue
    spent[place].trainings++
    spent[place].examples += examples
  }
  const stored = rounds.map(() => 0)
  const writtenIn = accountant(rounds)
  for (const { owner, at, round, bytes } of checkpoints) {
    const place = writtenIn(at, roleOfName(owner) === 'regional' ? 0 : round, [owner])
    if (place !== undefined) stored[place] += bytes
  }
  const costs = prices && costsIn({ rounds, ledger, trainings }, prices)
  const scored = byRound(metrics)
  return rounds.map((row, i) => {
    const own = scored.get(row.round)
    return { ...row, ...spent[i], ...(checkpoints.length > 0 && { stored: stored[i] }), ...costs?.[i], ...(own && { scores: roundScores(own) }) }
  })
}
