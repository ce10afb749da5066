import { defineModel } from './define.js'
import { inputs, type InputOptions } from './input.js'
import { perceptron, type Regularisation } from './layers.js'
import type { Model } from './model.js'
import { towers } from './towers.js'

export interface SharedBottomOptions extends InputOptions, Regularisation {
  /** Width of an embedding vector; may be left out for a world of numeric columns taken as they are. */
  readonly embedding?: number
  /** Widths of the shared layers, each followed by ReLU. */
  readonly bottom: readonly number[]
  /** Widths of a tower's hidden layers; the head comes on top. */
  readonly tower: readonly number[]
}

/**
 * Shared bottom, also called hard parameter sharing: all tasks read one perceptron's output.
 * Caruana, *Multitask Learning*, Machine Learning 28 (1997); equation 1 of Ma et al. (KDD 2018); MTReclib's
 * `models/sharedbottom.py`.
 *
 *     x                      [batch, in]
 *     h = bottom(x)          [batch, width]
 *     y_k = tower_k(h)       [batch, logits] per task
 */
export const sharedBottomModel = (options: SharedBottomOptions, name = 'shared-bottom'): Model =>
  defineModel(name, ({ features, tasks }) => {
    const { dropout, batchNorm } = options
    const input = inputs(features, options)
    const bottom = perceptron('bottom', input.width, options.bottom, { role: 'bottom', dropout, batchNorm })
    const own = { from: bottom.width, hidden: options.tower, shared: true, dropout, batchNorm }
    const tower = towers('tower', tasks, own)
    return {
      layers: [input, bottom, tower],
      forward: (run) => tower.apply({ all: bottom.apply(input.apply(undefined, run), run) }, run),
    }
  })
