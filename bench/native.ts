import { loadNative } from '../src/engine/tensorflow/native.js'

/** Loads native TensorFlow with one thread into this process; where it is missing, says why and gives false. */
export const nativeHere = (): boolean => {
  try {
    loadNative()
    return true
  } catch (error) {
    console.log(`without native TensorFlow: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}
