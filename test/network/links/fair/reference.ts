import { Rational } from './rational.js'

/** One transfer over some lines, which may be stopped. */
export interface Sent {
  readonly at: number
  readonly lines: readonly number[]
  readonly bytes: number
  readonly weight: number
  readonly stop: number | undefined
}

/** From an instant on a line carries this. */
export interface Said {
  readonly from: number
  readonly bytesPerSecond: number
}

/** A time in which nothing passes on some lines. */
export interface Closed {
  readonly from: number
  readonly until: number
  readonly lines: readonly number[]
}

export interface Case {
  /** By line; the first begins at 0. */
  readonly rates: readonly (readonly Said[])[]
  readonly sent: readonly Sent[]
  readonly closed: readonly Closed[]
}

export interface Outcome {
  /** The first instant at which its last byte has left; undefined: never, or it was stopped before. */
  readonly end: number | undefined
  readonly passed: number
}

const million = Rational.of(1_000_000n)
const zero = Rational.of(0n)

/** Textbook progressive filling, all flows anew: the rate of each, by index. Capacities by line. */
export const maxMin = (flows: readonly Pick<Sent, 'lines' | 'weight'>[], capacities: readonly Rational[]): Rational[] => {
  const levels: (Rational | undefined)[] = flows.map(() => undefined)
  const weights = flows.map(({ weight }) => Rational.from(weight))
  while (levels.includes(undefined)) {
    let least: { readonly line: number; readonly level: Rational } | undefined
    capacities.forEach((capacity, line) => {
      let [room, weight] = [capacity, zero]
      flows.forEach(({ lines }, i) => {
        const level = levels[i]
        if (!lines.includes(line)) return
        if (level === undefined) weight = weight.plus(weights[i])
        else room = room.minus(level.times(weights[i]))
      })
      if (weight.isZero) return
      const level = room.over(weight)
      if (least === undefined || level.isBelow(least.level)) least = { line, level }
    })
    const { line, level } = least!
    flows.forEach(({ lines }, i) => {
      if (levels[i] === undefined && lines.includes(line)) levels[i] = level
    })
  }
  return levels.map((level, i) => level!.times(weights[i]))
}

/** Everything anew at every event, in exact numbers. */
export const slowly = ({ rates, sent, closed }: Case): Outcome[] => {
  const left = sent.map(({ bytes }) => Rational.from(bytes).times(million))
  const outcomes: (Outcome | undefined)[] = sent.map(() => undefined)
  const instants = new Set([
    ...rates.flatMap((said) => said.map(({ from }) => from)), ...closed.flatMap(({ from, until }) => [from, until]),
    ...sent.flatMap(({ at, stop }) => [at, ...(stop === undefined ? [] : [stop])]),
  ])
  const outside = [...instants].sort((a, b) => a - b).map((instant) => Rational.from(instant))
  let now = zero
  for (;;) {
    const isBy = (at: number) => !now.isBelow(Rational.from(at))
    sent.forEach(({ at, stop, bytes }, i) => {
      if (outcomes[i] !== undefined || !isBy(at)) return
      if (left[i].isZero) outcomes[i] = { end: now.ceil, passed: bytes }
      else if (stop !== undefined && isBy(stop)) outcomes[i] = { end: undefined, passed: Rational.from(bytes).minus(left[i].over(million)).floor }
    })
    const going = sent.flatMap(({ at }, i) => (outcomes[i] === undefined && isBy(at) ? [i] : []))
    const capacities = rates.map((said, line) =>
      closed.some(({ from, until, lines }) => lines.includes(line) && isBy(from) && !isBy(until))
        ? zero
        : Rational.from(said.findLast(({ from }) => isBy(from))!.bytesPerSecond),
    )
    const speeds = maxMin(going.map((i) => sent[i]), capacities)
    let next = outside.find((instant) => now.isBelow(instant))
    going.forEach((flow, k) => {
      if (speeds[k].isZero) return
      const end = now.plus(left[flow].over(speeds[k]))
      if (next === undefined || end.isBelow(next)) next = end
    })
    if (next === undefined) break
    const span = next.minus(now)
    going.forEach((flow, k) => (left[flow] = left[flow].minus(span.times(speeds[k]))))
    now = next
  }
  return outcomes.map((outcome, i) => outcome ?? { end: undefined, passed: Rational.from(sent[i].bytes).minus(left[i].over(million)).floor })
}

