import type { Micros } from '../time/micros.js'
import type { Draws } from './draws.js'

/** When a fault is on. What is absent does not restrict. */
export interface When {
  readonly rounds?: readonly [number, number]
  readonly from?: Micros
  readonly until?: Micros
}

export const inRounds = ({ rounds }: When, round: number): boolean =>
  rounds === undefined || (round >= rounds[0] && round <= rounds[1])

export const inTime = ({ from, until }: When, at: Micros): boolean =>
  (from === undefined || at >= from) && (until === undefined || at < until)

/** A coin that is only tossed when its outcome is open. */
export const hits = (probability: number | undefined, toss: () => number): boolean =>
  probability === undefined || probability >= 1 || (probability > 0 && toss() < probability)

/** Does a fault with a coin per (client, round) strike this client in this round? Windows of time are judged apart. */
export const strikes = (
  fault: When & { readonly probability?: number },
  draws: Draws,
  client: string,
  round: number,
): boolean => inRounds(fault, round) && hits(fault.probability, () => draws.visit(client, round, 0))
