import type { Micros } from '../../time/micros.js'
import type { Decision, Ending, RoundRules, Situation } from '../rounds/round.js'

/*
 * The rounds of a region: `every` of them for each round of the aggregator. They have numbers that grow whatever is missed, so
 * that a client of the region never hears one twice: of the aggregator's round r, (r - 1) * every + 1 to r * every. The machine that
 * says when they open and close sees 1 to `every`.
 */

/** What a region is flying for. Plain data: what its round machine remembers. */
export interface Errand {
  /** The aggregator's round; 0: it rests. */
  readonly of: number
  /** Whether all of its rounds have closed. */
  readonly through: boolean
  /** Before which no further round is begun that would take as long as the one before; undefined: all are. */
  readonly before: Micros | undefined
  /** What the machine of its rounds remembers. */
  readonly inner: unknown
}

export const resting: Errand = Object.freeze({ of: 0, through: false, before: undefined, inner: undefined })

/** The numbers of a region's first and last round for the aggregator's round `of`. */
export const firstOf = (of: number, every: number): number => (of - 1) * every + 1
export const lastOf = (of: number, every: number): number => of * every

/** The name of a timer that no machine sets: the errand is given up. */
export const CALLED_OFF = 'called off'

const calledOff: Ending = { outcome: 'aborted', reason: CALLED_OFF, after: 'aborted' }

/** The same situation, in which the round has another number. It goes on being looked at only where it is asked. */
const as = (situation: Situation, round: number): Situation =>
  Object.create(situation, { round: { value: round, enumerable: true } }) as Situation

/** Would one more round, as long as this one, end too late? */
const isTight = ({ before }: Errand, { now, opened = now }: Situation): boolean => before !== undefined && now + (now - opened) >= before

/** Rounds that a region flies only on an errand, and no more of them than it is. `stops`: clients are told that a round is given up. */
export const regionRounds = (rules: RoundRules, every: number, stops: boolean): RoundRules => ({
  ...rules,
  next: (remembered, moment, situation): Decision<Errand> => {
    const errand = (remembered ?? resting) as Errand
    const { round } = situation
    if (moment.kind === 'timer' && moment.name === CALLED_OFF) {
      return { state: resting, close: stops ? { ...calledOff, stop: true } : calledOff, done: false }
    }
    const first = firstOf(errand.of, every)
    if (errand.of === 0 || errand.through || round < first || round > lastOf(errand.of, every)) return { state: errand }
    const nth = round - first + 1
    const { state: inner, done = false, ...decision } = rules.next(errand.inner, moment, as(situation, nth))
    const ends = decision.close !== undefined && (done || nth === every || isTight(errand, situation))
    return { ...decision, state: { ...errand, inner, through: ends }, done: false }
  },
})
