import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { ModelRun } from './layers.js'
import type { Features } from './model.js'

/** The domains (scenarios) that one model serves, and which of them each row of a batch belongs to. */
export interface Domains {
  readonly count: number
  /** [batch, count]: 1 in the row's domain, 0 elsewhere; a row of an unknown domain has no 1. */
  members(run: ModelRun, rows: number): Tensor
}

/**
 * The domains that the categorical column `field` tells apart: its ids 1, 2, ...; 0 is unknown. A world without that
 * column is one domain, as a client of a federation is.
 */
export const domainsOf = ({ categorical }: Features, field: string): Domains => {
  const place = categorical.findIndex(({ name }) => name === field)
  if (place < 0) return { count: 1, members: (_, rows) => tf.ones([rows, 1]) }
  const count = categorical[place].size - 1
  return {
    count,
    members({ batch }, rows) {
      const ids = tf.reshape(tf.slice(batch.categorical, [0, place], [rows, 1]), [rows])
      return tf.cast(tf.oneHot(tf.sub(ids, tf.scalar(1, 'int32')), count), 'float32')
    },
  }
}

/** A parameter of one row that all domains share, [1, size], once per domain: [count, size]. */
export const forEach = (domains: Domains, shared: Tensor): Tensor =>
  domains.count === 1 ? shared : tf.matMul(tf.ones([domains.count, 1]), shared)
