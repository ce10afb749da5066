import { type Micros, seconds } from '../../time/micros.js'

/**
 * What a sender has seen of the round trips to one receiver: how much later than on an undisturbed line acknowledgements
 * come, and so how long the next is waited for beyond that. The estimator is that of RFC 6298 (Paxson et al. 2011), after
 * Jacobson (1988); since messages here differ in size by thousands, it is fed with what a trip takes beyond what its own bytes
 * and latency take. Plain data: a part of the actor's state.
 */
export interface RoundTrips {
  /** SRTT and RTTVAR in microseconds; undefined before the first sample. */
  readonly smoothed: { readonly mean: number; readonly deviation: number } | undefined
  /** RTO: how long the next acknowledgement is waited for. */
  readonly wait: Micros
}

export interface TripBounds {
  readonly shortest: Micros
  readonly longest: Micros
}

/** RFC 6298, 2.1: before there is a sample. */
const initial = seconds(1)

const bounded = (wait: number, { shortest, longest }: TripBounds): Micros => Math.ceil(Math.min(longest, Math.max(shortest, wait)))

export const firstTrips = (bounds: TripBounds): RoundTrips => ({ smoothed: undefined, wait: bounded(initial, bounds) })

/** A trip took so much (2.2 to 2.4). Not to be told of messages that were sent more than once: Karn's rule (3). */
export const sampled = ({ smoothed }: RoundTrips, took: Micros, bounds: TripBounds): RoundTrips => {
  const mean = smoothed === undefined ? took : (7 * smoothed.mean + took) / 8
  const deviation = smoothed === undefined ? took / 2 : (3 * smoothed.deviation + Math.abs(smoothed.mean - took)) / 4
  return { smoothed: { mean, deviation }, wait: bounded(mean + 4 * deviation, bounds) }
}

/** An acknowledgement did not come in time, and the next is waited for `wait` (5.5): so are others, until there is a sample. */
export const backedOff = (trips: RoundTrips, wait: Micros): RoundTrips => (wait > trips.wait ? { ...trips, wait } : trips)
