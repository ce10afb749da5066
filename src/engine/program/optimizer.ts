/** A local optimizer, as data. Its update rule is in `update.ts`; the learning rate arrives per step as a scalar. */
export type Optimizer =
  | { readonly kind: 'sgd'; readonly rate: number; readonly momentum: number }
  | {
      readonly kind: 'adam'
      readonly rate: number
      readonly beta1: number
      readonly beta2: number
      readonly epsilon: number
    }

/** TensorFlow's defaults; PyTorch's differ in epsilon, 1e-8. */
export const adamDefaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const

/** Adam with bias correction (Kingma and Ba 2015). */
export const adam = (rate = 1e-3, options: Partial<Record<keyof typeof adamDefaults, number>> = {}): Optimizer => ({
  kind: 'adam',
  rate,
  ...adamDefaults,
  ...options,
})

/** Stochastic gradient descent; `momentum` is the share of the last step that is kept, as in PyTorch. */
export const sgd = (rate = 0.05, { momentum = 0 }: { readonly momentum?: number } = {}): Optimizer => ({
  kind: 'sgd',
  rate,
  momentum,
})
