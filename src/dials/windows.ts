import { dial, type Dial, type Fields, pick } from './dial.js'
import { duration, inMillis, instant, lengthOf, maybe } from './numbers.js'

/** First and last round, both included. */
export const rounds = (): Dial => dial<readonly [number, number]>({
  draw: (toss, intensity, scene) => {
    const first = 1 + Math.floor(toss() * scene.rounds)
    return [first, Math.min(scene.rounds, first + Math.floor(toss() * intensity * scene.rounds))]
  },
  milder: ([first, last]) => {
    // One round is as mild as another; an earlier one lets the flight be shorter.
    if (first === last) return [...new Set([1, Math.floor(first / 2), first - 1])].filter((n) => n >= 1 && n < first).map((n) => [n, n] as const)
    const middle = Math.floor((first + last) / 2)
    return [[first, first], [last, last], [first, middle], [middle + 1, last], [first, last - 1], [first + 1, last]]
  },
  measure: ([first, last], scene) => Math.min(1, (last - first + 1) / scene.rounds),
})

const until = (from: number, long: number) => ({ from, until: from + inMillis(long) })

/** A stretch of virtual time: both of its fields at once, under the name of `stretch`. */
export const stretch = (): Dial => dial<{ readonly from: number; readonly until: number }>({
  draw: (toss, intensity, scene) => until(inMillis(toss() * lengthOf(scene)), toss() * intensity * lengthOf(scene)),
  milder: (given) => {
    const long = given.until - given.from
    const shorter = [long / 8, long / 2, long * 0.8].map((time) => until(given.from, time))
    const later = [until(given.from + Math.round(long / 2000) * 1000, long / 2)]
    return [...shorter, ...later].filter((window) => window.until - window.from < long)
  },
  measure: (given, scene) => Math.min(1, (given.until - given.from) / lengthOf(scene)),
})

const events = [
  'sent', 'arrived', 'lost', 'opened', 'closed', 'folded', 'began training', 'trained', 'died', 'returned', 'recovered', 'struck',
] as const

interface Trigger {
  readonly event: string
  readonly nth: number
}

/** The nth event of a kind. */
export const trigger = (): Dial => dial<Trigger>({
  draw: (toss) => ({ event: pick(toss, events), nth: 1 + Math.floor(toss() ** 2 * 30) }),
  milder: ({ event, nth }) => [...new Set([1, Math.floor(nth / 2), nth - 1])].filter((n) => n >= 1 && n < nth).map((n) => ({ event, nth: n })),
  measure: () => 0,
})

/** Comes again at further such events. */
export const again = (): Dial => maybe(dial<{ readonly times: number }>({
  draw: (toss, intensity) => ({ times: 2 + Math.floor(toss() * intensity * 4) }),
  milder: ({ times }) => (times > 2 ? [{ times: 2 }, { times: times - 1 }] : []),
  measure: ({ times }) => Math.min(1, times / 6),
}))

/** The ways in which something can be on: in some rounds, for a time, from an event on, and always. */
export const windows: readonly Fields[] = [
  { rounds: rounds() },
  { stretch: stretch() },
  { when: trigger(), lasts: duration(2), repeat: again() },
  {},
]

/** The ways in which something happens at once: at a time, or at an event, and again. */
export const moments: readonly Fields[] = [{ at: instant() }, { when: trigger(), repeat: again() }]

/** Every way with further fields. */
export const each = (ways: readonly Fields[], fields: Fields): readonly Fields[] => ways.map((way) => ({ ...way, ...fields }))
