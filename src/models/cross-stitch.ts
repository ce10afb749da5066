import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { defineModel } from './define.js'
import { modelEntry } from './entry.js'
import { inputs } from './input.js'
import type { Layer } from './layers.js'
import { crossStitched } from '../tensors/ops.js'
import { looseInputOptions, regularisationOptions, towerOption, widths } from './options.js'
import { asStack, stackLayers } from './stack.js'
import { towers } from './towers.js'

/**
 * A cross-stitch unit after a layer, per hidden unit: [tasks, batch, width] to the same. One segment [tasks, tasks,
 * width] that starts with `same` where a task reads itself and shares the rest evenly among the others.
 */
const unit = (name: string, tasks: number, width: number, same: number): Layer => {
  const initial = tasks === 1
    ? { kind: 'constant', value: 1 } as const
    : { kind: 'diagonal', on: same, off: (1 - same) / (tasks - 1) } as const
  return {
    width,
    segments: [{ name, shape: [tasks, tasks, width], axes: ['task', 'in', 'out'], role: 'other', initial }],
    apply: (x, { parameters }) => crossStitched(x, parameters[name]),
  }
}

const share = { error: 'a share from 0 to 1' }

/**
 * Cross-stitch network: a network per task over shared embeddings, whose layers exchange activations through learned
 * linear combinations. Misra, Shrivastava, Gupta and Hebert, *Cross-stitch Networks for Multi-task Learning*, CVPR
 * 2016, equation 1, with a unit per hidden unit (the paper: per channel) after each hidden layer below the towers, as
 * the papers of PLE and STAR use it.
 *
 *     x                                              [batch, in]
 *     h_k = ReLU(W_k,l s_k,l-1 + b_k,l)              [tasks, batch, width], s_k,0 = x
 *     s_i[u] = sum_j a_ij[u] h_j[u]      (eq. 1)     [tasks, batch, width]
 *     y_k = tower_k(s_k)                             [batch, logits] per task
 *
 * Units start at `same` for a task itself and share 1 - `same` among the others (section 4.1; .9 was best there). Where
 * the paper gives units a learning rate 100 to 1000 times the layers', here all segments have the same.
 */
export const crossStitch = modelEntry({
  kind: 'cross-stitch',
  sentence: 'A network per task whose hidden layers exchange activations through learned linear combinations.',
  source: 'Misra, Shrivastava, Gupta and Hebert, CVPR 2016, equation 1',
  options: {
    ...looseInputOptions,
    bottom: widths('Widths of each task’s layers that are stitched, each followed by ReLU', 1),
    tower: towerOption,
    same: z.number(share).min(0, share).max(1, share).optional().describe('First weight of a task in its own unit'),
    ...regularisationOptions,
  },
  build: (options) =>
    defineModel('cross-stitch', ({ features, tasks }) => {
      const { dropout, batchNorm, same = 0.9 } = options
      const input = inputs(features, options)
      const size = { count: tasks.length, from: input.width, hidden: options.bottom, dropout, batchNorm }
      const layers = stackLayers('bottom', { role: 'bottom', axis: 'task', ...size }, true)
      const units = layers.map(({ width }, l) => unit(`stitch.${l + 1}`, tasks.length, width, same))
      const own = { from: layers[layers.length - 1].width, hidden: options.tower, shared: false, dropout, batchNorm }
      const tower = towers('tower', tasks, own)
      return {
        layers: [input, ...layers.flatMap((layer, l) => [layer, units[l]]), tower],
        forward(run) {
          const each = layers.reduce<Tensor>(
            (x, layer, l) => units[l].apply(asStack(layer.apply(x, run)), run),
            input.apply(undefined, run),
          )
          return tower.apply({ each }, run)
        },
      }
    }),
})
