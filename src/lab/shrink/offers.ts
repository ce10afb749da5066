import { milderFaults } from '../../faults/turn.js'
import type { RoundsInput } from '../../federation/rounds/registry.js'
import { milderRounds } from '../../federation/rounds/turn.js'
import { canonical } from '../../roster/identity.js'
import type { Case, Shape } from '../explore/case.js'
import { resized } from './resize.js'
import type { SizedCase } from './sized-lab.js'
import type { TrialGround } from './trial.js'

/** A simpler case, and what was made simpler in it. */
export interface Offer {
  readonly what: string
  readonly of: Case
}

/** What of a case is taken back whole, beside faults, rounds and sizes. */
export const wholes = ['delivery', 'codec', 'lines', 'checkpoint', 'selection', 'calm'] as const

export const nameOf = ({ id, kind }: { readonly id?: string | undefined; readonly kind: string }): string => id ?? kind

/** A case without one of its parts. */
export const lacking = (of: Case, part: (typeof wholes)[number] | 'rounds'): Case => {
  const { [part]: _, ...rest } = of
  return rest
}

const countIn = (rounds: RoundsInput | undefined): number | undefined => (rounds as { readonly count?: number } | undefined)?.count

/** How many rounds, or folds, a case has; undefined where a function says so. */
export const countOf = (of: Case, { rounds }: TrialGround): number | undefined => countIn(of.rounds ?? rounds)

const withRounds = (of: Case, rounds: RoundsInput, own: RoundsInput | undefined): Case =>
  canonical(rounds) === canonical(own ?? null) ? lacking(of, 'rounds') : { ...of, rounds }

/** The same with so many rounds. */
export const ofCount = (of: Case, count: number, { rounds: own }: TrialGround): Case =>
  withRounds(of, { ...(of.rounds ?? own)!, count } as RoundsInput, own)

/** With the kind of rounds that the specification has, as many as there are if it has more; undefined: it has them. */
export const ownRounds = (of: Case, { rounds: own }: TrialGround): Case | undefined => {
  const { rounds, ...rest } = of
  if (rounds === undefined) return undefined
  if (own === undefined) return rest
  const fewest = Math.min(countIn(rounds) ?? Infinity, countIn(own) ?? Infinity)
  const made = withRounds(of, (fewest === Infinity ? own : { ...own, count: fewest }) as RoundsInput, own)
  return canonical(made) === canonical(of) ? undefined : made
}

/** How many clients, or expert networks, a case has. */
export const sizeOf = async (of: Case, what: keyof Shape, ground: TrialGround): Promise<number> =>
  (await ground.scene(of.shape ?? {}))[what].length

/** The same with so many of them: several ways to say what its faults, and its specification, said of those who are gone. */
export const ofSize = async (of: Case, what: keyof Shape, size: number, ground: TrialGround): Promise<readonly Case[]> => {
  try {
    const [before, usual] = [await ground.scene(of.shape ?? {}), await ground.scene({})]
    const shape: Shape = { ...of.shape, [what]: size === usual[what].length ? undefined : size }
    const { heirs: _, ...own } = of as SizedCase
    const cases = resized(own, shape, before, await ground.scene(shape))
    if ((await ground.names?.(shape)) !== true) return cases
    return [...cases, ...cases.map((one): SizedCase => ({ ...one, heirs: true }))]
  } catch {
    // Not every world can be had in every size.
    return []
  }
}

/** The same with a calm phase that heals everybody; undefined: it has none with a core. */
export const withoutCore = (of: Case): Case | undefined => {
  if (of.calm?.core === undefined) return undefined
  const { core: _, rest: __, ...calm } = of.calm
  return { ...of, calm }
}

/** A case without one fault. */
export const dropped = (of: Case, i: number): Case => ({ ...of, faults: of.faults.filter((_, j) => j !== i) })

/** Every milder form of one fault. */
export const milderAt = async (of: Case, i: number, ground: TrialGround): Promise<readonly Case[]> => {
  const scene = await ground.scene(of.shape ?? {})
  return milderFaults(of.faults[i], scene).map((fault) => ({ ...of, faults: of.faults.map((one, j) => (j === i ? fault : one)) }))
}

/** Every milder form of a case's rounds, where they are not the specification's. */
export const milderRoundsOf = async (of: Case, ground: TrialGround): Promise<readonly Case[]> => {
  const { rounds: own } = ground
  if (of.rounds === undefined || canonical({ ...of.rounds, count: 0 }) === canonical({ ...own, count: 0 })) return []
  return milderRounds(of.rounds, await ground.scene(of.shape ?? {})).map((rounds) => withRounds(of, rounds, own))
}

/** Every case that is simpler than this one by a single step: what ends one-minimal fails in none of them. */
export const offers = async (of: Case, ground: TrialGround): Promise<readonly Offer[]> => {
  const all: Offer[] = of.faults.map((fault, i) => ({ what: `without ${nameOf(fault)}`, of: dropped(of, i) }))
  for (const part of wholes) if (of[part] !== undefined) all.push({ what: `its own ${part}`, of: lacking(of, part) })
  const healed = withoutCore(of)
  if (healed !== undefined) all.push({ what: 'calm for everybody', of: healed })
  const own = ownRounds(of, ground)
  if (own !== undefined) all.push({ what: 'its own rounds', of: own })
  const count = countOf(of, ground)
  if (count !== undefined && count > 1) all.push({ what: `${count - 1} rounds`, of: ofCount(of, count - 1, ground) })
  for (const what of ['clients', 'experts'] as const) {
    const size = ground.resizes[what] ? await sizeOf(of, what, ground) : 1
    if (size > 1) all.push(...(await ofSize(of, what, size - 1, ground)).map((fewer) => ({ what: `${size - 1} ${what}`, of: fewer })))
  }
  for (const [i, fault] of of.faults.entries()) {
    all.push(...(await milderAt(of, i, ground)).map((milder) => ({ what: `${nameOf(fault)} milder`, of: milder })))
  }
  all.push(...(await milderRoundsOf(of, ground)).map((milder) => ({ what: 'milder rounds', of: milder })))
  return all
}
