import * as tf from '@tensorflow/tfjs'
import type { Engine } from '../engine.js'
import { EngineError } from '../engine-error.js'
import { Programs } from '../program/programs.js'
import { eagerEngine } from '../tfjs/tfjs-engine.js'
import { CohortEngine } from '../workers/cohort-engine.js'
import { Executor } from '../workers/executor.js'
import { Inline } from '../workers/inline.js'
import { Processes } from '../workers/processes.js'
import type { Disturbance } from '../workers/workers.js'
import { compileTensorflow } from './compile.js'
import { checkNode, loadNative, versionsOf } from './native.js'
import { openTensorflow } from './session.js'
import { oneThread } from './threads.js'

/** Whether TensorFlow has one thread in this process, or will have when it is loaded. */
const oneThreadHere = (): boolean =>
  tf.findBackend('tensorflow') === null || Object.entries(oneThread).every(([name, value]) => process.env[name] === value)

/**
 * Programs are recorded and emitted here, and run in native TensorFlow with the cohort as the leading axis, in so many
 * child processes. With `workers` 0 this process runs them, unless a script has loaded TensorFlow into it with more
 * threads than one: then one child does. Same bits either way.
 */
export const tfjsNodeEngine = async (workers: number, disturb: Disturbance = {}): Promise<Engine> => {
  checkNode(process.versions.node)
  const programs: Programs = new Programs('tfjs-node', compileTensorflow)
  if (workers === 0 && oneThreadHere()) {
    const versions = versionsOf(loadNative())
    const executor = new Executor((program, part) => openTensorflow(programs.compiled(program, part)))
    return new CohortEngine('tfjs-node', programs, new Inline(executor, programs, disturb), { versions })
  }
  const processes = new Processes(Math.max(1, workers), 'tensorflow', programs, disturb)
  try {
    return new CohortEngine('tfjs-node', programs, processes, { versions: await processes.ready })
  } catch (error) {
    await processes.close()
    throw error
  }
}

/**
 * Plain TensorFlow.js on the native backend, kernel by kernel and one client at a time: there to be compared with. In
 * this process, whatever the number of workers, because it calls the model, and user code never loads in a worker.
 */
export const tfjsNodeEagerEngine = (): Engine => {
  if (!oneThreadHere()) {
    throw new EngineError(
      "The engine 'tfjs-node-eager' needs TensorFlow on one thread, but it was loaded before with more. Let the script " +
        'not import @tensorflow/tfjs-node, or set TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS and OMP_NUM_THREADS ' +
        'to 1 and TF_CPP_MIN_LOG_LEVEL to 3 before Node starts.',
    )
  }
  return eagerEngine('tfjs-node-eager', 'tensorflow', versionsOf(loadNative()))
}
