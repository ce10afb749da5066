import { elementwiseKernels } from './kernels-elementwise.js'
import { productKernels } from './kernels-products.js'
import { shapingKernels } from './kernels-shaping.js'
import type { KernelRule } from './recorder.js'

/** Every TensorFlow.js kernel that can be recorded, by its name. */
export const kernels: Readonly<Record<string, KernelRule>> = {
  ...elementwiseKernels, ...shapingKernels, ...productKernels,
}
