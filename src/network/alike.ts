/** What was sent last of a part in a flow. */
interface Last {
  round: number
  /** How many of that round, by attempt. */
  readonly counts: number[]
  /** How many more of earlier rounds, by round and attempt: each of these was sent once before, or may have been. */
  before: Map<number, number> | undefined
}

/** More attempts than a message has. */
const apart = 2 ** 20

/** Counts messages that are alike: of one flow, round, part and attempt. */
export class Alike {
  readonly #last: (Map<string, Last> | undefined)[] = []

  /** How many like this were sent before it. Rounds go up as a rule, so that nothing is kept of each. */
  count(flow: number, part: string, round: number, attempt: number): number {
    const parts = (this.#last[flow] ??= new Map<string, Last>())
    const last = parts.get(part)
    if (last === undefined) {
      const counts: number[] = []
      counts[attempt] = 1
      parts.set(part, { round, counts, before: undefined })
      return 0
    }
    if (round < last.round) {
      const before = (last.before ??= new Map<number, number>())
      const key = round * apart + attempt
      const again = (before.get(key) ?? 0) + 1
      before.set(key, again)
      return again
    }
    if (round > last.round) {
      last.round = round
      last.counts.length = 0
    }
    const again = last.counts[attempt] ?? 0
    last.counts[attempt] = again + 1
    return again
  }
}
