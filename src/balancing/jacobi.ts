import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'

/** Eigenvalues [n, 1] and eigenvectors, the columns of [n, n], of a symmetric matrix. */
export interface Eigen {
  readonly values: Tensor
  readonly vectors: Tensor
}

/** 1 at (i, j), 0 elsewhere. */
const unit = (n: number, i: number, j: number): Tensor =>
  tf.tensor2d(Array.from({ length: n * n }, (_, at) => Number(at === i * n + j)), [n, n])

/** The rotation that makes A_pq vanish: Golub and Van Loan, *Matrix Computations*, section 8.5.2. */
const rotation = (a: Tensor, p: number, q: number): Tensor => {
  const n = a.shape[0]
  const at = (i: number, j: number): Tensor => tf.reshape(tf.slice(a, [i, j], [1, 1]), [])
  const [across, apart] = [tf.mul(at(p, q), 2), tf.sub(at(q, q), at(p, p))]
  const root = tf.sqrt(tf.add(tf.square(apart), tf.square(across)))
  const sign = tf.sub(tf.mul(tf.cast(tf.greaterEqual(apart, 0), 'float32'), 2), 1)
  const tangent = tf.div(tf.mul(sign, across), tf.maximum(tf.add(tf.abs(apart), root), 1e-30))
  const cosine = tf.reciprocal(tf.sqrt(tf.add(tf.square(tangent), 1)))
  const turn = tf.add(
    tf.mul(tf.add(unit(n, p, p), unit(n, q, q)), tf.sub(cosine, 1)),
    tf.mul(tf.sub(unit(n, p, q), unit(n, q, p)), tf.mul(tangent, cosine)),
  )
  return tf.add(tf.eye(n), turn)
}

/**
 * Cyclic Jacobi: a fixed number of sweeps of rotations, exact after one for a matrix of two rows. Entries should be
 * around 1 or below.
 */
export const eigen = (a: Tensor, sweeps: number): Eigen => {
  const n = a.shape[0]
  let turned = a
  let vectors: Tensor = tf.eye(n)
  for (let sweep = 0; sweep < (n === 2 ? 1 : sweeps); sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const r = rotation(turned, p, q)
        turned = tf.matMul(tf.matMul(r, turned, true), r)
        vectors = tf.matMul(vectors, r)
      }
    }
  }
  return { values: tf.matMul(tf.mul(turned, tf.eye(n)), tf.ones([n, 1])), vectors }
}
