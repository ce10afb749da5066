import { describe, expect, it } from 'vitest'
import type { Training } from '../../src/engine/engine.js'
import type { Graph } from '../../src/engine/graph/graph.js'
import { sizeOf } from '../../src/engine/graph/shapes.js'
import { sgd } from '../../src/engine/program/optimizer.js'
import { scoringBody, trainingBody } from '../../src/engine/program/program.js'
import { portsOf } from '../../src/engine/tfjs/tfjs-engine.js'
import { openTfjs } from '../../src/engine/tfjs/tfjs-session.js'
import { trace } from '../../src/engine/trace/trace.js'
import { buildLayout } from '../../src/models/layout.js'
import { buildModel, mmoe, ple, sharedBottom, type ModelSpec } from '../../src/models/registry.js'
import { isShared } from '../../src/balancing/balancer.js'
import { balancerSchema, balancers, buildBalancer, type BalancerInput } from '../../src/balancing/registry.js'
import type { Task } from '../../src/tasks/task.js'
import { runtimes } from '../engine/runtimes.js'
import { between, bits, distance, fly, flyIn, type Fill } from '../engine/traced.js'

/* What balancers cost, and two tasks, for which most rules have a closed form of their own. */

const features = { categorical: [{ name: 'item', size: 7 }, { name: 'place', size: 5 }], numeric: ['x', 'y', 'z'] }

const trainingOf = (spec: ModelSpec, tasks: readonly Task[], balance?: BalancerInput): Training => {
  const model = buildModel(spec)
  const layout = buildLayout(model.segments(features, tasks))
  return {
    model, features, tasks, layout, optimizer: sgd(0.1, { momentum: 0.5 }), taskWeights: tasks.map(() => 1 / tasks.length),
    proximal: false, proximalSegments: [], batch: 16, chunk: 1, cohort: 1,
    ...(balance && { balancer: buildBalancer(balancerSchema.parse(balance), layout, tasks) }),
  }
}

const named = (...names: string[]): Task[] => names.map((name) => ({ name, kind: 'binary' }))

/** Options of balancers that cannot do without any. */
const needed: Readonly<Record<string, object>> = { fixed: { weights: { a: 1, b: 2 } }, decay: { ratios: { a: 0.9 } } }
const kinds = balancers.map(({ kind }) => kind)
const specOf = (kind: string): BalancerInput => ({ kind, ...needed[kind] }) as BalancerInput

/** Operations in products of matrices with a batch in them: forward and backward passes, and little else. */
const passes = ({ nodes }: Graph): number =>
  nodes.reduce((sum, { op, inputs, shape, attributes }) => {
    if (op !== 'BatchMatMul') return sum
    const a = nodes[inputs[0]].shape
    return sum + 2 * sizeOf(shape) * a[a.length - (attributes.transposeA ? 2 : 1)]
  }, 0)

describe('what a balancer costs', () => {
  const tasks = named('a', 'b', 'c')
  const cost = (training: Training): number => passes(trace(trainingBody({ ...training, batch: 256 }, 1)))
  const gradient = ['pcgrad', 'aligned-mtl', 'pmtrec', 'meta-balance', 'grad-norm']

  it.each([
    ['MMoE', mmoe({ embedding: 8, experts: 4, expert: [32, 32], tower: [16] })],
    ['shared bottom', sharedBottom({ embedding: 8, bottom: [64, 64], tower: [16] })],
  ])('%s: at most tasks + 1 backward passes of the shared part, one of the rest', (_, spec) => {
    const plain = trainingOf(spec, tasks)
    const once = cost(plain)
    const shared = plain.layout.segments.filter(isShared).map(({ name }) => name)
    const partOfShared = once - cost({ ...plain, frozen: shared })
    for (const kind of gradient) {
      expect(cost(trainingOf(spec, tasks, specOf(kind))), kind).toBeLessThan(once + tasks.length * partOfShared)
    }
    for (const kind of ['uncertainty', 'dwa', 'rlw']) {
      expect(cost(trainingOf(spec, tasks, specOf(kind))), kind).toBeLessThan(once * 1.001)
    }
  })

  it('PLE, whose own experts lie between a task and what all share: at most tasks + 1 backward passes', () => {
    const spec = ple({ embedding: 8, shared: 2, specific: 1, levels: [[32], [32]], tower: [16] })
    const plain = trainingOf(spec, tasks)
    const forward = passes(trace(scoringBody(plain, 256)))
    const backward = cost(plain) - forward
    for (const kind of gradient) {
      const spent = cost(trainingOf(spec, tasks, specOf(kind)))
      expect(spent, kind).toBeLessThan(forward + (tasks.length + 1) * backward)
    }
  })
})

describe('two tasks', () => {
  const fill: Fill = (source, size, client) => {
    const unit = between(0, 1)(source, size, client)
    switch (source.kind) {
      case 'categorical':
        return Int32Array.from(unit, (u, i) => Math.floor(u * (i % 2 === 0 ? 7 : 5)))
      case 'label':
        return Float32Array.from(unit, (u) => Number(u < 0.4))
      case 'label-weight':
        return new Float32Array(size).fill(1 / size)
      case 'scalar':
      case 'balance-input':
      case 'balance':
        return unit.map((u) => 0.1 + u)
      default:
        return unit.map((u) => u - 0.5)
    }
  }

  const spec = mmoe({ embedding: 4, experts: 2, expert: [8], tower: [4] })

  it.each(kinds)('%s: as plain TensorFlow.js, and the same bits alone and in company', async (kind) => {
    const body = trainingBody(trainingOf(spec, named('a', 'b'), specOf(kind)), 1)
    const [wanted] = await flyIn(openTfjs(body, portsOf(trace(body))), fill, [1])
    for (const { name: runtime, compile } of runtimes.filter(({ missing }) => missing === undefined)) {
      const compiled = compile(body)
      const together = await fly(compiled, fill, [0, 1, 2])
      const [alone] = await fly(compiled, fill, [1])
      for (const [name, values] of Object.entries(wanted)) {
        expect(bits(alone[name]), `${runtime} ${name}`).toBe(bits(together[1][name]))
        expect(distance(alone[name], values), `${runtime} ${name}`).toBeLessThan(2e-4)
      }
    }
  })
})
