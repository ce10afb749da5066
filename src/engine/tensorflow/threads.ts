/**
 * One thread for a whole process, set before TensorFlow is loaded, which keeps one set of threads a process: a product
 * that several threads share adds up in another order.
 */
export const oneThread = {
  TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '3',
} as const
