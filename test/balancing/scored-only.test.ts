import { describe, expect, it } from 'vitest'
import type { Training } from '../../src/engine/engine.js'
import { checkTrained } from '../../src/engine/program/check-trained.js'
import { sgd } from '../../src/engine/program/optimizer.js'
import { trainingBody } from '../../src/engine/program/program.js'
import { portsOf } from '../../src/engine/tfjs/tfjs-engine.js'
import { openTfjs } from '../../src/engine/tfjs/tfjs-session.js'
import { trace } from '../../src/engine/trace/trace.js'
import { buildLayout } from '../../src/models/layout.js'
import { buildModel, esmm, type ModelSpec } from '../../src/models/registry.js'
import { meanWeights, trainedTasks } from '../../src/models/trained-tasks.js'
import { balancerSchema, balancers, buildBalancer, type BalancerInput } from '../../src/balancing/registry.js'
import type { Task } from '../../src/tasks/task.js'
import { between, flyIn, type Fill } from '../engine/traced.js'

/* ESMM scores conversion among clicks and has no loss for it: training is what it is without that task. */

const features = { categorical: [{ name: 'item', size: 7 }, { name: 'place', size: 5 }], numeric: ['x', 'y'] }
const named = (...names: string[]): Task[] => names.map((name) => ({ name, kind: 'binary' }))

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

const needed: Readonly<Record<string, object>> = {
  fixed: { weights: { click: 1, both: 2 } }, decay: { ratios: { click: 0.9 } },
}
const specOf = (kind: string): BalancerInput => ({ kind, ...needed[kind] }) as BalancerInput

const spec = esmm({ embedding: 4, tower: [4], click: 'click', both: 'both', conversion: 'conversion' })

const trainingOf = (given: ModelSpec, tasks: readonly Task[], balance?: BalancerInput): Training => {
  const model = buildModel(given)
  const layout = buildLayout(model.segments(features, tasks))
  return {
    model, features, tasks, layout, optimizer: sgd(0.1, { momentum: 0.5 }), taskWeights: meanWeights(model, tasks),
    proximal: false, proximalSegments: [], batch: 16, chunk: 1, cohort: 1,
    ...(balance && { balancer: buildBalancer(balancerSchema.parse(balance), layout, trainedTasks(model, tasks)) }),
  }
}

/** All that one step of plain TensorFlow.js gives, by name. */
const stepOf = async (training: Training) => {
  const body = trainingBody(training, 1)
  const [given] = await flyIn(openTfjs(body, portsOf(trace(body))), fill, [1])
  return given
}

const two = esmm({ embedding: 4, tower: [4], click: 'click', both: 'both' })

describe('a task that is only scored', () => {
  it.each([undefined, ...balancers.map(({ kind }) => kind)])('%s: has no part in a step', async (kind) => {
    const balance = kind === undefined ? undefined : specOf(kind)
    const wanted = await stepOf(trainingOf(two, named('click', 'both'), balance))
    for (const order of [['click', 'both', 'conversion'], ['conversion', 'click', 'both']]) {
      const given = await stepOf(trainingOf(spec, named(...order), balance))
      const { 'loss/0/conversion': loss, ...rest } = given
      expect(loss[0]).toBeGreaterThan(0)
      expect(rest).toEqual(wanted)
    }
  })

  it('moves the shared parameters under rules that a zero gradient would stop', async () => {
    const training = trainingOf(spec, named('click', 'both', 'conversion'), { kind: 'mgda' })
    const { name, size } = training.layout.segments.find(({ role }) => role === 'embedding')!
    const before = fill({ kind: 'parameter', segment: name }, size, 1)
    const { [`parameter/${name}`]: after, [`slot/velocity/${name}`]: velocity } = await stepOf(training)
    expect([...after]).not.toEqual([...before])
    expect(velocity.some((x) => x !== 0)).toBe(true)
  })

  it('is weighed by 0, and the others by one over their number', () => {
    const model = buildModel(spec)
    expect(meanWeights(model, named('click', 'conversion', 'both'))).toEqual([0.5, 0, 0.5])
    expect(trainedTasks(model, named('click', 'conversion', 'both')).map(({ name }) => name)).toEqual(['click', 'both'])
  })

  it('must be said to be one: a head that passes no gradient is found when the step is recorded', () => {
    const training = trainingOf(spec, named('click', 'both', 'conversion'))
    expect(() => checkTrained(training)).not.toThrow()
    const { scoredOnly: _, ...silent } = training.model
    expect(() => checkTrained({ ...training, model: silent })).toThrow(
      "The head 'conversion' of model 'esmm' passes no gradient, so its task trains nothing",
    )
    expect(() => checkTrained({ ...training, frozen: training.layout.segments.map(({ name }) => name) })).not.toThrow()
  })

  it('cannot be all there is, and a rule cannot name it', () => {
    const model = { ...buildModel(spec), scoredOnly: () => ['a', 'b'] }
    expect(() => trainedTasks(model, named('a', 'b'))).toThrow('only scores a, b, so nothing trains it')
    expect(() => trainingOf(spec, named('click', 'both', 'conversion'), { kind: 'meta-balance', main: 'conversion' }))
      .toThrow("names the task 'conversion': the tasks are click, both")
  })
})
