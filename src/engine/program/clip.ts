import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'

type Tensors = Readonly<Record<string, Tensor>>

/** How a step's gradient is kept short: as a whole, or element by element. */
export type Clip =
  /** The gradient of all parameters that train, as one vector, is at most so long. */
  | { readonly norm: number }
  /** No element is further from 0. */
  | { readonly value: number }

/** As PyTorch has it, so that a gradient of zeros divides by something. */
const epsilon = 1e-6

/** [1]: the square of the length of all gradients together, in one product, which is the same alone and in a cohort. */
const squareOf = (gradients: readonly Tensor[]): Tensor => {
  const flat = gradients.map((gradient) => tf.reshape(gradient, [gradient.size]))
  const row = tf.reshape(flat.length === 1 ? flat[0] : tf.concat(flat), [1, 1, -1])
  return tf.reshape(tf.matMul(row, row, false, true), [])
}

/**
 * Gradients by segment, clipped. By norm as `torch.nn.utils.clip_grad_norm_`: g <- g min(1, norm / (|g| + 1e-6)), |g| over
 * all of them (Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", ICML 2013). By value as
 * `clip_grad_value_`. An element that is not finite stays none, and so is seen; a length above 1.8e19 overflows float32 and
 * leaves zeros, there as here.
 */
export const clipped = (clip: Clip, gradients: Tensors): Tensors => {
  const entries = Object.entries(gradients)
  if ('value' in clip) {
    const { value } = clip
    return Object.fromEntries(entries.map(([name, gradient]) => [name, tf.minimum(tf.maximum(gradient, -value), value)]))
  }
  const length = tf.sqrt(squareOf(entries.map(([, gradient]) => gradient)))
  const share = tf.minimum(tf.div(clip.norm, tf.add(length, epsilon)), 1)
  return Object.fromEntries(entries.map(([name, gradient]) => [name, tf.mul(gradient, share)]))
}
