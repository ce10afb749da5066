import { z } from 'zod'
import type { ModelSpec } from '../models/registry.js'

const width = z.int().min(1)
const widths = z.array(width)

const regularisation = {
  dropout: z.number().min(0).lt(1).optional().describe('Probability that an output is dropped while training'),
  batchNorm: z.boolean().optional().describe('Batch normalisation after each linear layer'),
}
const input = {
  embedding: width.optional().describe('Width of an embedding vector'),
  numericFields: z.int().min(0).optional().describe('Embedding-wide fields made of numeric columns; 0: as they are'),
}

/** The kinds of `src/models/registry.ts` with their options. */
export const modelSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('mmoe'),
    ...input,
    embedding: width.describe('Width of an embedding vector'),
    experts: z.int().min(1).describe('Number of expert networks'),
    expert: widths.min(1).describe('Widths of an expert’s layers'),
    tower: widths.describe('Widths of a tower’s hidden layers; the head comes on top'),
    ...regularisation,
  }),
  z.strictObject({
    kind: z.literal('shared-bottom'),
    ...input,
    bottom: widths.describe('Widths of the shared layers'),
    tower: widths.describe('Widths of a tower’s hidden layers; the head comes on top'),
    ...regularisation,
  }),
  z.strictObject({
    kind: z.literal('mlp'),
    embedding: width.optional().describe('Width of an embedding vector'),
    hidden: widths.describe('Widths of the hidden layers'),
    ...regularisation,
  }),
])

/** Breaks the build when the registry and this schema part ways: each must accept what the other says. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never
type Loose<T> = T extends unknown
  ? { -readonly [K in keyof T]: T[K] extends readonly number[] ? readonly number[] : T[K] }
  : never
export const schemaFitsRegistry: Same<Loose<z.output<typeof modelSchema>>, Loose<ModelSpec>> = true
