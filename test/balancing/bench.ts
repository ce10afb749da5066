import fc from 'fast-check'
import * as tf from '@tensorflow/tfjs'
import type { Layout } from '../../src/models/layout.js'
import { buildLayout, type SegmentSpec } from '../../src/models/layout.js'
import { fillInput, shapeOf } from '../../src/balancing/host-input.js'
import { balancerSchema, buildBalancer, type BalancerInput } from '../../src/balancing/registry.js'
import { streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'

/* A balancer on a bench: gradients and losses are given as plain numbers, and what comes out is read as such. */

/** One step as plain numbers. */
export interface PlainStep {
  /** Per task, the gradient of each shared segment, flat. */
  readonly gradients: readonly (readonly (readonly number[])[])[]
  readonly losses?: readonly number[]
  readonly present?: readonly number[]
  /** Steps that the client has taken before, and steps of an epoch. */
  readonly taken?: number
  readonly perEpoch?: number
}

export interface PlainResult {
  /** Of the losses, where the balancer weighs them. */
  readonly weights?: readonly number[]
  /** Per shared segment, flat, where it gives gradients. */
  readonly gradients?: readonly (readonly number[])[]
  readonly own?: readonly number[]
  readonly memory: Readonly<Record<string, readonly number[]>>
}

export const tasksOf = (count: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({ name: `t${i + 1}`, kind: 'binary' }))

const segment = (name: string, shape: readonly number[], more: Partial<SegmentSpec> = {}): SegmentSpec => ({
  name, shape, axes: shape.map((_, i) => (i === 0 ? 'in' : 'out')), role: 'bottom',
  initial: { kind: 'constant', value: 0 }, ...more,
})

/** One shared segment of `size` numbers. */
export const vectorLayout = (size: number): Layout => buildLayout([segment('v.weight', [1, size])])

/** Shared segments of the given shapes and roles. */
export const layoutOf = (...specs: readonly (readonly [string, readonly number[], Partial<SegmentSpec>?])[]): Layout =>
  buildLayout(specs.map(([name, shape, more]) => segment(name, shape, more)))

/** Runs a balancer over steps, each with what the one before remembered. */
export const runSteps = (spec: BalancerInput, layout: Layout, steps: readonly PlainStep[]): PlainResult[] => {
  void tf.setBackend('cpu')
  const tasks = tasksOf(steps[0].gradients.length)
  const balancer = buildBalancer(balancerSchema.parse(spec), layout, tasks)
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
  let memory: Readonly<Record<string, readonly number[]>> = Object.fromEntries(
    balancer.memory.map(({ name, shape, initial }) => [name, Array.from({ length: size(shape) }, () => initial)]),
  )
  return steps.map((step, ordinal) => {
    tf.engine().startScope()
    try {
      const stream = (name: string) => streams('bench')(name, ordinal)
      const moment = { taken: step.taken ?? ordinal, perEpoch: step.perEpoch ?? 1, stream }
      const all = step.gradients.map((own) =>
        Object.fromEntries(layout.segments.map(({ name, shape }, i) => [name, tf.tensor([...own[i]], [...shape])])))
      const result = balancer.balance({
        shared: layout.segments,
        losses: tf.tensor1d([...(step.losses ?? tasks.map(() => 1))]),
        present: tf.tensor1d([...(step.present ?? tasks.map(() => 1))]),
        gradients: () => all,
        input(name) {
          const input = balancer.inputs.find((each) => each.name === name)!
          const values = new Float32Array(size(shapeOf(input)))
          fillInput(input, moment, values, 0)
          return tf.tensor(values, [...shapeOf(input)])
        },
        memory: (name) => tf.tensor([...memory[name]], [...balancer.memory.find((each) => each.name === name)!.shape]),
      })
      const changed = Object.entries(result.memory ?? {}).map(([name, value]) => [name, [...value.dataSync()]] as const)
      memory = { ...memory, ...Object.fromEntries(changed) }
      if ('weights' in result) {
        const numbers = result.weights.map((weight) => (typeof weight === 'number' ? weight : weight.dataSync()[0]))
        return { weights: numbers, memory }
      }
      return {
        gradients: layout.segments.map(({ name }) => [...result.gradients[name].dataSync()]),
        ...(result.own && { own: [...result.own.dataSync()] }),
        memory,
      }
    } finally {
      tf.engine().endScope()
    }
  })
}

/** The joint gradient of one shared vector in one step. */
export const joint = (spec: BalancerInput, ...gradients: readonly (readonly number[])[]): readonly number[] =>
  runSteps(spec, vectorLayout(gradients[0].length), [{ gradients: gradients.map((own) => [own]) }])[0].gradients![0]

export const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0)

/** Whether two lists of numbers agree to single precision. */
export const near = (got: readonly number[], wanted: readonly number[], tolerance = 2e-5): boolean => {
  const scale = Math.max(1e-6, ...wanted.map(Math.abs))
  return got.length === wanted.length && got.every((x, i) => Math.abs(x - wanted[i]) <= tolerance * scale)
}

/**
 * Gradients that show their weights: each x_i is followed by the i-th unit vector, so that the joint gradient ends on
 * the weights.
 */
export const marked = (xs: readonly (readonly number[])[]): number[][] =>
  xs.map((x, i) => [...x, ...xs.map((_, j) => Number(i === j))])

/** The weights that a balancer gives gradients made by `marked`. */
export const weightsOf = (spec: BalancerInput, gradients: readonly (readonly number[])[]): readonly number[] =>
  joint(spec, ...gradients).slice(-gradients.length)

/** Lists of 2 to `most` vectors of small whole numbers. */
export const vectors = (most: number, least = 2): fc.Arbitrary<number[][]> =>
  fc.array(fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 3, maxLength: 3 }), { minLength: least, maxLength: most })

type Matrix = number[][]
const times = (a: Matrix, b: Matrix): Matrix => a.map((row) => b[0].map((_, j) => row.reduce((s, x, k) => s + x * b[k][j], 0)))

/** Gauss and Jordan, with pivots. */
const inverse = (a: Matrix): Matrix => {
  const n = a.length
  const rows = a.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))])
  for (let p = 0; p < n; p++) {
    const best = rows.slice(p).reduce((m, row, i) => (Math.abs(row[p]) > Math.abs(rows[m][p]) ? i + p : m), p)
    ;[rows[p], rows[best]] = [rows[best], rows[p]]
    rows[p] = rows[p].map((x) => x / rows[p][p] || 0).map((x, j) => (j === p ? 1 : x))
    for (let i = 0; i < n; i++) {
      const factor = rows[i][p]
      if (i !== p) rows[i] = rows[i].map((x, j) => x - factor * rows[p][j])
    }
  }
  return rows.map((row) => row.slice(n))
}

/** Aligned-MTL's sqrt(l_min) A^-1/2: Denman and Beavers for the root, inverse iteration for the eigenvalue. */
export const balanceMatrix = (a: Matrix): Matrix => {
  let [y, z]: Matrix[] = [a, a.map((row, i) => row.map((_, j) => Number(i === j)))]
  for (let k = 0; k < 40; k++) {
    const [iy, iz] = [inverse(y), inverse(z)]
    const half = (p: Matrix, q: Matrix): Matrix => p.map((row, i) => row.map((x, j) => (x + q[i][j]) / 2))
    ;[y, z] = [half(y, iz), half(z, iy)]
  }
  const inverted = inverse(a)
  let v: Matrix = a.map((_, i) => [1 + 0.37 * i])
  let largest = 1
  for (let k = 0; k < 4000; k++) {
    const next = times(inverted, v)
    largest = Math.sqrt(next.reduce((s, [x]) => s + x * x, 0))
    v = next.map(([x]) => [x / largest])
  }
  return z.map((row) => row.map((x) => x / Math.sqrt(largest)))
}
