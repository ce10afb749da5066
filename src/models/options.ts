import { z } from 'zod'

/*
 * Options that several models share. The texts after `error` complete "it must be ...".
 */

/** Wider is no layer that anybody trains here, and takes minutes to lay out before it is found not to fit. */
const widest = 65_536
const tooWide = `at most ${widest}`

/** A number of things, or a width: a positive whole number. */
export const count = (sentence: string) => {
  const error = 'a positive whole number'
  return z.int({ error }).min(1, { error }).max(widest, { error: tooWide }).describe(sentence)
}

/** Widths of layers, one per layer; `least` is how many layers there must be. */
export const widths = (sentence: string, least = 0): z.ZodType<readonly number[], readonly number[]> => {
  const error = 'a list of positive whole numbers, one width per layer'
  const some = `${error}, and at least ${least} of them`
  return z.array(z.int({ error }).min(1, { error }).max(widest, { error: tooWide }), { error }).min(least, { error: some }).describe(sentence)
}

const embeddingWidth = 'Width of an embedding vector'
const fields = { error: 'a whole number of at least 0' }
const numericFields = z
  .int(fields)
  .min(0, fields)
  .optional()
  .describe('Embedding-wide fields made of numeric columns; 0: as they are')

/** How a batch becomes one vector a row. */
export const inputOptions = { embedding: count(embeddingWidth), numericFields }
/** The same for a model that suits a world without categorical fields: `embedding` may be left out. */
export const looseInputOptions = {
  embedding: count(embeddingWidth).optional().describe(`${embeddingWidth}, where the world has categorical fields`),
  numericFields,
}

const probability = { error: 'a probability from 0 to below 1' }

/** Probability that an output is dropped while training. */
export const dropout = z
  .number(probability)
  .min(0, probability)
  .lt(1, probability)
  .optional()
  .describe('Probability that an output is dropped while training')

/** A switch that is off unless given. */
export const flag = (sentence: string) => z.boolean({ error: 'true or false' }).optional().describe(sentence)

/** What follows each linear layer but gates and heads, beside ReLU. */
export const regularisationOptions = { dropout, batchNorm: flag('Batch normalisation after each linear layer') }

/** A mixture of experts of one shape each. */
export const mixtureOptions = {
  experts: count('Number of expert networks').max(1_024, { error: 'at most 1024' }),
  expert: widths('Widths of an expert’s layers, each followed by ReLU', 1),
}

export const towerOption = widths('Widths of a tower’s hidden layers; the head comes on top')
export const bottomOption = widths('Widths of the shared layers, each followed by ReLU')

/** The name of something of the world's; what it falls back to is the sentence's to say. */
export const name = (sentence: string) =>
  z.string({ error: 'a name' }).min(1, { error: 'a name' }).optional().describe(sentence)
