import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Edges } from '../model.js'
import { differentiable } from '../../tensors/ops.js'
import type { Counts, Tables } from './encoder.js'

/**
 * [rows, width]: row r is the sum over edges e with to[e] = r of weights[e] * table[from[e]]. A sum over edges is a
 * scatter, in the order of the edges, and so bitwise the same in any cohort. Its gradient is the same sum with the
 * edges turned round.
 */
const along = (table: Tensor, from: Tensor, to: Tensor, weights: Tensor, rows: number): Tensor =>
  differentiable([table], (save) => {
    const share = tf.reshape(weights, [-1, 1])
    save(from, to, share)
    const [source, width] = table.shape
    const sum = (x: Tensor, at: Tensor, into: Tensor, w: Tensor, length: number): Tensor =>
      tf.scatterND(tf.reshape(into, [-1, 1]), tf.mul(tf.gather(x, at as tf.Tensor1D), w), [length, width!])
    return {
      value: sum(table, from, to, share, rows),
      gradient: (dy, [start, end, w]) => [sum(dy, end, start, w, source)],
    }
  })

/**
 * One step on the interaction graph: E to D^-1/2 A D^-1/2 E, where A joins users and items that interacted. A row
 * without interactions becomes 0.
 */
export const propagate = ({ users, items }: Tables, edges: Edges, counts: Counts): Tables => ({
  users: along(items, edges.items, edges.users, edges.weights, counts.users),
  items: along(users, edges.users, edges.items, edges.weights, counts.items),
})
