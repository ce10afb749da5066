import { pick, type Scene, some, type Toss } from '../../dials/dial.js'
import type { FaultInput } from '../../faults/registry.js'
import { settingsOf, varied } from '../../faults/turn.js'
import type { RoundsInput } from '../../federation/rounds/registry.js'
import { drawnRounds, drawRounds } from '../../federation/rounds/turn.js'
import { AGGREGATOR, type Name, roleOfName } from '../../roster/participant.js'
import type { Case } from '../explore/case.js'
import { nameOf, wholes } from './offers.js'

type Group = Readonly<Record<string, unknown>>

/** Fields that are set otherwise; undefined: left out. */
export type Patch = Group

/** One part of a case that can be another. */
export interface Part {
  /** `f1.by`, `chance`, `rounds.count`. */
  readonly name: string
  /** The fault that it is of, if any, by its place. */
  readonly fault: number | undefined
  /** What it is, for people: `by`, `client`. */
  readonly word: string
  /** The number that it is; undefined where it is none. */
  readonly number: ((of: Case) => number | undefined) | undefined
  /** How it could be instead; undefined: no other way was found. */
  vary(toss: Toss): Patch | undefined
  set(of: Case, patch: Patch): Case
}

const patched = <T extends object>(group: T, patch: Patch): T =>
  Object.fromEntries(Object.entries({ ...group, ...patch }).filter(([, value]) => value !== undefined)) as T

const difference = (before: Group, after: Group): Patch =>
  Object.fromEntries([...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => [field, after[field]]))

/** Everybody of an actor's role; undefined for what is nobody's name. */
const peersOf = (name: unknown, { clients, experts, others = [] }: Scene): readonly Name[] | undefined =>
  [clients, experts, others, [AGGREGATOR]].find((role) => role.includes(name as Name))

/** As many others of the role of those who are named. */
const otherSubjects = (given: readonly Name[], scene: Scene, toss: Toss): readonly Name[] | undefined => {
  const peers = peersOf(given[0], scene)
  if (peers === undefined || peers.length <= given.length || !given.every((name) => peers.includes(name))) return undefined
  return some(toss, peers, given.length).map((i) => i)
}

/** A field that says whom a fault is about, said of others: what it is called, and how. */
const subjectOf = (field: string, value: unknown, scene: Scene): { readonly word: string; vary(toss: Toss): unknown } | undefined => {
  const groupWord = (names: readonly Name[]): string => (names.length === 1 ? roleOfName(names[0]) : `${names.length} ${roleOfName(names[0])}s`)
  if (field === 'who') {
    const { names } = value as { names?: readonly Name[] }
    if (names === undefined || otherSubjects(names, scene, () => 0) === undefined) return undefined
    return { word: groupWord(names), vary: (toss) => ({ select: 'named', names: otherSubjects(names, scene, toss) }) }
  }
  if (field === 'groups') {
    const [first, ...rest] = value as readonly (readonly Name[])[]
    if (rest.length > 0 || otherSubjects(first, scene, () => 0) === undefined) return undefined
    return { word: groupWord(first), vary: (toss) => [otherSubjects(first, scene, toss)] }
  }
  if (field !== 'link') return undefined
  const link = value as Group
  const ends = (['from', 'to'] as const).filter((side) => (peersOf(link[side], scene)?.length ?? 0) > 1)
  if (ends.length === 0) return undefined
  return {
    word: ends.map((side) => roleOfName(link[side] as Name)).join(' and '),
    vary: (toss) => patched(link, Object.fromEntries(ends.map((side) => [side, pick(toss, peersOf(link[side], scene)!)]))),
  }
}

const faultParts = (of: Case, i: number, scene: Scene): Part[] => {
  const fault = of.faults[i]
  const set = (into: Case, patch: Patch): Case => ({ ...into, faults: into.faults.map((one, j) => (j === i ? patched(one, patch) : one)) })
  return settingsOf(fault).map(({ field, value }): Part => {
    const subject = subjectOf(field, value, scene)
    const other = (toss: Toss): FaultInput | undefined =>
      subject === undefined ? varied(fault, field, toss, scene) : patched(fault, { [field]: subject.vary(toss) })
    return {
      name: `${nameOf(fault)}.${field}`, fault: i, word: subject?.word ?? (field === 'stretch' ? 'window' : field),
      number: typeof value === 'number' ? (one) => (one.faults[i] as unknown as Group)[field] as number : undefined,
      vary: (toss) => {
        const made = other(toss)
        return made && difference(fault as unknown as Group, made as unknown as Group)
      },
      set,
    }
  })
}

/** Numbers in a group, each a few times larger or smaller. */
const shaken = (value: unknown, toss: Toss): unknown => {
  if (typeof value === 'number') return Math.max(1, Math.round(value * 2 ** (4 * toss() - 2)))
  if (Array.isArray(value)) return value.map((inner) => shaken(inner, toss))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, shaken(inner, toss)]))
}

const whole = (name: string, word: string, vary: (toss: Toss) => Patch | undefined, number?: (of: Case) => number | undefined): Part => ({
  name, word, vary, fault: undefined, number, set: (of, patch) => patched(of, patch),
})

const roundParts = (rounds: RoundsInput, scene: Scene): Part[] => {
  const { count } = rounds as { readonly count?: number }
  if (count === undefined) return []
  const setCount = (of: Case, patch: Patch): Case => ({ ...of, rounds: patched(of.rounds ?? rounds, patch) })
  const kinds: Part = whole('rounds', 'kind of rounds', (toss) => {
    const drawn = drawRounds(pick(toss, drawnRounds), toss, toss(), scene)
    const { count: _, ...others } = (drawn ?? {}) as Group
    return drawn === undefined ? undefined : others
  })
  return [
    {
      name: 'rounds.count', fault: undefined, word: 'number of rounds', set: setCount,
      number: (of) => ((of.rounds ?? rounds) as { readonly count: number }).count,
      vary: (toss) => ({ count: 1 + Math.floor(toss() * (2 * count + 8)) }),
    },
    { ...kinds, set: (of, patch) => ({ ...of, rounds: { ...patch, count: ((of.rounds ?? rounds) as { count: number }).count } as unknown as RoundsInput }) },
  ]
}

/** All that could be other in a case, and the case fail all the same. `rounds`: the specification's own. */
export const partsOf = (of: Case, scene: Scene, rounds: RoundsInput | undefined): readonly Part[] => {
  const given = of.rounds ?? rounds
  return [
    ...of.faults.flatMap((_, i) => faultParts(of, i, scene)),
    ...(given === undefined ? [] : roundParts(given, scene)),
    ...wholes.filter((part) => part !== 'selection' && part !== 'codec' && part !== 'lines' && of[part] !== undefined).map((part) =>
      whole(part, `numbers in ${part}`, (toss) => ({ [part]: shaken(of[part], toss) }))),
    whole('chance', 'chance', (toss) => ({ chance: `${of.chance}/${Math.floor(toss() * 1e9)}` })),
  ]
}
