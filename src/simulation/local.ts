import { z } from 'zod'
import { adagradDefaults, adamDefaults } from '../engine/program/optimizer.js'
import { rateScheduleSchema } from '../federation/rate-schedule.js'
import { segmentRoles } from '../models/layout.js'
import { balancerSchema } from '../balancing/registry.js'
import { selectorSchema } from './parts.js'

const rate = z.number().positive()
const below1 = z.number().min(0).lt(1)
const decay = z.number().min(0)

/** The local optimizer as data: what `src/engine/program/optimizer.ts` executes. */
export const optimizerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sgd'),
    rate: rate.prefault(0.05).describe('Learning rate'),
    momentum: below1.prefault(0).describe('Share of the last step that is kept; 0 for plain SGD'),
    weightDecay: decay.optional().describe('Share of every parameter that is added to its gradient'),
  }),
  z.strictObject({
    kind: z.literal('adam'),
    rate: rate.prefault(1e-3).describe('Learning rate'),
    beta1: below1.prefault(adamDefaults.beta1),
    beta2: below1.prefault(adamDefaults.beta2),
    epsilon: z.number().positive().prefault(adamDefaults.epsilon),
    weightDecay: decay.optional().describe('Decoupled, as in AdamW: rate times this share of every parameter is taken away at each step'),
  }),
  z.strictObject({
    kind: z.literal('adagrad'),
    rate: rate.prefault(0.01).describe('Learning rate'),
    epsilon: z.number().positive().prefault(adagradDefaults.epsilon),
  }),
])

const least = z.number().min(0)
const some = (weights: readonly number[]): boolean => weights.some((weight) => weight > 0)
const nothing = { error: 'one of the weights must be above 0, or nothing is left to train on' }

/** How much a class counts in the loss of a task. */
const classWeights = z.union([
  z.strictObject({
    positive: least.prefault(1).describe('Of rows whose label is 1'),
    negative: least.prefault(1).describe('Of rows whose label is 0'),
  }).refine(({ positive, negative }) => some([positive, negative]), nothing),
  z.strictObject({ classes: z.array(least).min(2).refine(some, nothing).describe('Of a multiclass task, in their order') }),
])

/** Class weights by task. */
export const classWeightsSchema = z.record(z.string(), classWeights)

export type ClassWeights = z.output<typeof classWeightsSchema>

const epochs = z.number().positive().max(1e6).describe('Passes over the client’s rows; 0.5 stops after half of the batches')
const batch = z.int().min(1).max(1e7).describe('Rows per step')
const optimizerState = z
  .enum(['reset', 'keep'])
  .describe('Whether moments are zeroed at each round or kept on the device (and lost in a crash)')
const rateSchedule = rateScheduleSchema.optional().describe('How the learning rate goes from round to round; constant when absent')

/** What clients may differ in: all of it is fed to a program that they share, but a batch, which has one of its own. */
const ownSchema = z.strictObject({
  who: selectorSchema,
  epochs: epochs.optional(),
  batch: batch.optional(),
  rate: rate.optional().describe('Learning rate, in place of the optimizer’s'),
  rateSchedule,
  optimizerState: optimizerState.optional(),
})

/** Local training. */
export const localSchema = z.strictObject({
  epochs: epochs.prefault(1),
  batch: batch.prefault(256),
  optimizer: optimizerSchema.prefault({ kind: 'adam', rate: 1e-3 }),
  optimizerState: optimizerState.prefault('reset'),
  rateSchedule,
  l2: z
    .partialRecord(z.enum(segmentRoles), z.number().positive())
    .optional()
    .describe('By role of segments, such as `embedding`: (l2 / 2) |theta|^2 of their parameters is part of the loss'),
  clip: z
    .union([
      z.strictObject({ norm: z.number().positive().describe('The gradient of all parameters, as one vector, is at most so long') }),
      z.strictObject({ value: z.number().positive().describe('No element of the gradient is further from 0') }),
    ])
    .optional()
    .describe('How the gradient of each step is kept short: of the loss, after balancing, before weight decay and corrections'),
  weights: classWeightsSchema
    .optional()
    .describe('By task: how much its classes count in its loss, times the weights that rows have in the data'),
  weightScale: z
    .enum(['mean', 'given'])
    .optional()
    .describe('Whether a task’s weights are divided by their mean over the client’s training rows or taken as given; mean when absent'),
  balance: balancerSchema.prefault({ kind: 'equal' }).describe('How the losses or gradients of the tasks become one step'),
  chunk: z.int().min(1).prefault(4).describe('Steps in one traced graph'),
  cohort: z.int().min(1).optional().describe('Clients that share one run of the graph, at most; as many as pay when absent'),
  clients: z
    .array(ownSchema)
    .prefault([])
    .describe('Clients with epochs, batches or rates of their own; later entries win'),
})

export type Local = z.output<typeof localSchema>
