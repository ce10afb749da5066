import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'

/** Random loss weighting: w = softmax of standard normal draws, fresh at every step, from the client's named streams. */
export const rlw = balancerEntry({
  kind: 'rlw',
  sentence: 'random weights, drawn anew at every step',
  source: 'Lin, Ye, Zhang and Tsang, TMLR 2022, with normal draws; rule as in LibMTL',
  schema: z.strictObject({ kind: z.literal('rlw') }),
  build: (_, { tasks: { length: size } }) => ({
    kind: 'rlw',
    inputs: [{ kind: 'normal', name: 'draws', size }],
    memory: [],
    balance: (step) => ({ weights: tf.unstack(tf.softmax(step.input('draws'))) }),
  }),
})

export const randomLossWeighting = () => ({ kind: 'rlw' }) as const
