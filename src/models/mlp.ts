import type { Regularisation } from './layers.js'
import type { Model } from './model.js'
import { sharedBottomModel } from './shared-bottom.js'

export interface MlpOptions extends Regularisation {
  /** Widths of the hidden layers, each followed by ReLU. */
  readonly hidden: readonly number[]
  /** Width of an embedding vector, for a world with categorical fields. Default 8. */
  readonly embedding?: number
}

/**
 * A plain multi-layer perceptron: numeric columns as they are (after embeddings, where the world has categorical
 * fields), hidden layers, and a linear head per task. It is a shared bottom without towers.
 *
 * 32 columns, `hidden: [64]` and one task of 4 classes: 32 * 64 + 64 + 64 * 4 + 4 = 2,372 parameters in 4 segments.
 */
export const mlpModel = ({ hidden, embedding = 8, ...rest }: MlpOptions): Model =>
  sharedBottomModel({ ...rest, embedding, numericFields: 0, bottom: hidden, tower: [] }, 'mlp')
