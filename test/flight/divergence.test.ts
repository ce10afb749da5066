import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { report } from '../../src/cli/tables.js'
import { summarise } from '../../src/cli/summary.js'
import { sampleWeights, weightedSum } from '../../src/federation/strategies/fold.js'
import { DivergenceError } from '../../src/errors.js'
import { validationScore } from '../../src/metrics/judging.js'
import { realDisk } from '../../src/runs/disk.js'
import { readManifest } from '../../src/runs/manifest.js'
import { simulate, type Run, type SimulateOptions } from '../../src/runs/simulate.js'
import { defineStrategy } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'

/** FedAvg, but for rounds after which every parameter is NaN. */
const broken = (rounds: readonly number[]): Specification['strategy'] =>
  defineStrategy({
    name: 'broken', source: 'a test', absent: 'nothing',
    fold: (state, updates, { round }) => {
      const mean = weightedSum(updates, sampleWeights(updates))
      return { ...state, values: rounds.includes(round) ? mean.map(() => Number.NaN) : mean }
    },
  })

/** A strategy whose first client sends NaN in some rounds. */
const spoilt = (rounds: readonly number[]): Specification['strategy'] =>
  defineStrategy({
    name: 'spoilt', source: 'a test', absent: 'nothing',
    finish: ({ client, round, made }) => ({
      sent: client === 'client-store-1' && rounds.includes(round) ? made.train.map(() => Number.NaN) : made.train,
    }),
  })

const flown = (
  strategy: Specification['strategy'], count: number, options: SimulateOptions = {}, more: Partial<Specification> = {},
): Promise<Run> =>
  simulate(
    {
      world: { kind: 'storefronts', scenarios: 3, impressions: 400 },
      model: { kind: 'mlp', hidden: [4] },
      strategy,
      rounds: { kind: 'synchronous', count },
      evaluate: { start: false },
      onDivergence: 'go-on',
      ...more,
    },
    { workers: 1, engine: 'tfjs', seed: 3, ...options },
  )

describe('divergence', () => {
  const stop = { onDivergence: undefined } as const

  it('of a model ends the flight, by default, at the close of its round', async () => {
    const out = join(mkdtempSync(join(tmpdir(), 'windtunnel-diverged-')), 'run')
    const message = /^The model diverged: what was folded into trunk was not finite\. Lower local\.optimizer\.rate/
    const error = await flown(broken([1]), 4, { out }, stop).then(() => undefined, (thrown: unknown) => thrown as Error)
    expect(error).toBeInstanceOf(DivergenceError)
    expect(error!.message).toMatch(message)
    expect(readManifest(out, realDisk)).toMatchObject({ status: 'failed', error: `DivergenceError: ${error!.message}` })
    await expect(flown(broken([1]), 1, {}, stop)).rejects.toThrow(message)
  })

  it('of an update ends it at the close of its round', async () => {
    await expect(flown(spoilt([2]), 3, {}, stop)).rejects.toThrow(
      'Training diverged: updates of client-store-1 were not finite by the close of round 2. Lower local.optimizer.rate (0.001), clip gradients ' +
        '(local.clip), or fly on with onDivergence: go-on: such updates are refused and counted, such rounds never selected.',
    )
  })

  it('by a rate that is far too large ends it with exit code 9', async () => {
    const wild = { ...stop, local: { epochs: 2, optimizer: { kind: 'sgd', rate: 1e30 } } } as const
    await expect(flown({ kind: 'fedavg' }, 3, {}, wild)).rejects.toMatchObject({ exitCode: 9 })
    // Nobody sends anything, so that only the scores can tell.
    await expect(flown({ kind: 'local-only' }, 3, {}, wild)).rejects.toThrow(/^The model diverged: .* after round 1/)
  })

  it('is none where a label has one class alone: such a metric is undefined', async () => {
    const run = await flown({ kind: 'fedavg' }, 2, {}, { ...stop, world: { kind: 'storefronts', scenarios: 3, impressions: 60 } })
    expect(run.metrics.some(({ metric, value }) => metric === 'auc' && value === null)).toBe(true)
    expect(run.status).toBe('complete')
  })
})

describe('a model that diverged, and was kept', () => {
  const kept = { onDivergence: 'keep' } as const

  it('has no metrics, is never selected, and is told of at the end, in the manifest and as data', async () => {
    const out = join(mkdtempSync(join(tmpdir(), 'windtunnel-diverged-')), 'run')
    // From round 2 on nothing finite is sent, so that nothing is folded.
    const run = await flown(broken([2]), 4, { out }, kept)
    expect(run.selectedRound).toBe(1)
    const lost = run.metrics.filter(({ round }) => round > 1)
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.filter(({ value }) => value !== null)).toEqual([])
    expect(run.warnings).toEqual([
      expect.stringMatching(/^6 updates were refused because they were not finite: client-store-1 \(2\), client-store-2 \(2\)/),
      expect.stringMatching(/^the model diverged: scores of .* in store-1.* not finite after 3 rounds, the first of them 2;/),
    ])
    expect(readManifest(out, realDisk).warnings).toEqual(run.warnings)
    expect(summarise(run).warnings).toEqual(run.warnings)
    expect(report(run, 100, '').replaceAll(/\s+/g, ' ')).toContain('warning: the model diverged: scores of')
  })

  it('in every round leaves nothing to select, and the table says so', async () => {
    const run = await flown(broken([1]), 2, {}, kept)
    expect(run.rounds.map(({ reason }) => reason)).toEqual(['all answered', 'all answered, below quorum'])
    expect(run.selectedRound).toBe(2)
    expect(validationScore(run.metrics, 2)).toBe(-Infinity)
    expect(run.warnings.at(-1)).toBe('no round could be selected on validation: round 2, the last, stands in its place')
    expect(report(run, 100, '')).toContain('Test scores after round 2, the last: no round could be selected\n')
    expect(run.manifest.warnings).toEqual(run.warnings)
  })
})

describe('an update that is not finite', () => {
  it('is counted and named, and the others learn on', async () => {
    const run = await flown(spoilt([2]), 3)
    expect(run.warnings).toEqual(['1 update was refused because it was not finite: client-store-1 (1)'])
    expect(run.refused).toEqual({ 'client-store-1': 1 })
    expect(run.rounds.map(({ folded }) => folded.length)).toEqual([3, 2, 3])
    expect(run.metrics.filter(({ metric, value }) => metric === 'log-loss' && value === null)).toEqual([])
  })

  it('is the same to the bit with any number of workers', async () => {
    const [one, two] = [1, 2].map((workers) => flown(spoilt([1, 3]), 3, { engine: 'onnx', workers }))
    expect((await two).digest).toBe((await one).digest)
    expect((await two).warnings).toEqual((await one).warnings)
  })

  it('of nobody leaves no warning', async () => {
    expect((await flown(spoilt([]), 1)).warnings).toEqual([])
  })
})
