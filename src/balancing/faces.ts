import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { SpecificationError } from '../errors.js'

/*
 * Small programs over non-negative weights have their solution inside one face: it solves a linear system there. All
 * faces are solved at once, and the best solution is taken; so the cost is fixed, and no iteration can end too early.
 */

/** 1023 faces: with more tasks than this, there are too many. */
const most = 10

/** Throws where there are too many tasks to look at every set of them. */
export const checkFaces = (kind: string, tasks: number): void => {
  if (tasks <= most) return
  throw new SpecificationError(
    `local.balance '${kind}' looks at every set of tasks, for at most ${most} of them; there are ${tasks}. ` +
      'Use pcgrad, aligned-mtl, nash-mtl or a rule for losses.',
  )
}

/** Every non-empty set of tasks as a row of zeros and ones: [2^tasks - 1][tasks]. */
const setsOf = (tasks: number): number[][] =>
  Array.from({ length: 2 ** tasks - 1 }, (_, s) => Array.from({ length: tasks }, (_gone, t) => ((s + 1) >> t) & 1))

/** Which tasks are in which face: [faces, tasks, 1] of zeros and ones. */
export const membersOf = (tasks: number): Tensor => tf.tensor3d(setsOf(tasks).map((set) => set.map((i) => [i])))

/** Pivots of matrices of cosines that are smaller are rounding: what is left of that task depends on those before it. */
const leastPivot = 1e-6

/**
 * Solves M x = r in every non-empty set of tasks, x being 0 outside: [faces, tasks, columns] for a symmetric
 * M [tasks, tasks] without negative eigenvalues, whose entries are around 1 or below, and r [tasks, columns]; both may
 * differ between the sets, as [faces, ...]. Gauss and Jordan's elimination, which needs no pivoting then. Tasks that
 * depend on those before them in the set get 0, as in the set without them.
 */
export const solveOnFaces = (matrix: Tensor, right: Tensor): Tensor => {
  const [tasks, columns] = right.shape.slice(-2)
  const sets = setsOf(tasks)
  const faces = sets.length
  const inside = tf.tensor3d(sets.map((set) => set.map((i) => set.map((j) => i * j))))
  const outside = tf.tensor3d(sets.map((set) => set.map((i, row) => set.map((_, j) => (row === j ? 1 - i : 0)))))
  let rows: Tensor = tf.concat([tf.add(tf.mul(inside, matrix), outside), tf.mul(membersOf(tasks), right)], 2)
  for (let p = 0; p < tasks; p++) {
    const row = tf.slice(rows, [0, p, 0], [faces, 1, tasks + columns])
    const column = tf.slice(rows, [0, 0, p], [faces, tasks, 1])
    const pivot = tf.slice(rows, [0, p, p], [faces, 1, 1])
    const free = tf.cast(tf.greater(pivot, leastPivot), 'float32')
    const unit = tf.tensor3d([sets[0].map((_, t) => [Number(t === p)])])
    const whole = tf.div(tf.sub(column, unit), tf.maximum(pivot, leastPivot))
    // Where the task is free this solves for it; where it is not, its own row vanishes: 1 of itself is taken away.
    rows = tf.sub(rows, tf.mul(tf.add(tf.mul(whole, free), tf.mul(unit, tf.sub(1, free))), row))
  }
  return tf.slice(rows, [0, 0, tasks], [faces, tasks, columns])
}

/** The mean of those rows of x [faces, tasks] whose entry of `value` [faces, 1] is the smallest: [tasks, 1]. */
export const best = (x: Tensor, value: Tensor): Tensor => {
  const hits = tf.cast(tf.equal(value, tf.min(value)), 'float32')
  const share = tf.div(hits, tf.matMul(hits, tf.onesLike(hits), true))
  return tf.matMul(x, share, true)
}
