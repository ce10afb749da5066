import { SpecificationError } from '../../errors.js'
import type { Plan } from '../../faults/plan.js'
import { type Condition, demandMeasured, holds, parseCondition, roundOfCondition, valueOfCondition } from '../../metrics/condition.js'
import type { FlightEvent } from '../../record/event.js'
import type { RoundRow } from '../../record/rows.js'
import type { Name } from '../../roster/participant.js'
import { type Proportion, proportion } from '../../statistics/proportion.js'
import { InterruptedError } from '../interrupted.js'
import type { Lab, LabFlight } from '../lab.js'
import { type Moment, momentsOf, planFrom } from './moments.js'
import { steepest } from './steepest.js'

export interface WhenOptions extends Pick<LabFlight, 'watch' | 'signal'> {
  /** What is flown. Default: what the lab draws with its seed. */
  readonly plan?: Plan | undefined
  /** How many flights go on from each moment. Default: 20. */
  readonly flights?: number | undefined
  /** From how many moments at most. Default: 12. */
  readonly moments?: number | undefined
  /** Let faults of the plan that had not struck by a moment strike all the same. Default: they never do. */
  readonly planned?: boolean | undefined
  /** Of the intervals. Default: .95. */
  readonly level?: number | undefined
  /** Told before each flight that goes on: its number, from 1, and how many there are if every moment is looked at that may be. */
  readonly onFlight?: ((about: { readonly number: number; readonly most: number; readonly moment: Moment }) => void) | undefined
  /** Told of the digest of the flight that all of them leave, before any goes on. */
  readonly onWhole?: ((flight: { readonly digests: { readonly events: string } }) => void) | undefined
}

/** A moment from which flights went on. */
export interface Looked {
  readonly moment: Moment
  /** How many of them came to the condition. */
  readonly came: Proportion
  /** The flight's own end: nothing is open any more, and nothing was flown. */
  readonly certain: boolean
}

/** Between two moments, the outcome became more probable than between any other two. */
export interface Jump {
  readonly from: Looked
  readonly to: Looked
  /** Their intervals do not overlap. */
  readonly clear: boolean
  /** No round closed and no fault struck between them but at `to`: it is that which made the difference. */
  readonly exact: boolean
  /** What struck, died, came back or closed after `from`, up to `to`. */
  readonly events: readonly FlightEvent[]
  /** Rounds that were open then. */
  readonly rounds: readonly RoundRow[]
  /** Whom those rounds had selected and did not fold. */
  readonly missing: readonly Name[]
}

export interface When {
  readonly condition: Condition
  /** Whether the flight itself came to it, and its own number. */
  readonly outcome: boolean
  readonly value: number | undefined
  /** The round after which it was asked. */
  readonly round: number
  /** In the order of time. */
  readonly looked: readonly Looked[]
  /** Absent: no two moments differ, such as where the outcome was as good as certain from the start. */
  readonly jump?: Jump | undefined
  /** The first moment from which on every flight came to what the flight came to. */
  readonly settled: Looked
  readonly flights: number
  readonly level: number
}

const whole = (value: number, what: string, least: number): number => {
  if (Number.isInteger(value) && value >= least) return value
  throw new SpecificationError(`${what} is ${value}: give a whole number from ${least} up.`)
}

/**
 * When an outcome became inevitable: flies on from several moments of a flight with fresh chance, the past being the same to
 * the digest, and counts how often the condition comes true. The first moments are spread over the rounds; then the gap in
 * which the probability of the flight's own outcome rises most is halved, first at closes of rounds, then at firings of
 * faults, until there is nothing in between. All moments meet the same salts, so that what is drawn after both of two
 * moments is the same in both. Faults that had not struck by a moment never do, unless they are `planned`. The past is not
 * trained again.
 */
export const when = (lab: Lab, given: string | Condition, options: WhenOptions = {}): Promise<When> =>
  lab.remember(() => lookBack(lab, given, options))

const lookBack = async (lab: Lab, given: string | Condition, options: WhenOptions): Promise<When> => {
  const { planned = false, level = 0.95, watch, signal, onFlight, onWhole } = options
  const flights = whole(options.flights ?? 20, 'flights', 1)
  const most = whole(options.moments ?? 12, 'moments', 1)
  const condition = typeof given === 'string' ? parseCondition(given) : given
  const plan = options.plan ?? (await lab.plan())
  const { moments: all, flight } = await momentsOf(lab, { plan, watch, signal })
  if (signal?.aborted === true) throw new InterruptedError(0)
  onWhole?.(flight)
  demandMeasured(condition, flight.metrics)
  const round = roundOfCondition(condition, flight.metrics)
  const outcome = holds(condition, flight.metrics)
  const over = all.findIndex((moment) => moment.kind === 'round' && moment.round === round)
  const moments = over < 0 ? all : all.slice(0, over + 1)
  const last = moments.length - 1
  const end: Looked = {
    moment: moments[last], certain: true,
    came: { hits: Number(outcome), of: 1, share: Number(outcome), interval: [Number(outcome), Number(outcome)] },
  }
  const found = new Map<number, Looked>([[last, end]])
  let flown = 0
  const look = async (index: number): Promise<void> => {
    const moment = moments[index]
    let hits = 0
    for (let nth = 1; nth <= flights; nth++) {
      onFlight?.({ number: flown + 1, most: flights * Math.min(most, last), moment })
      const on = await lab.fly({
        watch, signal, plan: planned ? plan : planFrom(plan, moment), anew: { ...moment.place, salt: `${lab.resolved.seed}/when/${nth}` },
      })
      if (on.status === 'interrupted') throw new InterruptedError(flown)
      flown++
      hits += Number(holds({ ...condition, round: condition.round ?? roundOfCondition(condition, on.metrics) }, on.metrics))
    }
    found.set(index, { moment, certain: false, came: proportion(hits, flights, level) })
  }
  const spread = spreadOver(moments)
  const next = (): number | undefined => spread.find((index) => !found.has(index)) ?? inside(moments, found, outcome, flights)
  for (let tries = 0; tries < most; tries++) {
    const index = next()
    if (index === undefined) break
    await look(index)
  }
  const looked = [...found].sort(([a], [b]) => a - b)
  const settledAt = looked.findLastIndex(([, { came: { share } }]) => share !== Number(outcome)) + 1
  return {
    condition, outcome, round, level,
    value: valueOfCondition(condition, flight.metrics),
    looked: looked.map(([, one]) => one),
    jump: jumpOf(moments, looked, outcome, flights, flight.rounds),
    settled: looked[settledAt][1],
    flights: flown,
  }
}

/** The start, and three closes of rounds that quarter the flight. */
const spreadOver = (moments: readonly Moment[]): number[] => {
  const rounds = moments.flatMap(({ kind }, i) => (kind === 'round' ? [i] : []))
  const quarters = [1, 2, 3].map((quarter) => rounds[Math.floor((quarter * rounds.length) / 4) - 1])
  return [...new Set([0, ...quarters.filter((index) => index !== undefined)])]
}

type Found = ReadonlyMap<number, Looked>

/** Where to look next: in the middle of the steepest gap; undefined where there is nothing in it. */
const inside = (moments: readonly Moment[], found: Found, outcome: boolean, flights: number): number | undefined => {
  const gap = steepest([...found].sort(([a], [b]) => a - b), outcome, flights)
  if (gap === undefined) return undefined
  const between = Array.from({ length: gap.to - gap.from - 1 }, (_, i) => gap.from + 1 + i)
  const rounds = between.filter((index) => moments[index].kind === 'round')
  const chosen = rounds.length > 0 ? rounds : between
  return chosen[Math.floor(chosen.length / 2)]
}

const jumpOf = (
  moments: readonly Moment[], looked: readonly (readonly [number, Looked])[], outcome: boolean, flights: number, rounds: readonly RoundRow[],
): Jump | undefined => {
  const gap = steepest(looked, outcome, flights)
  if (gap === undefined) return undefined
  const [from, to] = [gap.from, gap.to].map((index) => looked.find(([own]) => own === index)![1])
  const [before, after] = [from.came.interval, to.came.interval]
  const open = rounds.filter(({ opened, closed }) => opened < to.moment.place.at && closed > from.moment.place.at)
  return {
    from, to,
    clear: before[1] < after[0] || after[1] < before[0],
    exact: gap.to === gap.from + 1,
    events: moments.slice(gap.from + 1, gap.to + 1).flatMap(({ events }) => events),
    rounds: open,
    missing: [...new Set(open.flatMap(({ selected, folded }) => selected.filter((name) => !folded.includes(name))))].sort(),
  }
}
