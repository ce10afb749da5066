import { cohort, solo } from '../src/engine/graph/cohort.js'
import { emitOnnx } from '../src/engine/onnx/emit.js'
import { openOnnx } from '../src/engine/onnx/session.js'
import { trainingBody } from '../src/engine/program/program.js'
import type { Compiled, Session } from '../src/engine/runtime.js'
import { sizeOf } from '../src/engine/graph/shapes.js'
import { trace } from '../src/engine/trace/trace.js'
import { adam } from '../src/engine/program/update.js'
import { buildLayout } from '../src/models/layout.js'
import { mmoeModel } from '../src/models/mmoe.js'
import { streams } from '../src/random/streams.js'
import type { Task } from '../src/tasks/task.js'
import { cpuSeconds, median, row } from './measure.js'

interface Size {
  readonly vocabulary: number
  readonly embedding: number
  readonly experts: number
  readonly expert: readonly number[]
  readonly tower: readonly number[]
  readonly batch: number
  /** Steps per measurement. */
  readonly steps: number
}

const sizes: Readonly<Record<string, Size>> = {
  small: { vocabulary: 100, embedding: 8, experts: 4, expert: [64, 32], tower: [16], batch: 256, steps: 20 },
  medium: { vocabulary: 1000, embedding: 16, experts: 8, expert: [256, 128], tower: [64], batch: 1024, steps: 2 },
}

const tasks: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }]

/** One step of Adam on an MMoE with 16 categorical fields and 63 numeric columns. */
const stepOf = ({ vocabulary, embedding, experts, expert, tower, batch }: Size) => {
  const features = {
    categorical: Array.from({ length: 16 }, (_, i) => ({ name: `field ${i}`, size: vocabulary })),
    numeric: Array.from({ length: 63 }, (_, i) => `column ${i}`),
  }
  const model = mmoeModel({ embedding, experts, expert, tower })
  const layout = buildLayout(model.segments(features, tasks))
  return trace(trainingBody({
    model, features, tasks, layout, optimizer: adam(1e-3), taskWeights: [1, 1], proximal: false, proximalSegments: [],
    batch, chunk: 1, cohort: 1,
  }, 1))
}

/** Buffers for one client, filled so that a step does real work. */
const fed = (session: Session, { vocabulary }: Size) => {
  const draw = streams('bench')('mmoe')
  const feeds: Record<string, Float32Array | Int32Array> = {}
  const results: Record<string, Float32Array> = {}
  for (const { name, shape, dtype, kind } of session.inputs) {
    const length = sizeOf(shape)
    if (dtype === 'int32') feeds[name] = Int32Array.from({ length }, () => Math.floor(draw() * vocabulary))
    else if (kind.kind === 'slot') feeds[name] = new Float32Array(length).fill(1e-3)
    else feeds[name] = Float32Array.from({ length }, () => (draw() - 0.5) / 5)
  }
  for (const { name, shape } of session.outputs) results[name] = new Float32Array(sizeOf(shape))
  return { feeds, results }
}

/**
 * CPU milliseconds of one step, with the cohort axis (one client in the run) and without, measured in turn because
 * machines change their speed.
 */
export const run = async (): Promise<Record<string, number>> => {
  const found: Record<string, number> = {}
  console.log(row('model, program', 'ms per step'))
  for (const [name, size] of Object.entries(sizes)) {
    const graph = stepOf(size)
    const programs: Record<string, Compiled> = { cohort: emitOnnx(cohort(graph)), alone: emitOnnx(solo(graph)) }
    const contenders = await Promise.all(Object.entries(programs).map(async ([style, compiled]) => {
      const session = await openOnnx(compiled)
      return { style, session, ...fed(session, size), times: [] as number[] }
    }))
    for (let turn = 0; turn < 15; turn++) {
      for (const { session, feeds, results, times } of contenders) {
        const before = cpuSeconds()
        for (let step = 0; step < size.steps; step++) await session.run(1, feeds, results)
        if (turn > 0) times.push(((cpuSeconds() - before) * 1e3) / size.steps)
      }
    }
    for (const { style, session, times } of contenders) {
      found[`${name} ${style}`] = Number(median(times).toFixed(3))
      console.log(row(`${name}, ${style}`, found[`${name} ${style}`]))
      await session.close()
    }
  }
  return found
}
