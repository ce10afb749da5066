import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Table } from '../../src/data/table.js'
import { nameOf, type DType, type Sink, type Source } from '../../src/engine/program/body.js'
import type { TrainJob } from '../../src/engine/engine.js'
import type { Recipe } from '../../src/engine/program/recipe.js'
import { dataOf, type Data } from '../../src/engine/feeding/rows.js'
import type { Port, Session } from '../../src/engine/runtime.js'
import { Stage } from '../../src/engine/feeding/stage.js'
import { trainCohort } from '../../src/engine/feeding/train.js'
import { scoreCohort } from '../../src/engine/feeding/score.js'
import { permutation, streams } from '../../src/random/streams.js'
import { scalarsOf } from '../../src/engine/program/update.js'
import type { Task } from '../../src/tasks/task.js'

/*
 * The feeder against a slow, obvious one. The "graph" here is a recorder: it notes what each client is fed, adds 1 to
 * every parameter, 10 to every slot, and gives as loss the sum of the step's label weights times the parameters' first.
 */

const tasks: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'kind', kind: 'multiclass', classes: 3 }]
const segments = [{ name: 'w', offset: 0, size: 4 }, { name: 'b', offset: 4, size: 1 }]
const optimizer = { kind: 'adam', rate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 } as const
const fields = 3
/** Odd and even widths are copied differently. */
const columns = 4

const recipe = (batch: number, chunk: number): Recipe => ({
  program: 'p', segments, size: 5, tasks, trained: [0, 1], optimizer, batch, chunk, scoreBatch: 16,
})

const port = <K extends Source | Sink>(kind: K, shape: readonly number[], dtype: DType = 'float32'): Port<K> => ({
  name: nameOf(kind), kind, shape, dtype,
})

const shapes: Readonly<Record<string, readonly number[]>> = { w: [2, 2], b: [] }

const statePorts = (): (Port<Source> & Port<Sink>)[] =>
  ['w', 'b'].flatMap((segment) => [
    port({ kind: 'parameter', segment }, shapes[segment]),
    port({ kind: 'slot', slot: 'm', segment }, shapes[segment]),
  ])

const stepPorts = (step: number, rows: number): Port<Source>[] => [
  port({ kind: 'categorical', step }, [rows, fields], 'int32'),
  port({ kind: 'numeric', step }, [rows, columns]),
  port({ kind: 'weight', step }, [rows]),
  port({ kind: 'label', step, task: 'ctr' }, [rows]),
  port({ kind: 'label', step, task: 'kind' }, [rows, 3]),
  port({ kind: 'label-weight', step, task: 'ctr' }, [rows]),
  port({ kind: 'label-weight', step, task: 'kind' }, [rows]),
  port({ kind: 'uniform', step, draw: 0 }, [rows, 2]),
  port({ kind: 'scalar', name: 'rate', step }, []),
  port({ kind: 'scalar', name: 'mu', step }, []),
]

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

type Seen = Record<string, number[]>

/** Records one `Seen` per client and step; the client is recognised by its parameter `b`, the steps by `w`. */
const recorder = (steps: number, rows: number, seen: Map<string, Seen>): Session => {
  const inputs = [
    ...statePorts(),
    port({ kind: 'anchor', segment: 'w' }, [2, 2]),
    ...Array.from({ length: steps }, (_, step) => stepPorts(step, rows)).flat(),
  ]
  const losses = Array.from({ length: steps }, (_, step) =>
    tasks.map(({ name }) => port<Sink>({ kind: 'loss', step, task: name }, [])),
  ).flat()
  const outputs = [...statePorts(), ...losses]
  return {
    inputs,
    outputs,
    async run(cohort, feeds, results) {
      for (const { name, shape } of inputs) expect(feeds[name].length, name).toBe(cohort * sizeOf(shape))
      for (let lane = 0; lane < cohort; lane++) {
        const take = (name: string, shape: readonly number[]): number[] =>
          [...feeds[name].subarray(lane * sizeOf(shape), (lane + 1) * sizeOf(shape))]
        const [client] = take('parameter/b', [])
        const [taken] = take('parameter/w', [2, 2])
        for (let step = 0; step < steps; step++) {
          const ports = inputs.filter(({ kind }) => !('step' in kind) || kind.step === step)
          const record = ports.map(({ kind, name, shape }) => [
            nameOf('step' in kind ? { ...kind, step: 0 } : kind), take(name, shape),
          ])
          seen.set(`${client}.${taken + step}`, Object.fromEntries(record))
          for (const { name } of tasks) {
            const weights = take(`label-weight/${step}/${name}`, [rows])
            results[`loss/${step}/${name}`][lane] = weights.reduce((a, b) => a + b, 0) > 0 ? taken + step : 99
          }
        }
        for (const { name, kind, shape } of statePorts()) {
          const add = kind.kind === 'slot' ? 10 * steps : 'segment' in kind && kind.segment === 'w' ? steps : 0
          const values = take(name, shape).map((x) => x + add)
          results[name].set(values, lane * sizeOf(shape))
        }
      }
    },
    async close() {},
  }
}

const table = (rows: number, salt: number): Table => {
  const label = (i: number): number => ((i + salt) % 5 === 0 ? NaN : (i + salt) % 2)
  return {
    rows,
    categorical: Int32Array.from({ length: rows * fields }, (_, i) => i * 7 + salt),
    numeric: Float32Array.from({ length: rows * columns }, (_, i) => i + salt / 8),
    labels: Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? label(i / 2) : (i + salt) % 3)),
  }
}

const pad = (values: number[], length: number): number[] =>
  Array.from({ length }, (_, i) => (i < values.length ? values[i] : 0))
const oneHot = (value: number): number[] => [0, 1, 2].map((c) => (c === value ? 1 : 0))
const filled = (value: number | undefined): number[] => Array<number>(4).fill(value ?? 0)

/** What step `ordinal` of a job must be fed, said the long way. */
const expectedStep = (job: TrainJob, data: Table, batch: number, ordinal: number): Seen => {
  const perEpoch = Math.ceil(data.rows / batch)
  const epoch = Math.floor(ordinal / perEpoch)
  const order = [...permutation(data.rows, streams(job.plan.seed)(...job.plan.key, 'order', epoch))]
  const rows = order.slice((ordinal % perEpoch) * batch, (ordinal % perEpoch) * batch + batch)
  const padded = Math.ceil(batch / 16) * 16
  const take = (matrix: ArrayLike<number>, width: number): number[] =>
    rows.flatMap((row) => Array.from({ length: width }, (_, c) => matrix[row * width + c]))
  const labels = (task: number): number[] => rows.map((row) => data.labels[row * 2 + task])
  const weights = (values: number[]): number[] => {
    const known = values.filter((value) => !Number.isNaN(value)).length
    return pad(values.map((value) => (Number.isNaN(value) ? 0 : Math.fround(1 / known))), padded)
  }
  const draw = streams(job.plan.seed)(...job.plan.key, 'dropout', ordinal, 0)
  const before = job.optimizer?.steps ?? 0
  return {
    'parameter/w': filled(ordinal),
    'parameter/b': [job.parameters[4]],
    'slot/m/w': filled((job.optimizer?.slots.m[0] ?? 0) + 10 * ordinal),
    'slot/m/b': [(job.optimizer?.slots.m[4] ?? 0) + 10 * ordinal],
    'anchor/w': [...(job.anchor ?? job.parameters).subarray(0, 4)],
    'categorical/0': pad(take(data.categorical, fields), padded * fields),
    'numeric/0': pad(take(data.numeric, columns), padded * columns),
    'weight/0': pad(rows.map(() => Math.fround(1 / rows.length)), padded),
    'label/0/ctr': pad(labels(0).map((value) => (Number.isNaN(value) ? 0 : value)), padded),
    'label/0/kind': pad(labels(1).flatMap(oneHot), padded * 3),
    'label-weight/0/ctr': weights(labels(0)),
    'label-weight/0/kind': weights(labels(1)),
    'uniform/0/0': Array.from({ length: padded * 2 }, () => Math.min(Math.fround(draw()), 1 - 2 ** -24)),
    'scalar/rate/0': [Math.fround(scalarsOf(optimizer, before + ordinal + 1).rate)],
    'scalar/mu/0': [Math.fround(job.mu ?? 0)],
  }
}

const client = fc.record({
  rows: fc.integer({ min: 0, max: 40 }),
  epochs: fc.constantFrom(0, 0.3, 1, 1.5, 2),
  kept: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  anchored: fc.boolean(),
})

describe('the feeder', () => {
  it('feeds every step of every client as the slow one does, and carries state, losses and counts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(client, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 18 }),
        fc.integer({ min: 1, max: 4 }),
        async (clients, batch, chunk) => {
          const tables = clients.map(({ rows }, i) => table(rows, i))
          const jobs = clients.map(({ epochs, kept, anchored }, i): TrainJob => ({
            kind: 'train', client: `c${i}`, program: 'p', data: String(i),
            parameters: Float32Array.of(0, 0, 0, 0, 100 + i),
            plan: { epochs, seed: 'seed', key: ['round', 1, i] },
            ...(anchored && { anchor: new Float32Array(5).fill(i + 0.5), mu: 0.1 * i }),
            ...(kept && { optimizer: { steps: kept, slots: { m: new Float32Array(5).fill(kept * 1000) } } }),
          }))
          const seen = new Map<string, Seen>()
          const padded = Math.ceil(batch / 16) * 16
          const stages = {
            chunk: new Stage(recorder(chunk, padded, seen), recipe(batch, chunk)),
            step: new Stage(recorder(1, padded, seen), recipe(batch, chunk)),
          }
          const results = await trainCohort(
            recipe(batch, chunk), jobs, (handle) => dataOf(tables[Number(handle)]), async (part) => stages[part],
          )
          let steps = 0
          results.forEach((result, i) => {
            const expected = Math.max(0, Math.ceil(clients[i].epochs * Math.ceil(clients[i].rows / batch) - 1e-9))
            expect(result.steps).toBe(expected)
            for (let ordinal = 0; ordinal < expected; ordinal++) {
              const full = ordinal - (ordinal % chunk) + chunk <= expected
              const wanted = expectedStep(jobs[i], tables[i], batch, ordinal)
              const got = seen.get(`${100 + i}.${ordinal}`)!
              // Inside a chunk the recorder sees the state at its beginning.
              if (full && ordinal % chunk > 0) {
                for (const name of Object.keys(wanted)) {
                  if (/^(parameter|slot)/.test(name)) got[name] = wanted[name]
                }
              }
              expect(got).toEqual(wanted)
            }
            steps += expected
            const start = clients[i].kept ?? 0
            expect([...result.parameters]).toEqual([...Array<number>(4).fill(expected), 100 + i])
            expect(result.optimizer.steps).toBe(start + expected)
            if (expected > 0 || start > 0) {
              expect([...result.optimizer.slots.m]).toEqual(Array<number>(5).fill(1000 * start + 10 * expected))
            }
            tasks.forEach((_, task) => {
              const losses = Array.from({ length: expected }, (__, ordinal) => ordinal).filter((ordinal) =>
                expectedStep(jobs[i], tables[i], batch, ordinal)[`label-weight/0/${tasks[task].name}`].some(Boolean),
              )
              const mean = losses.length === 0 ? 0 : losses.reduce((a, b) => a + b, 0) / losses.length
              expect(result.losses[task]).toBeCloseTo(mean, 12)
            })
            expect([...jobs[i].parameters]).toEqual([0, 0, 0, 0, 100 + i])
          })
          expect(seen.size).toBe(steps)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('scoring', () => {
  it('puts every row of every table through once, whatever the grouping', async () => {
    const echo: Session = {
      inputs: [
        port<Source>({ kind: 'parameter', segment: 'b' }, []),
        port<Source>({ kind: 'numeric', step: 0 }, [16, columns]),
      ],
      outputs: [port<Sink>({ kind: 'score', task: 'ctr' }, [16]), port<Sink>({ kind: 'score', task: 'kind' }, [16, 3])],
      async run(cohort, feeds, results) {
        for (let lane = 0; lane < cohort; lane++) {
          for (let row = 0; row < 16; row++) {
            const at = (lane * 16 + row) * columns
            results['score/ctr'][lane * 16 + row] = feeds['numeric/0'][at] + 1000 * feeds['parameter/b'][lane]
            results['score/kind'].set(feeds['numeric/0'].subarray(at, at + 3), (lane * 16 + row) * 3)
          }
        }
      },
      async close() {},
    }
    const tables = [3, 0, 40, 16, 17].map((rows, i) => table(rows, i))
    const stage = new Stage(echo, recipe(16, 1))
    const jobs = tables.map((_, i) => ({
      kind: 'score' as const, client: `c${i}`, program: 'p', data: String(i),
      parameters: Float32Array.of(0, 0, 0, 0, i),
    }))
    const held = (handle: string): Data => dataOf(tables[Number(handle)])
    const results = await scoreCohort(recipe(16, 1), jobs, held, async () => stage)
    results.forEach(({ scores }, i) => {
      const { rows, numeric } = tables[i]
      const first = Float32Array.from({ length: rows }, (_, row) => numeric[row * columns] + 1000 * i)
      expect(scores).toEqual([first, numeric.filter((_, at) => at % columns < 3)])
    })
  })
})
