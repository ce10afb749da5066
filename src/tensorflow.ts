/** The TensorFlow.js that models are written in, for scripts: always the one that this package runs. */
export * from '@tensorflow/tfjs'
