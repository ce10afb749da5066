import type { Scene } from '../../../src/dials/dial.js'
import { faultSchema } from '../../../src/faults/registry.js'
import { type RoundsInput, roundsSchema } from '../../../src/federation/rounds/registry.js'
import type { Case } from '../../../src/lab/explore/case.js'
import type { Failure } from '../../../src/flight/failure.js'
import type { TrialGround } from '../../../src/lab/shrink/trial.js'

export const made: Failure = { kind: 'safety', what: 'made', message: 'made for a test' }

const names = (role: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${role}-${i + 1}`)

export const own: RoundsInput = { kind: 'synchronous', count: 6 }

/** Flies nothing: a case fails where a predicate says so. `flown`: every case that was asked for. */
export const ground = (
  fails: (of: Case, scene: Scene) => boolean, fired: (of: Case) => readonly string[] = ({ faults }) => faults.map(({ id }) => id!),
) => {
  const flown: Case[] = []
  const scene = ({ clients = 5, experts = 2 }: { clients?: number; experts?: number } = {}): Scene =>
    ({ clients: names('client', clients), experts: names('expert', experts), rounds: 6, round: 100_000 })
  const it: TrialGround = {
    rounds: own,
    resizes: { clients: true, experts: true },
    scene: async (shape) => scene(shape as { clients?: number; experts?: number }),
    isSound: ({ faults, rounds }) => faults.every((fault) => faultSchema.safeParse(fault).success) && (rounds === undefined || roundsSchema.safeParse(rounds).success),
    fly: async (of) => {
      flown.push(of)
      const known = scene(of.shape as { clients?: number; experts?: number })
      const all = new Set([...known.clients, ...known.experts])
      const named = JSON.stringify(of.faults).match(/(client|expert)-\d+/g) ?? []
      if (named.some((name) => !all.has(name))) throw new Error('nobody of that name')
      return { failure: fails(of, known) ? made : undefined, fired: fired(of) }
    },
  }
  return { ground: it, scene, flown }
}
