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
