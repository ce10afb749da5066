import type { Name } from '../roster/participant.js'
import { besideAggregator, dial, type Dial, type Fields, pick, type Scene } from './dial.js'
import { duration, inMillis, instant, instantIn, lengthOf, maybe, roundIn } from './numbers.js'

/** First and last round, both included. */
export const rounds = (): Dial => dial<readonly [number, number]>({
  draw: (toss, intensity, scene) => {
    const first = 1 + roundIn(toss, scene)
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
  draw: (toss, intensity, scene) => until(inMillis(instantIn(toss, scene)), toss() * intensity * lengthOf(scene)),
  milder: (given) => {
    const long = given.until - given.from
    const shorter = [long / 8, long / 2, long * 0.8].map((time) => until(given.from, time))
    const later = [until(given.from + Math.round(long / 2000) * 1000, long / 2)]
    return [...shorter, ...later].filter((window) => window.until - window.from < long)
  },
  measure: (given, scene) => Math.min(1, (given.until - given.from) / lengthOf(scene)),
})

type Side = 'client' | 'server'

/** What can be waited for: how many of it there are in an undisturbed flight, about, and of which roles. */
interface Awaited {
  readonly event: string
  readonly many: (scene: Scene) => number
  readonly of: readonly Side[]
}

const [anybody, devices, servers]: readonly (readonly Side[])[] = [['client', 'server'], ['client'], ['server']]
/** Of each client, and of each server, once a round or so. */
const everybody = (scene: Scene): number => scene.rounds * (scene.clients.length + besideAggregator(scene).length + 1)
const trainings = ({ clients, rounds: count }: Scene): number => count * clients.length
const closings = ({ rounds: count }: Scene): number => count
/** There are some only where another fault strikes. */
const few = (): number => 3

const steady: readonly Awaited[] = [
  { event: 'sent', many: everybody, of: anybody }, { event: 'arrived', many: everybody, of: anybody },
  { event: 'opened', many: closings, of: [] }, { event: 'closed', many: closings, of: [] }, { event: 'folded', many: closings, of: servers },
  { event: 'began training', many: trainings, of: devices }, { event: 'trained', many: trainings, of: devices },
]
const rare: readonly Awaited[] = [
  { event: 'lost', many: few, of: anybody }, { event: 'died', many: few, of: anybody }, { event: 'returned', many: few, of: anybody },
  { event: 'recovered', many: few, of: servers }, { event: 'struck', many: few, of: [] },
]

interface Trigger {
  readonly event: string
  readonly actor?: Name
  readonly nth: number
}

const earlier = ({ nth, ...rest }: Trigger): readonly Trigger[] =>
  [...new Set([1, Math.floor(nth / 2), nth - 1])].filter((n) => n >= 1 && n < nth).map((n) => ({ ...rest, nth: n }))

/**
 * The nth event of a kind, or of a kind that somebody in focus does or that happens to them. What every flight has is waited for more often than
 * what only some have.
 */
export const trigger = (): Dial => dial<Trigger>({
  draw: (toss, _, scene) => {
    const { focus = [], clients } = scene
    const all = toss() < 0.75 ? steady : rare
    const actor = focus.length > 0 && toss() < 0.5 ? pick(toss, focus) : undefined
    const { event, many } = pick(toss, actor === undefined ? all : all.filter(({ of }) => of.includes(clients.includes(actor) ? 'client' : 'server')))
    const most = actor === undefined ? many(scene) : Math.min(scene.rounds, many(scene))
    return { event, ...(actor !== undefined && { actor }), nth: 1 + Math.floor(toss() ** 2 * most) }
  },
  milder: earlier,
  measure: () => 0,
})

/** In the midst of work: somebody in focus has begun to train, or a server there has been sent something; anybody, where nobody is. */
const atWork = (): Dial => dial<Trigger>({
  draw: (toss, _, scene) => {
    const { focus = [], clients } = scene
    if (focus.length === 0) return { event: 'began training', nth: 1 + Math.floor(toss() ** 2 * trainings(scene)) }
    const actor = pick(toss, focus)
    return { event: clients.includes(actor) ? 'began training' : 'arrived', actor, nth: 1 + Math.floor(toss() ** 2 * scene.rounds) }
  },
  milder: earlier,
  measure: () => 0,
})

/** Comes again at further such events. */
export const again = (): Dial => maybe(dial<{ readonly times: number }>({
  draw: (toss, intensity) => ({ times: 2 + Math.floor(toss() * intensity * 4) }),
  milder: ({ times }) => (times > 2 ? [{ times: 2 }, { times: times - 1 }] : []),
  measure: ({ times }) => Math.min(1, times / 6),
}))

/** Comes again, and again, after so long each. */
const pulses = (): Dial => {
  const every = duration(1)
  return maybe(dial<{ readonly times: number; readonly every: number }>({
    draw: (toss, intensity, scene) => ({ times: 2 + Math.floor(toss() * intensity * 7), every: every.draw(toss, 1, scene) as number }),
    milder: ({ times, every: given }) => (times > 2 ? [{ times: 2, every: given }, { times: times - 1, every: given }] : []),
    measure: ({ times }) => Math.min(1, times / 9),
  }))
}

/** The ways in which something can be on: in some rounds, for a time, from an event on, and always. */
export const windows: readonly Fields[] = [
  { rounds: rounds() },
  { stretch: stretch() },
  { when: trigger(), lasts: duration(2), repeat: again() },
  {},
]

/** The ways in which something happens at once: at a time, at an event or in the midst of work, and again. */
export const moments: readonly Fields[] = [{ at: instant(), repeat: pulses() }, { when: trigger(), repeat: again() }, { when: atWork(), repeat: again() }]

/** Every way with further fields. */
export const each = (ways: readonly Fields[], fields: Fields): readonly Fields[] => ways.map((way) => ({ ...way, ...fields }))
