import { pick, type Scene, some, type Toss } from '../../dials/dial.js'
import { drawFault } from '../../faults/turn.js'
import type { FaultInput } from '../../faults/registry.js'
import { roundEntryOf, roundsSchema, type RoundsInput } from '../../federation/rounds/registry.js'

/** Most faults of one plan. */
const most = 8

/**
 * Kinds that keep no answer from coming, and none so long that somebody stops waiting for it: rounds that wait for ever for
 * an answer fly through nothing else.
 */
const harmless: ReadonlySet<string> = new Set(['partial', 'mislabel', 'joins', 'forget'])
/** Where nobody's patience ends, these too; copies keep lines busy. */
const slowing: ReadonlySet<string> = new Set(['duplicate', 'slow', 'delay', 'narrow', 'reorder', 'pause', 'skew'])

const arePatient = (rounds: RoundsInput | undefined): boolean => (rounds as { readonly patience?: unknown } | undefined)?.patience === undefined

const isHarmless = (kind: string, rounds: RoundsInput | undefined): boolean => harmless.has(kind) || (slowing.has(kind) && arePatient(rounds))

/** May rounds wait for ever for an answer that is lost? Of rounds that are a function (undefined) nobody knows. */
const mayStall = (rounds: RoundsInput | undefined): boolean => {
  const parsed = roundsSchema.safeParse(rounds)
  return !parsed.success || roundEntryOf(parsed.data).stalls(parsed.data) !== undefined
}

/**
 * Of some kinds of faults those through which such rounds come to an end: where messages are acknowledged all of them, since who
 * does not answer is found out.
 */
export const ableKinds = (kinds: readonly string[], rounds: RoundsInput | undefined, acknowledges: boolean): readonly string[] =>
  !acknowledges && mayStall(rounds) ? kinds.filter((kind) => isHarmless(kind, rounds)) : kinds

/** Do such rounds come to an end however long something takes, such as the writing of a checkpoint? */
export const bearsDelay = (rounds: RoundsInput | undefined, acknowledges: boolean): boolean => acknowledges || !mayStall(rounds) || arePatient(rounds)

/** How often whoever is drawn may die besides: what comes back is where protocols break most. */
const deadly = 0.35

/** Whole kinds on and off first, few of them as a rule, then how often each comes. */
const swarm = (toss: Toss, kinds: readonly string[]): readonly string[] => {
  const on = some(toss, kinds, 1 + Math.floor(toss() ** 2 * kinds.length))
  const bag = on.flatMap((kind) => Array<string>(1 + Math.floor(toss() * 10)).fill(kind))
  return kinds.includes('crash') && toss() < deadly ? [...bag, ...bag.map(() => 'crash')] : bag
}

/**
 * The faults of one plan, each at most so wild: kinds are switched on and off first, weighed second, and given an intensity
 * third (swarm testing: Groce et al., ISSTA 2012). Each has a name, `f1` and on, so that its draws stay when it is changed.
 */
export const drawFaults = (toss: Toss, kinds: readonly string[], intensity: number, scene: Scene, atMost = most): readonly FaultInput[] => {
  const bag = swarm(toss, kinds)
  return Array.from({ length: 1 + Math.floor(toss() ** 2 * atMost) }, (_, i): FaultInput => ({
    ...drawFault(pick(toss, bag), toss, intensity, scene), id: `f${i + 1}`,
  }))
}

/** Of two that lead a plan, how often the first is as wild as can be, and how often it is alone but for what chance adds. */
const [wild, lone] = [0.6, 0.2]
/** Most faults of a plan that is led. */
const mostLed = 9

/**
 * The faults of a plan that some kinds lead, each of which is in it if it is able to; the others are drawn as ever. Leaders are often as wild as
 * they may be at all: a mild fault shows little, and each kind has only so many turns.
 */
export const drawLed = (toss: Toss, leaders: readonly string[], kinds: readonly string[], intensity: { readonly usual: number; readonly most: number }, scene: Scene): readonly FaultInput[] => {
  const able = leaders.filter((kind) => kinds.includes(kind))
  const first = (toss() < lone ? able.slice(0, 1) : able).map((kind) => drawFault(kind, toss, toss() < wild ? intensity.most : intensity.usual, scene))
  const bag = swarm(toss, kinds)
  const least = first.length === 0 ? 1 : 0
  const others = Array.from({ length: least + Math.floor(toss() * (mostLed - first.length)) }, () => drawFault(pick(toss, bag), toss, intensity.usual, scene))
  return [...first, ...others].map((fault, i): FaultInput => ({ ...fault, id: `f${i + 1}` }))
}
