import { describe, expect, it } from 'vitest'

import { DivergenceError, LivenessError, SafetyError } from '../../../src/errors.js'
import type { FaultInput } from '../../../src/faults/registry.js'
import { Arena } from '../../../src/lab/refute/arena.js'
import { yardstickOf } from '../../../src/lab/refute/yardstick.js'
import { fakeLab, type FakeSide } from './fake-lab.js'

const yardstick = yardstickOf('auc')
const arenaOf = (a: FakeSide, b: FakeSide): Arena => new Arena(fakeLab(a), fakeLab(b), { yardstick })
const fixed = (value: number): FakeSide => ({ score: () => value })
const faults = [{ kind: 'slow', who: 'all', by: 2, id: 'late' }] as unknown as FaultInput[]

describe('an arena', () => {
  it('flies both sides with the same seed and plan, and each pair once', async () => {
    const flown: string[] = []
    const side = (name: string, value: number): FakeSide => ({ score: () => value, onFly: (seed) => void flown.push(`${name} ${seed}`) })
    const arena = arenaOf(side('a', 0.75), side('b', 0.5))
    expect(await arena.compare(faults, '7')).toEqual({ kind: 'compared', a: 0.75, b: 0.5, advantage: 0.25, fired: ['late'] })
    await arena.compare([...faults], '7')
    await arena.compare(faults, '8')
    expect(flown).toEqual(['a 7', 'b 7', 'a 8', 'b 8'])
    expect(arena.flights).toBe(4)
  })

  it('tells apart why two cannot be compared, and whose doing it is', async () => {
    const throwing = (error: Error): FakeSide => ({
      score: () => {
        throw error
      },
    })
    const wrapped = new Error('an actor threw', { cause: new SafetyError('twice') })
    const of = async (a: FakeSide, b: FakeSide) => {
      const { kind, ...about } = await arenaOf(a, b).compare(faults, '1')
      return [kind, (about as { sides?: unknown }).sides]
    }
    expect(await of(throwing(new DivergenceError('NaN')), fixed(1))).toEqual(['diverged', ['a']])
    expect(await of(fixed(1), { score: () => null })).toEqual(['diverged', ['b']])
    expect(await of({ score: () => null }, throwing(new DivergenceError('NaN')))).toEqual(['diverged', ['a', 'b']])
    expect(await of(fixed(1), throwing(new LivenessError('never')))).toEqual(['stalled', ['b']])
    expect(await of(throwing(wrapped), throwing(new LivenessError('never')))).toEqual(['violated', ['a']])
    await expect(arenaOf(throwing(new TypeError('a bug')), fixed(1)).compare(faults, '1')).rejects.toThrow('a bug')
    await expect(arenaOf(fixed(1), fixed(1)).compare([], '1').then(async () => new Arena(fakeLab(fixed(1)), fakeLab(fixed(1)), { yardstick: yardstickOf('mse') }).compare([], '1')))
      .rejects.toThrow('mse was not measured')
  })

  it('draws for those who take part on both sides, in rounds where a round is one', async () => {
    const sceneOf = async (a: Partial<FakeSide>, b: Partial<FakeSide>) => {
      const arena = arenaOf({ ...fixed(1), ...a }, { ...fixed(1), ...b })
      await arena.compare([], '1')
      return arena.scene()
    }
    const { clients, experts, rounds, round, inRounds } = await sceneOf({ clients: ['client-a', 'client-b'] }, { clients: ['client-b', 'client-c'] })
    expect({ clients, experts, rounds, round, inRounds }).toEqual({ clients: ['client-b'], experts: [], rounds: 4, round: 1e5, inRounds: true })
    // Two hundred folds in the time of four rounds: rounds are but a measure of time then, and so they are where kinds differ.
    const folds = { kind: 'asynchronous', count: 200 }
    expect(await sceneOf({ rounds: folds }, { rounds: folds })).toMatchObject({ inRounds: false, rounds: 4 })
    expect(await sceneOf({}, { rounds: { kind: 'synchronous', count: 4 } })).toMatchObject({ inRounds: false, rounds: 4 })
    await expect(sceneOf({ clients: ['client-a'] }, { clients: ['client-all'] })).rejects.toThrow('No client takes part on both sides (client-a; client-all)')
  })
})
