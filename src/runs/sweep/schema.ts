import { z } from 'zod'

import { jsonSchema } from '../../simulation/specification.js'
import { untilSchema } from '../comparison/until.js'

/** Names that are numbers lose their order in an object, and lists have numbers for names. */
const named = z.record(z.string().min(1), z.unknown()).refine((of) => Object.keys(of).length > 0, 'give at least one, by its name')
const values = z.array(z.unknown()).min(1)
const some = z.union([values, named])

const whole = z.int().min(1)
const ascends = (pair: readonly (number | undefined)[]): boolean => (pair[0] ?? 0) < (pair[1] ?? 0)
const ends = (of: z.ZodType<number>) => z.tuple([of, of]).refine(ascends, 'the first must be below the second')

const draw = z.union([
  values,
  z.strictObject({ uniform: ends(z.number()).describe('Evenly between two numbers') }),
  z.strictObject({ log: ends(z.number().positive()).describe('Evenly in the logarithm, between two numbers above 0') }),
  z.strictObject({ integer: ends(z.int()).describe('A whole number, both ends included') }),
  z.strictObject({ of: some.describe('One of these') }),
])

/** What a sweep says, so far as it can be judged without what it flies. */
export const sweepSchema = z.strictObject({
  name: z.string().min(1).optional().describe('Names the folder of its runs; the file’s name, with -sweep, when absent'),
  question: z.string().min(1).optional().describe('What it asks, in a sentence'),
  grid: z.record(z.string().min(1), some).optional().describe('Values by path: a list, or a group of them by name; every combination is flown'),
  list: z.array(z.record(z.string().min(1), z.unknown())).min(1).optional().describe('Values by path that go together, one group for each point'),
  random: z.record(z.string().min(1), draw).optional().describe('Where values are drawn from, by path'),
  draws: whole.max(100_000).optional().describe('How many points are drawn'),
  drawSeed: z.union([z.string().min(1), z.int()]).optional().describe('The seed of what is drawn; 1 when absent'),
  seeds: whole.max(100_000).optional().describe('Runs of each point: seeds 1, 2, ...; 1 when absent'),
  metric: z.string().min(1).optional().describe('The metric of its table; that by which models are judged when absent'),
  until: untilSchema.optional().describe('A level: the virtual time to it is in the table too'),
})

/** Of a script, beside the simulation that it varies. */
export const sweepScriptSchema = sweepSchema.extend({ kind: z.literal('sweep'), base: z.record(z.string(), z.unknown()) })

/** Of a document, whose other fields are the simulation. */
export const sweepFieldSchema = z.strictObject({ sweep: sweepSchema })

/** The JSON Schema of documents, for editors: a simulation, or a sweep, whose axes may give what the simulation leaves out. */
export const documentJsonSchema = (): Record<string, unknown> => {
  const { required, properties, ...simulation } = jsonSchema() as { required?: unknown; properties?: Readonly<Record<string, unknown>> }
  const { $schema: _, ...sweep } = z.toJSONSchema(sweepSchema, { io: 'input', unrepresentable: 'any' })
  const described = { ...sweep, description: 'Axes along which windtunnel sweep flies it many times; run takes no file that has them' }
  return { ...simulation, properties: { ...properties, sweep: described }, anyOf: [{ required }, { required: ['sweep'] }] }
}
