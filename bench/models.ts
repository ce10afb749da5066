import type { Training } from '../src/engine/engine.js'
import type { Lanes } from '../src/engine/feeding/lanes.js'
import { compileOnnx } from '../src/engine/onnx/compile.js'
import { openOnnx } from '../src/engine/onnx/session.js'
import { adam } from '../src/engine/program/optimizer.js'
import { trainingBody } from '../src/engine/program/program.js'
import type { Session } from '../src/engine/runtime.js'
import { compileTensorflow } from '../src/engine/tensorflow/compile.js'
import { openTensorflow } from '../src/engine/tensorflow/session.js'
import { trace } from '../src/engine/trace/trace.js'
import { buildLayout, initialize } from '../src/models/layout.js'
import { buildModel, type ModelSpec } from '../src/models/registry.js'
import { streams } from '../src/random/streams.js'
import { balancerSchema, balancers, buildBalancer, type BalancerInput } from '../src/balancing/registry.js'
import type { Task } from '../src/tasks/task.js'
import { row } from './measure.js'
import { filled, measured } from './mmoe.js'
import { nativeHere } from './native.js'
import { kinds, nodeTimes } from './node-times.js'

/** The world of `npm run bench -- mmoe`, small, but that its first field tells 5 scenarios apart. */
const size = { vocabulary: 100, batch: 256 }
const [fields, scenarios] = [16, 5]
const features = {
  categorical: Array.from({ length: fields }, (_, i) => (
    i === 0 ? { name: 'scenario', size: scenarios } : { name: `field ${i}`, size: size.vocabulary })),
  numeric: Array.from({ length: 63 }, (_, i) => `column ${i}`),
}
const tasks: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }]

const [embedding, experts, expert, tower, bottom] = [8, 4, [64, 32], [16], [256, 64]]

/** One of each kind of model that reads impressions, of like widths. The ranker's step is its world's graph, not here. */
const models: readonly ModelSpec[] = [
  { kind: 'single-task', embedding, bottom, tower },
  { kind: 'mlp', hidden: bottom },
  { kind: 'shared-bottom', embedding, bottom, tower },
  { kind: 'esmm', embedding, tower: bottom },
  { kind: 'aitm', embedding, bottom, tower },
  { kind: 'cross-stitch', embedding, bottom, tower },
  { kind: 'star', embedding, hidden: bottom },
  { kind: 'omoe', embedding, experts, expert, tower },
  { kind: 'mmoe', embedding, experts, expert, tower },
  { kind: 'cgc', embedding, shared: 2, specific: 1, expert, tower },
  { kind: 'ple', embedding, shared: 2, specific: 1, levels: [[64], [32]], tower },
  { kind: 'pf-msmtrec', embedding, experts, expert, tower },
]

/** Balancers that cannot do without options. */
const options: Readonly<Record<string, object>> = {
  fixed: { weights: { ctr: 1, ctcvr: 0.5 } }, decay: { ratios: { ctr: 0.99 } },
}

const trainingOf = (spec: ModelSpec, balance: BalancerInput): Training => {
  const model = buildModel(spec)
  const layout = buildLayout(model.segments(features, tasks))
  return {
    model, features, tasks, layout, optimizer: adam(1e-3), taskWeights: [0.5, 0.5],
    balancer: buildBalancer(balancerSchema.parse(balance), layout, tasks),
    proximal: false, proximalSegments: [], batch: size.batch, chunk: 1, cohort: 1,
  }
}

/** Buffers as at the start of training: first values of the layout, a balancer's beginnings. */
const started = (session: Session, { layout, balancer }: Training): Lanes => {
  const lanes = filled(session, size)
  const values = initialize(layout, streams('bench'))
  const offsets = new Map(layout.segments.map(({ name, offset }) => [name, offset]))
  for (const { buffer, kind } of lanes.inputs) {
    if (kind.kind === 'balance-input') buffer.fill(0.5)
    if (kind.kind === 'categorical') for (let i = 0; i < buffer.length; i += fields) buffer[i] %= scenarios
  }
  for (const lane of lanes.state) {
    const offset = offsets.get(lane.segment)
    if (lane.vector === 'parameter') lanes.current(lane).set(values.subarray(offset, offset! + lane.size))
    if (lane.vector !== 'balance') continue
    lanes.current(lane).fill(balancer!.memory.find(({ name }) => name === lane.segment)!.initial)
  }
  return lanes
}

interface Times {
  /** CPU milliseconds a step. */
  readonly onnx: number
  readonly 'tfjs-node': number | null
  /** The kind of operation that takes most of it, and its share of all operations. */
  readonly dominant: string
  readonly operations: number
}

const effort = { steps: 3, turns: 16 }
const rounded = (ms: number): number => Number(ms.toPrecision(3))

const timed = async (session: Session, training: Training): Promise<number> => {
  const lanes = started(session, training)
  await measured(lanes, { steps: 3, turns: 1 })
  const ms = rounded(await measured(lanes, effort))
  await session.close()
  return ms
}

const measure = async (spec: ModelSpec, balance: BalancerInput, native: boolean): Promise<Times> => {
  const training = trainingOf(spec, balance)
  const graph = trace(trainingBody(training, 1))
  const compiled = compileOnnx(graph)
  const onnx = await timed(await openOnnx(compiled), training)
  const profile = await nodeTimes(compiled, (session) => measured(started(session, training), { steps: 1, turns: 12 }))
  const [dominant] = [...kinds].sort((a, b) => profile.kinds[b].ms - profile.kinds[a].ms)
  const whole = kinds.reduce((sum, kind) => sum + profile.kinds[kind].ms, 0)
  return {
    onnx,
    'tfjs-node': native ? await timed(await openTensorflow(compileTensorflow(graph)), training) : null,
    dominant: `${dominant} ${Math.round((100 * profile.kinds[dominant].ms) / whole)}%`,
    operations: kinds.reduce((sum, kind) => sum + profile.kinds[kind].operations, 0),
  }
}

const line = (name: string, times: Times, beside: Times): string =>
  row(
    name, times.onnx, times['tfjs-node'] ?? '-', `${(times.onnx / beside.onnx).toFixed(2)} x`, times.operations,
    ` ${times.dominant}`.padEnd(30),
  )

type Table = Readonly<Record<string, Times>>

/**
 * CPU milliseconds of a training step on one core, of every model under equal weights and of one MMoE under every
 * balancer; beside each, how many times the MMoE's step under equal weights it takes, and what dominates.
 */
export const run = async (): Promise<{ readonly models: Table; readonly balancers: Table }> => {
  const native = nativeHere()
  const mmoe = models.find(({ kind }) => kind === 'mmoe')!
  const beside = await measure(mmoe, { kind: 'equal' }, native)
  const found: { models: Record<string, Times>; balancers: Record<string, Times> } = { models: {}, balancers: {} }
  console.log(row('model, equal weights', 'onnx', 'tfjs-node', 'MMoE = 1', 'operations', ' dominant'))
  for (const spec of models) {
    const times = spec === mmoe ? beside : await measure(spec, { kind: 'equal' }, native)
    found.models[spec.kind] = times
    console.log(line(spec.kind, times, beside))
  }
  console.log(`\n${row('MMoE, balancer', 'onnx', 'tfjs-node', 'equal = 1', 'operations', ' dominant')}`)
  for (const { kind } of balancers) {
    const times = await measure(mmoe, { kind, ...options[kind] } as BalancerInput, native)
    found.balancers[kind] = times
    console.log(line(kind, times, found.balancers.equal))
  }
  return found
}
