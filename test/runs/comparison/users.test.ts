import { describe, expect, it } from 'vitest'
import { normal, streams } from '../../../src/random/streams.js'
import { encodeAnswers, readAnswers } from '../../../src/runs/answers.js'
import { compare } from '../../../src/runs/comparison/compare.js'
import type { ScoredRun } from '../../../src/runs/comparison/gather.js'
import { userSampling } from '../../../src/runs/comparison/users.js'
import type { TestAnswers } from '../../../src/flight/flight.js'
import { auc } from '../../../src/metrics/auc.js'
import { MemoryDisk } from '../memory-disk.js'

const users = 60
const perUser = 5

/** Answers of a run on the test set `set`: the variants' scores have a random part of their own by user and by seed. */
const answers = (variant: string, seed: string, set: string, planted = 0): TestAnswers[] => {
  const rows = users * perUser
  const world = streams('users')('world', set)
  const user = Int32Array.from({ length: rows }, (_, i) => 7 + Math.floor(i / perUser))
  const labels = Float32Array.from({ length: rows }, () => Number(world() < 0.4))
  const taste = Array.from({ length: users }, (_, u) => normal(streams('users')('taste', set, variant, u)))
  const noise = streams('users')('noise', set, variant, seed)
  const scores = labels.map((y, i) => y * (0.8 + planted) + taste[user[i] - 7] + normal(noise) / 4)
  const about = { scenario: 'NL', tasks: ['ctr'], rows, labels, user, scores: [scores] }
  return [{ which: 'selected', round: 2, ...about }, { which: 'last', round: 3, ...about }]
}

const table = (setOf: (seed: string) => string, seeds: readonly string[], planted = 0) => {
  const all = new Map<string, TestAnswers[]>()
  const runs = seeds.flatMap((seed) => ['base', 'new'].map((variant): ScoredRun => {
    const folder = `${variant}-${seed}`
    const own = answers(variant, seed, setOf(seed), variant === 'new' ? planted : 0)
    all.set(folder, own)
    const value = auc(own[0].scores[0], own[0].labels)
    return { folder, condition: 'calm', variant, seed, round: 2, scores: [{ scenario: 'NL', task: 'ctr', value }] }
  }))
  const sampling = { metric: 'auc', at: 'selected', lowerIsBetter: false, samples: 200 } as const
  const usersOf = userSampling(runs, sampling, (folder) => all.get(folder))
  const [row] = compare(runs, { baselines: ['base'], usersOf })
  const [alone] = compare(runs, { baselines: ['base'] })
  return { runs, usersOf, row, alone }
}

describe('users of a common test set', () => {
  it('widen an interval that seeds alone make too narrow', () => {
    const { row, alone } = table(() => 'one', ['1', '2', '3', '4'])
    expect(row.users).toBe(users)
    expect(row.effect.estimate).toBe(alone.effect.estimate)
    expect(row.effect.standardError).toBeGreaterThan(2 * alone.effect.standardError)
  })

  it('give a single seed its interval', () => {
    const { row, alone } = table(() => 'one', ['1'])
    expect(alone.effect.standardError).toBeNaN()
    expect(row.effect.standardError).toBeGreaterThan(0)
    expect(row.effect.df).toBeCloseTo(users - 1, 9)
  })

  it('are in the spread between seeds already where every seed has a test set of its own', () => {
    const { row, alone } = table((seed) => seed, ['1', '2', '3'])
    expect(row).toEqual(alone)
  })

  it('keep noise from being called an effect as often as seeds alone would', () => {
    let [withUsers, seedsAlone] = [0, 0]
    const tables = 80
    for (let i = 0; i < tables; i++) {
      const { row, alone } = table(() => `set ${i}`, ['1', '2', '3', '4', '5'])
      if (row.effect.p <= 0.05) withUsers++
      if (alone.effect.p <= 0.05) seedsAlone++
    }
    // Both variants are as good as each other over all users; on these sixty one of them looks better in every seed.
    expect(withUsers / tables).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / tables))
    expect(seedsAlone / tables).toBeGreaterThan(0.5)
  })

  it('let a planted effect be found', () => {
    expect(table(() => 'one', ['1', '2', '3', '4', '5'], 2).row.adjusted).toBeLessThan(0.01)
  })

  it('are of the seeds that are compared: a run that diverged takes nothing from the others', () => {
    const { runs } = table(() => 'one', ['1', '2'])
    const lost = runs.map((each) => (each.folder === 'new-2' ? { ...each, scores: [{ ...each.scores[0], value: null, diverged: true as const }] } : each))
    const sampling = { metric: 'auc', at: 'selected', lowerIsBetter: false, samples: 50 } as const
    const read = (folder: string) => {
      const own = answers(folder.slice(0, -2), folder.slice(-1), 'one')
      return folder === 'new-2' ? own.map((each) => ({ ...each, scores: each.scores.map((s) => s.map(() => Number.NaN)) })) : own
    }
    const about =
      { condition: 'calm', scope: 'scenario', scenario: 'NL', task: 'ctr', variant: 'new', baseline: 'base' } as const
    const without = runs.filter(({ seed }) => seed === '1')
    expect(userSampling(lost, sampling, read)(about)).toEqual(userSampling(without, sampling, read)(about))
    expect(userSampling(lost, sampling, read)(about)?.variance).toBeGreaterThan(0)
  })

  it('are not known where a run kept no answers', () => {
    const { runs } = table(() => 'one', ['1', '2'])
    const sampling = { metric: 'auc', at: 'last', lowerIsBetter: false, samples: 10 } as const
    const about =
      { condition: 'calm', scope: 'scenario', scenario: 'NL', task: 'ctr', variant: 'new', baseline: 'base' } as const
    expect(userSampling(runs, sampling, () => undefined)(about)).toBeUndefined()
    const calibration = userSampling(runs, { ...sampling, metric: 'calibration' }, () => answers('a', '1', 'x'))
    expect(calibration(about)).toBeUndefined()
  })
})

describe('answers in a run folder', () => {
  it('come back as they were, whatever scenarios are called', () => {
    const disk = new MemoryDisk()
    const own = answers('base', '1', 'one').map((each) => ({ ...each, scenario: 'a/b é' }))
    disk.replace('run/answers.safetensors', encodeAnswers(own))
    expect(readAnswers('run', disk)).toEqual(own)
    expect(readAnswers('elsewhere', disk)).toBeUndefined()
  })

  it('are laid out as safetensors: length, header, tensors at multiples of 8', () => {
    const labels = Float32Array.from([1, 0])
    const block = encodeAnswers([{
      which: 'last', round: 4, scenario: 'NL', tasks: ['ctr'], rows: 2, labels, user: Int32Array.from([5, 6]),
      scores: [Float32Array.from([0.5, 0.25])],
    }])
    const length = Number(new DataView(block.buffer).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    expect(JSON.parse(new TextDecoder().decode(block.subarray(8, 8 + length)))).toEqual({
      __metadata__: { last: '4', scores: 'logits', tasks: '["ctr"]' },
      'labels/NL': { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
      'user/NL': { dtype: 'I32', shape: [2], data_offsets: [8, 16] },
      'score/last/NL/ctr': { dtype: 'F32', shape: [2], data_offsets: [16, 24] },
    })
    expect([...new Float32Array(block.slice(8 + length + 16).buffer)]).toEqual([0.5, 0.25])
  })

  it('of an earlier version, which are probabilities, are an error and not taken for logits', () => {
    const block = Buffer.from(encodeAnswers(answers('base', '1', 'one'))).toString('latin1').replace('"logits"', '"chance"')
    const disk = new MemoryDisk()
    disk.replace('run/answers.safetensors', Buffer.from(block, 'latin1'))
    expect(() => readAnswers('run', disk)).toThrow('run/answers.safetensors is of an earlier version')
  })

  it('that are cut off are an error that names the file', () => {
    const disk = new MemoryDisk()
    disk.replace('run/answers.safetensors', encodeAnswers(answers('base', '1', 'one')).slice(0, -4))
    expect(() => readAnswers('run', disk)).toThrow('run/answers.safetensors is not what a run writes. Fly it again.')
  })
})
