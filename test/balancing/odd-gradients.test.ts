import * as tf from '@tensorflow/tfjs'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Table } from '../../src/data/table.js'
import type { Engine, OddGradients, Training } from '../../src/engine/engine.js'
import { openEngine, type EngineName } from '../../src/engine/open.js'
import { sgd } from '../../src/engine/program/optimizer.js'
import { summarise } from '../../src/cli/summary.js'
import { report } from '../../src/cli/tables.js'
import { buildLayout } from '../../src/models/layout.js'
import type { Features, Model } from '../../src/models/model.js'
import { aitm, type ModelSpec } from '../../src/models/registry.js'
import { meanWeights, trainedTasks } from '../../src/models/trained-tasks.js'
import { balancerSchema, balancers, buildBalancer, type BalancerInput } from '../../src/balancing/registry.js'
import { realDisk } from '../../src/runs/disk.js'
import { readManifest } from '../../src/runs/manifest.js'
import { simulate, type Run, type SimulateOptions } from '../../src/runs/simulate.js'
import type { Specification } from '../../src/simulation/specification.js'
import type { Task } from '../../src/tasks/task.js'
import { differentiable } from '../../src/tensors/ops.js'
import { nativeHere } from '../engine/native.js'

/* A task whose gradient is 0, or no number, for reasons that only its data show. */

const features: Features = { categorical: [], numeric: ['x', 'y'] }
const tasks: readonly Task[] = [{ name: 'a', kind: 'regression' }, { name: 'b', kind: 'regression' }]

/**
 * a is x s + 1, b is relu(y s) + 1, from a shared s = 1: b has no gradient in a batch where y is nowhere above 0, and one
 * that overflows where y is 1e30. A task `seen` is b once more, and only scored.
 */
const planted: Model = {
  name: 'planted',
  scoredOnly: (all) => all.filter(({ name }) => name === 'seen').map(({ name }) => name),
  segments: (_, all) => [
    { name: 's.weight', shape: [1, 2], axes: ['in', 'out'], role: 'bottom', initial: { kind: 'constant', value: 1 } },
    ...all.map(({ name }) => (
      { name: `${name}.bias`, shape: [1, 1], axes: ['row', 'out'], role: 'tower', task: name, initial: { kind: 'constant', value: 1 } } as const)),
  ],
  forward({ 's.weight': s, ...biases }, { numeric }, _, { tasks: all }) {
    const [x, y] = tf.split(numeric, 2, 1)
    const [left, right] = tf.split(s, 2, 1)
    const both = tf.mul(tf.add(left, right), 0.5)
    const heads = all.map(({ name }) => {
      const value = name === 'a' ? tf.matMul(x, both) : tf.relu(tf.matMul(y, both))
      return [name, tf.add(value, tf.matMul(tf.ones([x.shape[0], 1]), biases[`${name}.bias`]))] as const
    })
    return { heads: Object.fromEntries(heads) }
  },
}

const trainingOf = (balance: BalancerInput, own: readonly Task[] = tasks): Training => {
  const layout = buildLayout(planted.segments(features, own))
  return {
    model: planted, features, tasks: own, layout, optimizer: sgd(1e-6), taskWeights: meanWeights(planted, own),
    balancer: buildBalancer(balancerSchema.parse(balance), layout, trainedTasks(planted, own)),
    proximal: false, proximalSegments: [], batch: 16, chunk: 2, cohort: 3,
  }
}

/** Batches in which y is what is given, one number a batch; NaN for one in which no row has the label of b. */
const tableOf = (ys: readonly number[], width = 2): Table => {
  const rows = ys.length * 16
  const yOf = (row: number): number => ys[Math.floor(row / 16)]
  return {
    rows,
    categorical: new Int32Array(0),
    numeric: Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 0.5 : yOf((i - 1) / 2) || -1)),
    labels: Float32Array.from({ length: rows * width }, (_, i) => (i % width === 1 && Number.isNaN(yOf((i - 1) / width)) ? NaN : 0)),
  }
}

const opened: Engine[] = []
afterAll(() => Promise.all(opened.map((engine) => engine.close())))

/** What is odd in one pass over each of the tables, which train side by side. Rows of a batch are all alike, so order is no matter. */
const found = async (
  engine: EngineName, balance: BalancerInput, tables: readonly Table[], own: readonly Task[] = tasks,
): Promise<(readonly OddGradients[] | undefined)[]> => {
  const ground = await openEngine({ engine, workers: 0 })
  opened.push(ground)
  const training = trainingOf(balance, own)
  const { program } = await ground.prepare(training)
  const parameters = new Float32Array(training.layout.size).fill(1)
  const jobs = tables.map(async (table, i) => {
    await ground.register(`t${i}`, table)
    const plan = { epochs: 1, seed: 's', key: [i] }
    return { kind: 'train' as const, client: `c${i}`, program, data: `t${i}`, parameters, plan }
  })
  return (await Promise.all(ground.train(await Promise.all(jobs)))).map(({ odd }) => odd)
}

const options: Readonly<Record<string, object>> = { fixed: { weights: { a: 1, b: 1 } }, decay: { ratios: { a: 0.9 } } }
const specOf = (kind: string): BalancerInput => ({ kind, ...options[kind] }) as BalancerInput
const ofLosses = new Set(['equal', 'fixed', 'decay', 'uncertainty', 'dwa', 'rlw'])
const looking = balancers.map(({ kind }) => kind).filter((kind) => !ofLosses.has(kind))

const native = await nativeHere('odd gradients in the engine tfjs-node')
const engines: EngineName[] = ['onnx', 'tfjs', ...(native ? ['tfjs-node'] as const : [])]

describe.each(engines)('in %s', (engine) => {
  it.each(looking)('%s says in how many steps a task had no gradient, or one that is not finite', async (kind) => {
    // One batch to a table: the permutation of rows then mixes nothing.
    const tables = [[-1], [2], [NaN], [1e30]].map((ys) => tableOf(ys))
    expect(await found(engine, specOf(kind), tables)).toEqual([
      [{ task: 'b', none: 1, notFinite: 0 }], undefined, undefined, [{ task: 'b', none: 0, notFinite: 1 }],
    ])
  })

  it('counts the steps of chunks and of what is left over', async () => {
    const [odd] = await found(engine, specOf('pcgrad'), [tableOf([-1, -1, -1, -1, -1])])
    expect(odd).toEqual([{ task: 'b', none: 5, notFinite: 0 }])
  })

  it('takes no notice of rows that weigh nothing', async () => {
    const table = tableOf([-1])
    const [nothing, something] = [0, 0.1].map((w): Table => (
      { ...table, weights: Float32Array.from({ length: 32 }, (_, i) => (i % 2 === 1 ? (i === 31 ? w : 0) : 1)) }))
    expect(await found(engine, specOf('pcgrad'), [nothing, something])).toEqual([undefined, [{ task: 'b', none: 1, notFinite: 0 }]])
  })

  it('takes no notice of a task that is only scored', async () => {
    const own: Task[] = [...tasks, { name: 'seen', kind: 'regression' }]
    expect(await found(engine, specOf('pcgrad'), [tableOf([2], 3), tableOf([-1], 3)], own))
      .toEqual([undefined, [{ task: 'b', none: 1, notFinite: 0 }]])
    const first: Task[] = [{ name: 'seen', kind: 'regression' }, ...tasks]
    const table = tableOf([-1], 3)
    expect(await found(engine, specOf('pmtrec'), [table], first)).toEqual([[{ task: 'b', none: 1, notFinite: 0 }]])
  })
})

it.each([...ofLosses])('%s looks at no gradients, and says nothing of them', async (kind) => {
  expect(await found('tfjs', specOf(kind), [tableOf([-1])])).toEqual([undefined])
})

it('has every kind of balancer in one of the two lists', () => {
  expect(looking.length + ofLosses.size).toBe(balancers.length)
  expect(looking).toContain('grad-norm')
})

/** A shared layer and a head for each task; that of ctcvr is cut off by a ReLU that is far below 0. */
const dead = (off: number): Model => ({
  name: 'dead',
  segments: ({ numeric }, all) => [
    { name: 'bottom.weight', shape: [numeric.length, 3], axes: ['in', 'out'], role: 'bottom', initial: { kind: 'glorot', fanIn: numeric.length, fanOut: 3 } },
    ...all.map(({ name }) => ({
      name: `${name}.weight`, shape: [3, 1], axes: ['in', 'out'], role: 'tower', task: name, initial: { kind: 'glorot', fanIn: 3, fanOut: 1 },
    } as const)),
  ],
  forward(parameters, { numeric }, _, { tasks: all }) {
    const shared = tf.matMul(numeric, parameters['bottom.weight'])
    return {
      heads: Object.fromEntries(all.map(({ name }) => {
        const logits = tf.matMul(shared, parameters[`${name}.weight`])
        return [name, name === 'ctcvr' ? tf.relu(tf.sub(logits, off)) : logits]
      })),
    }
  },
})

/** Passes nothing back. */
const stop = (x: tf.Tensor): tf.Tensor =>
  differentiable([x], () => ({ value: tf.clone(x), gradient: (dy) => [tf.zerosLike(dy)] }))

/** Like `dead`, but that the head of ctcvr is alive: what it reads of the shared layer passes nothing back. */
const cut: Model = {
  ...dead(0),
  name: 'cut',
  forward(parameters, { numeric }, _, { tasks: all }) {
    const shared = tf.matMul(numeric, parameters['bottom.weight'])
    return {
      heads: Object.fromEntries(all.map(({ name }) => (
        [name, tf.matMul(name === 'ctcvr' ? stop(shared) : shared, parameters[`${name}.weight`])]))),
    }
  },
}

const flown = (
  model: Model | ModelSpec, balance: string | BalancerInput, given: SimulateOptions = {}, more: Partial<Specification> = {},
): Promise<Run> =>
  simulate(
    {
      world: { kind: 'storefronts', scenarios: 2, impressions: 300 },
      model, local: { batch: 64, balance: typeof balance === 'string' ? specOf(balance) : balance },
      strategy: { kind: 'fedavg' }, rounds: { kind: 'synchronous', count: 2 }, evaluate: { start: false }, ...more,
    },
    { workers: 1, engine: 'tfjs', seed: 3, ...given },
  )

describe('a run', () => {
  it('warns once of a task without a gradient: in how many steps, of whom first, and where it is read', async () => {
    const out = join(mkdtempSync(join(tmpdir(), 'windtunnel-odd-')), 'run')
    const run = await flown(dead(1e9), 'mgda', { out })
    // 210 training rows of each of two clients in batches of 64, twice.
    expect(run.oddGradients).toEqual([
      { task: 'ctcvr', what: 'none', steps: 16, clients: 2, first: { client: expect.stringMatching(/^client-store-[12]$/), round: 1 } },
    ])
    const { client } = run.oddGradients[0].first
    expect(run.warnings).toEqual([
      `balancing found no gradient of ctcvr in 16 steps of 2 clients, first of ${client} in round 1, though rows had its label: ` +
        'the shared parameters that it looks at learnt nothing from it there (from no task, where the rule is mgda or imtl)',
    ])
    expect(readManifest(out, realDisk).warnings).toEqual(run.warnings)
    expect(summarise(run).warnings).toEqual(run.warnings)
    expect(report(run, 100, '').replaceAll(/\s+/g, ' ')).toContain('warning: balancing found no gradient of ctcvr in 16 steps')
  })

  it.each(['pcgrad', 'grad-drop', 'grad-norm'])('warns where a head trains and passes nothing to what is shared: %s', async (kind) => {
    for (const engine of ['tfjs', 'onnx'] as const) {
      const { oddGradients, warnings } = await flown(cut, kind, { engine })
      expect(oddGradients).toMatchObject([{ task: 'ctcvr', what: 'none', steps: 16, clients: 2 }])
      expect(warnings.length).toBe(1)
    }
  })

  it('warns that GradNorm looks where the first task of AITM never comes, and not once it looks elsewhere', async () => {
    const model = aitm({ embedding: 2, bottom: [4], tower: [2] })
    expect((await flown(model, 'grad-norm')).oddGradients).toMatchObject([{ task: 'ctr', what: 'none', steps: 16 }])
    expect((await flown(model, { kind: 'grad-norm', layer: 'numeric.weight' })).warnings).toEqual([])
  })

  it('warns of one that is not finite', async () => {
    const { warnings } = await flown(dead(NaN), 'pcgrad', { engine: 'onnx' }, { onDivergence: 'go-on' })
    // The first step of each of four trainings has spoilt only ctcvr's; nothing is folded.
    for (const [task, steps] of [['ctr', 12], ['ctcvr', 16]] as const) {
      expect(warnings).toContainEqual(expect.stringMatching(
        `^balancing found a gradient of ${task} that is not finite in ${steps} steps of 2 clients, ` +
          'first of client-store-[12] in round 1: the model trained there is not finite either$',
      ))
    }
  })

  it('that ends because it diverged says of which task first', async () => {
    // The first of four steps of each client has spoilt only ctcvr's.
    await expect(flown(dead(NaN), 'pcgrad')).rejects.toThrow(
      /^Training diverged: updates of client-store-1, client-store-2 were not finite by the close of round 1; balancing found gradients that are not finite of ctcvr \(8 steps\), ctr \(6 steps\), first of client-store-[12] in round 1\. Lower/,
    )
    await expect(flown(dead(NaN), 'pcgrad', {}, { strategy: { kind: 'local-only' } })).rejects.toThrow(
      /^The model diverged: scores of .* are not finite after round 1; balancing found gradients that are not finite of ctcvr /,
    )
    await expect(flown(dead(NaN), 'equal')).rejects.toThrow(/were not finite by the close of round 1\. Lower/)
  })

  it('says nothing where all is well, or where losses alone are weighed', async () => {
    expect((await flown(dead(0), 'pcgrad')).warnings).toEqual([])
    expect((await flown(dead(1e9), 'equal')).warnings).toEqual([])
  })

  it('says the same with any number of workers', async () => {
    const [one, two] = await Promise.all([1, 2].map((workers) => flown(dead(1e9), 'pcgrad', { engine: 'onnx', workers })))
    expect(two.digest).toBe(one.digest)
    expect(two.oddGradients).toEqual(one.oddGradients)
    expect(one.oddGradients.length).toBe(1)
  })
})
