import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import * as tf from '@tensorflow/tfjs'
import { packageFolder } from '../../package.js'
import { EngineError } from '../engine-error.js'
import { oneThread } from './threads.js'

/** A tensor of the native library. */
export interface Handle {
  readonly id: number
  readonly shape: readonly number[]
  readonly dtype: number
}

/** The part of tfjs-node's addon that a session needs: tensors by number, without TensorFlow.js around them. */
export interface Binding {
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_Version: string
  /** Takes the values as they are now; they must not change before the tensor is deleted. */
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): Float32Array
  /** Names, as `name:output`, are separated by commas. */
  runSavedModel(model: number, inputs: readonly number[], inputNames: string, outputNames: string): readonly Handle[]
}

export interface SavedModel {
  /** The addon's number for it. */
  readonly sessionId: number
  dispose(): void
}

/** The module `@tensorflow/tfjs-node`, so far as it is used here. It is optional, so its own types may be missing. */
export interface Native {
  readonly version: Readonly<Record<string, string>>
  readonly node: { loadSavedModel(folder: string): Promise<SavedModel> }
}

const packageName = '@tensorflow/tfjs-node'

/** Beside this package, where somebody installed it; or where `npm run native-tensorflow` puts it, out of npm's way. */
const loadInstalled = (name: string): unknown => {
  const own = join(packageFolder(), 'engine', 'native', 'package.json')
  return createRequire(existsSync(own) ? own : import.meta.url)(name) as unknown
}

/** From Node 23 on tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node has no longer. */
const firstBrokenNode = 23

/** Throws where the version of Node alone rules the engine out. */
export const checkNode = (version: string): void => {
  if (Number(version.split('.')[0]) < firstBrokenNode) return
  throw new EngineError(
    `The engine 'tfjs-node' does not run on Node ${version}: ${packageName} 4.22 needs a function that Node ` +
      `${firstBrokenNode} removed. Use Node 20 or 22, or the engine onnx, which runs on every version.`,
  )
}

/**
 * Loads tfjs-node with one TensorFlow thread. TensorFlow.js's current backend stays the one that it was. Throws
 * `EngineError` where Node is too new, where the native library is missing, and in a worker thread, which cannot set
 * TensorFlow's environment and would share its one thread pool with all others.
 */
export const loadNative = (load: (name: string) => unknown = loadInstalled): Native => {
  checkNode(process.versions.node)
  if (!isMainThread) {
    throw new EngineError("The engine 'tfjs-node' was opened in a worker thread; give it a process of its own.")
  }
  Object.assign(process.env, oneThread)
  // Asking for the engine's backend makes TensorFlow.js choose its default, so that there is one to go back to.
  void tf.engine().backend
  const before = tf.getBackend()
  try {
    return load(packageName) as Native
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new EngineError(
      `The engine 'tfjs-node' has no native library here: ${reason.trim()}. Run \`npm run native-tensorflow\` in the ` +
        'checkout: it needs Node 20 or 22 with its headers, python3 with pip, and a C++ compiler. Or use the engine ' +
        'onnx, which needs nothing of this.',
      { cause: error },
    )
  } finally {
    void tf.setBackend(before)
  }
}

/** The addon of a module that is loaded. */
export const bindingOf = (): Binding =>
  (tf.findBackend('tensorflow') as unknown as { readonly binding: Binding }).binding

/** What a run's manifest says of a module that is loaded. */
export const versionsOf = ({ version }: Native): Readonly<Record<string, string>> => ({
  [packageName]: version['tfjs-node'],
  libtensorflow: bindingOf().TF_Version,
})
