import type { Scene, Toss } from '../dials/dial.js'
import { type Setting, type Settings, Turned } from '../dials/turn.js'
import type { FaultEntry } from './fault.js'
import { entryOf, faultEntries, faultSchema, type FaultInput } from './registry.js'

const isSound = (fault: Settings): boolean => faultSchema.safeParse(fault).success

const turned = new Map(
  (faultEntries as readonly unknown[] as readonly FaultEntry[]).flatMap(({ kind, dials }) =>
    dials === undefined ? [] : [[kind as string, new Turned(dials, isSound)] as const]),
)

const unturnable = new Turned({}, isSound)

const turnedBy = (fault: { readonly kind: string }): Turned => turned.get(entryOf(fault).kind) ?? unturnable

/** The kinds of faults that can be drawn: those whose file says how they are turned. */
export const drawnKinds: readonly string[] = [...turned.keys()]

/** A fault of a kind, at most so wild: from 0, as mild as can be, to 1. */
export const drawFault = (kind: string, toss: Toss, intensity: number, scene: Scene): FaultInput => {
  const drawn = turnedBy({ kind }).draw(toss, intensity, scene, { kind })
  if (drawn === undefined) throw new TypeError(`no sound fault of kind '${kind}' was drawn: look at its dials`)
  return drawn as FaultInput
}

/** What of a fault can be turned. */
export const settingsOf = (fault: FaultInput): readonly Setting[] => turnedBy(fault).settings(fault)

/** Faults that are milder in one field each, or simpler and as mild. */
export const milderFaults = (fault: FaultInput, scene: Scene): readonly FaultInput[] =>
  turnedBy(fault).milder(fault, scene) as readonly FaultInput[]

/** The same fault with one field drawn anew; undefined: that cannot be. */
export const varied = (fault: FaultInput, field: string, toss: Toss, scene: Scene): FaultInput | undefined =>
  turnedBy(fault).varied(fault, field, toss, scene) as FaultInput | undefined

/** How wild a fault is, from 0 to 1; one that cannot be turned is 1. See `Turned.wildness`. */
export const wildness = (fault: FaultInput, scene: Scene): number => turnedBy(fault).wildness(fault, scene)

/** What a fault counts for being there at all, however mild. */
const presence = 0.1

/**
 * How wild a plan is: the sum over its faults, each of which counts a tenth for being there at all and nine tenths by how
 * wild it is. 0 is no fault, and one that is as wild as can be is 1. Neither a fault less nor a milder one makes it more.
 */
export const planWildness = (faults: readonly FaultInput[], scene: Scene): number =>
  faults.reduce((sum, fault) => sum + presence + (1 - presence) * wildness(fault, scene), 0)
