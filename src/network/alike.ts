/** What was sent last of a part in a flow. */
interface Last {
  readonly part: string
  round: number
  /** How many of that round that were no attempt more, which is what nearly all are. */
  first: number
  /** How many of that round of later attempts. */
  later: number[] | undefined
  /** How many more of earlier rounds, by round and attempt: each of these was sent once before, or may have been. */
  before: Map<number, number> | undefined
  /** Of another part of the flow: few flows have more than one. */
  readonly next: Last | undefined
}

/** More attempts than a message has. */
const apart = 2 ** 20

const find = (last: Last | undefined, part: string): Last | undefined => {
  while (last !== undefined && last.part !== part) last = last.next
  return last
}

/** Counts messages that are alike: of one flow, round, part and attempt. */
export class Alike {
  readonly #last: (Last | undefined)[] = []

  /** How many like this were sent before it. Rounds go up as a rule, so that nothing is kept of each. */
  count(flow: number, part: string, round: number, attempt: number): number {
    const newest = flow < this.#last.length ? this.#last[flow] : undefined
    let last = find(newest, part)
    if (last === undefined) this.#last[flow] = last = { part, round, first: 0, later: undefined, before: undefined, next: newest }
    if (round < last.round) {
      const before = (last.before ??= new Map<number, number>())
      const key = round * apart + attempt
      const again = (before.get(key) ?? 0) + 1
      before.set(key, again)
      return again
    }
    if (round > last.round) {
      last.round = round
      last.first = 0
      last.later = undefined
    }
    if (attempt === 0) return last.first++
    const later = (last.later ??= [])
    const again = later[attempt] ?? 0
    later[attempt] = again + 1
    return again
  }
}
