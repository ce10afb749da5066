import type { Engine } from '../engine.js'
import { Programs } from '../program/programs.js'
import { CohortEngine } from '../workers/cohort-engine.js'
import { Executor } from '../workers/executor.js'
import { Inline } from '../workers/inline.js'
import { Pool } from '../workers/pool.js'
import type { Disturbance } from '../workers/workers.js'
import { compileOnnx } from './compile.js'
import { openOnnx } from './session.js'

/**
 * The default engine: programs are recorded and emitted here, and run in ONNX Runtime with the cohort as the leading
 * axis, in this thread (`workers` 0) or in so many worker threads. Same bits either way.
 */
export const onnxEngine = (workers: number, disturb: Disturbance = {}): Engine => {
  const programs: Programs = new Programs('onnx', (graph) => compileOnnx(graph))
  if (workers > 0) return new CohortEngine('onnx', programs, new Pool(workers, programs, disturb))
  const executor = new Executor((program, part) => openOnnx(programs.compiled(program, part)))
  return new CohortEngine('onnx', programs, new Inline(executor, programs, disturb))
}
