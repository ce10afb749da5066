import type { Scene, Toss } from '../../dials/dial.js'
import { type Settings, Turned } from '../../dials/turn.js'
import { roundEntries, roundsSchema, type RoundsInput } from './registry.js'
import type { RoundEntry } from './round.js'

const isSound = (rounds: Settings): boolean => roundsSchema.safeParse(rounds).success

const turned = new Map(
  (roundEntries as readonly unknown[] as readonly RoundEntry[]).flatMap(({ kind, dials }) =>
    dials === undefined ? [] : [[kind as string, new Turned(dials, isSound)] as const]),
)

/** The kinds of rounds that can be drawn. */
export const drawnRounds: readonly string[] = [...turned.keys()]

/** Rounds of a kind, at most so unlike what leaves everybody time; undefined: none that can be was found. */
export const drawRounds = (kind: string, toss: Toss, intensity: number, scene: Scene): RoundsInput | undefined =>
  turned.get(kind)?.draw(toss, intensity, scene, { kind, count: scene.rounds }) as RoundsInput | undefined

/** Rounds that are milder in one option each. */
export const milderRounds = (rounds: RoundsInput, scene: Scene): readonly RoundsInput[] =>
  (turned.get((rounds as { kind: string }).kind)?.milder(rounds as Settings, scene) ?? []) as readonly RoundsInput[]
