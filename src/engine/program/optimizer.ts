/** A local optimizer, as data. Its update rule is in `update.ts`; the learning rate arrives per step as a scalar. */
export type Optimizer =
  | {
      readonly kind: 'sgd'
      readonly rate: number
      readonly momentum: number
      /** Added to the gradient as weightDecay * parameter, before the momentum: PyTorch's SGD. */
      readonly weightDecay?: number
    }
  | {
      readonly kind: 'adam'
      readonly rate: number
      readonly beta1: number
      readonly beta2: number
      readonly epsilon: number
      /** Takes rate * weightDecay * parameter away beside the step: AdamW. */
      readonly weightDecay?: number
    }
  | { readonly kind: 'adagrad'; readonly rate: number; readonly epsilon: number }

/** TensorFlow's defaults; PyTorch's differ in epsilon, 1e-8. */
export const adamDefaults = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const

type AdamOptions = Partial<Record<keyof typeof adamDefaults | 'weightDecay', number>>

/**
 * Adam with bias correction (Kingma and Ba 2015); with `weightDecay`, AdamW (Loshchilov and Hutter, Decoupled Weight Decay
 * Regularization, ICLR 2019).
 */
export const adam = (rate = 1e-3, options: AdamOptions = {}): Optimizer => ({
  kind: 'adam',
  rate,
  ...adamDefaults,
  ...options,
})

interface SgdOptions {
  readonly momentum?: number
  readonly weightDecay?: number
}

/** Stochastic gradient descent; `momentum` is the share of the last step that is kept, as in PyTorch. */
export const sgd = (rate = 0.05, { momentum = 0, ...options }: SgdOptions = {}): Optimizer => ({
  kind: 'sgd',
  rate,
  momentum,
  ...options,
})

/** PyTorch's defaults. */
export const adagradDefaults = { epsilon: 1e-10 } as const

/** Adagrad (Duchi, Hazan and Singer, JMLR 12, 2011): rates that fall by the sum of squares that each parameter has seen. */
export const adagrad = (rate = 0.01, options: Partial<Record<keyof typeof adagradDefaults, number>> = {}): Optimizer => ({
  kind: 'adagrad',
  rate,
  ...adagradDefaults,
  ...options,
})

/** What an optimizer adds to the gradient for each unit of a parameter. */
export const coupledDecay = (optimizer: Optimizer): number =>
  optimizer.kind === 'sgd' ? (optimizer.weightDecay ?? 0) : 0
