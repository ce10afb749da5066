import { availableParallelism } from 'node:os'
import { SpecificationError } from '../errors.js'
import type { Engine } from './engine.js'
import { EngineError } from './engine-error.js'
import type { Disturbance } from './workers/workers.js'

/** Engines by name; `surrogate` trains nothing. The default is always `onnx`, whatever is installed: results would depend on it. */
export const engineNames = ['onnx', 'tfjs', 'tfjs-node', 'tfjs-node-eager', 'surrogate'] as const
export type EngineName = (typeof engineNames)[number]
export const defaultEngine: EngineName = 'onnx'

/**
 * The most workers that may be asked for. Each is a thread or process with a runtime of its own: 256 threads took 3.4 GB
 * where each had work. Above the number of cores another one makes nothing faster, and a million end the process.
 */
export const mostWorkers = 256

export interface EngineOptions {
  readonly engine?: EngineName
  /**
   * Worker threads, or processes where TensorFlow is native; 0 trains in the calling thread. Default: one per core.
   * Results do not depend on it. Engines that run the model eagerly have none.
   */
  readonly workers?: number
  /** For tests only: delays and deaths, none of which may show in a result. */
  readonly disturb?: Disturbance
}

const load = async (engine: EngineName, workers: number, disturb: Disturbance | undefined): Promise<Engine> => {
  switch (engine) {
    case 'onnx':
      await (await import('./onnx/fetch-runtime.js')).ensureRuntime({ tell: (words) => process.stderr.write(`windtunnel: ${words}\n`) })
      return (await import('./onnx/onnx-engine.js')).onnxEngine(workers, disturb)
    case 'tfjs':
      return (await import('./tfjs/tfjs-engine.js')).tfjsEngine()
    case 'tfjs-node':
      return (await import('./tensorflow/tfjs-node-engine.js')).tfjsNodeEngine(workers, disturb)
    case 'tfjs-node-eager':
      return (await import('./tensorflow/tfjs-node-engine.js')).tfjsNodeEagerEngine()
    case 'surrogate':
      return new (await import('./surrogate/surrogate-engine.js')).SurrogateEngine()
    default:
      throw new SpecificationError(`there is no engine '${String(engine)}'; choose one of ${engineNames.join(', ')}`)
  }
}

/** Opens an engine. Throws `EngineError` when its runtime cannot be loaded, and says what to do about it. */
export const openEngine = async ({ engine = defaultEngine, workers, disturb }: EngineOptions = {}): Promise<Engine> => {
  const threads = workers ?? Math.min(availableParallelism(), mostWorkers)
  if (!Number.isInteger(threads) || threads < 0 || threads > mostWorkers) {
    throw new SpecificationError(`${threads} workers: give a whole number from 0 (train in this thread) to ${mostWorkers}`)
  }
  try {
    return await load(engine, threads, disturb)
  } catch (error) {
    if (error instanceof SpecificationError || error instanceof EngineError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new EngineError(
      `The engine '${engine}' cannot be loaded: ${reason}. Install windtunnel again, in a checkout by \`npm install\`. ` +
        '`--engine tfjs` needs no native code, but it is slow, and its numbers differ in the last digits.',
      { cause: error },
    )
  }
}
