import { z } from 'zod'

import { codecLibraries } from '../codecs/libraries.js'
import { problemsIn } from '../documents/problem.js'
import { formatPath } from '../documents/path.js'
import { StorageError } from '../errors.js'
import { engineNames, mostWorkers } from '../engine/open.js'
import { failureKinds } from '../flight/failure.js'
import { messageKinds } from '../record/message.js'
import { rowFiles } from './files.js'

/*
 * What the files of a run must hold for this version to read them: whoever reads one has not written it. What no flight can
 * be asked about has no other field than those here; elsewhere, fields that are not named are left as they are.
 */

const count = z.int().min(0)
const amount = z.number().min(0)
/** An epsilon; null where none is promised. */
const bound = z.number().min(0).nullable()
const texts = z.array(z.string())
const group = z.record(z.string(), z.unknown())
const seeds = z.strictObject({
  world: z.string(), initialisation: z.string(), batches: z.string(), selection: z.string(), faults: z.string(),
})
/** As they are given with `--set`. */
const setting = z.string().regex(/^[^=]+=/, 'PATH=VALUE')
const version = z.string().min(1).optional()
/** A file that lies in the run's folder. */
const fileName = z.string().regex(/^[^/\\\0]+$/).refine((name) => name !== '.' && name !== '..')
const hashed = z.looseObject({ file: z.string(), sha256: z.string() })

export const manifestShape = z.looseObject({
  status: z.enum(['running', 'complete', 'interrupted', 'failed']),
  name: z.string(),
  seed: z.string(),
  seeds,
  engine: z.enum(engineNames),
  workers: z.int().min(1).max(mostWorkers),
  specification: z.looseObject({ faults: z.array(group).optional(), seeds: seeds.partial().optional() }),
  functions: texts,
  script: z.strictObject({ file: z.string(), sha256: z.string() }).nullable(),
  study: z.strictObject({ name: z.string(), condition: z.string(), variant: z.string(), point: group.optional() }).optional(),
  settings: z.array(setting),
  data: z.string().nullable(),
  plan: z.looseObject({ seed: z.string(), faults: z.array(group) }).optional(),
  checks: texts.optional(),
  world: z.looseObject({
    name: z.string(),
    scenarios: z.array(z.looseObject({ name: z.string(), rows: z.looseObject({ train: count, validation: count, test: count }) })),
    tasks: texts,
    origins: z.array(hashed),
  }),
  labels: z.record(z.string(), z.record(z.string(), z.strictObject({ positives: count, negatives: count }))).optional(),
  traces: z.array(hashed),
  payers: z.array(texts).optional(),
  warnings: texts,
  versions: z.strictObject({
    node: version, windtunnel: version, 'onnxruntime-node': version, '@tensorflow/tfjs': version, seedrandom: version,
    '@tensorflow/tfjs-node': version, libtensorflow: version,
    ...Object.fromEntries(Object.keys(codecLibraries).map((library) => [library, version])),
  }),
  processor: z.strictObject({ kind: z.string().min(1), model: z.string() }),
  digest: z.string().optional(),
  digests: z.looseObject({ events: z.string(), numbers: z.string() }).optional(),
  virtualTime: count.optional(),
  rounds: z.looseObject({ closed: count, aborted: count }).optional(),
  selectedRound: count.optional(),
  reached: count.optional(),
  privacy: z.looseObject({
    delta: z.number(), sampling: z.looseObject({ q: z.number(), because: z.string() }), epsilon: bound, sampled: bound.optional(),
    rounds: z.array(z.looseObject({ round: count, releases: count, noise: z.number(), epsilon: bound, sampled: bound.optional() })),
    single: z.looseObject({ updates: count, noise: z.number(), epsilon: bound }).optional(),
    notCovered: texts,
  }).optional(),
  faults: z.array(z.looseObject({ id: z.string(), text: z.string(), fired: count, outcome: z.string() })).optional(),
  stored: count.optional(),
  compared: z.record(z.string(), z.string()).optional(),
  spent: z.strictObject({ realSeconds: z.number().min(0), cpuSeconds: z.number().min(0) }).optional(),
  marks: z.record(z.string(), count).optional(),
  coverage: z.looseObject({ handled: count, exist: count, triples: z.record(z.string(), count) }).optional(),
  jobLog: z.strictObject({ keep: z.boolean(), jobs: count.optional(), bytes: count.optional() }).optional(),
  resumed: z.strictObject({ times: z.int().min(1), recalled: count, done: count }).optional(),
  failure: z.strictObject({
    kind: z.enum(failureKinds), what: z.string(), message: z.string(), time: count.optional(), round: count.optional(),
    actors: texts.optional(), envelopes: z.array(count).optional(),
  }).optional(),
  files: z.record(fileName, z.strictObject({ sha256: z.string(), bytes: count })).optional(),
  sha256: z.string().optional(),
})

const metricShape = z.looseObject({
  round: count, virtualTime: count, scenario: z.string(), task: z.string(), split: z.enum(['train', 'validation', 'test']), metric: z.string(),
  value: z.number().nullable(),
})

const scores = z.record(z.string(), z.record(z.string(), z.number().nullable()))

/** What earlier versions did not write is missing, and told of where it is needed. */
const roundShape = z.looseObject({
  round: count, opened: count, closed: count, selected: texts, folded: texts, outcome: z.enum(['closed', 'aborted']), reason: z.string(),
  up: count.optional(), down: count.optional(), inside: count.optional(), trainings: count.optional(), examples: count.optional(), stored: count.optional(),
  joules: amount.optional(), wastedJoules: amount.optional(), money: amount.optional(), wastedMoney: amount.optional(),
  scores: scores.optional(),
})

const ledgerShape = z.looseObject({
  id: count, sent: count, delivered: count.nullable(), from: z.string(), to: z.string(), round: count,
  direction: z.enum(['up', 'down', 'inside']), kind: z.enum(messageKinds), fate: z.string(), bytes: count, travelled: count,
  part: z.string(), roles: z.array(z.string()), attempt: count, copy: count,
  codecs: z.record(z.string(), count).optional(),
})

const trainingShape = z.looseObject({ client: z.string(), round: count, start: count, end: count, examples: count, outcome: z.string() })

/** By file: the rows of a run that others than a replay read. */
export const rowShapes: Readonly<Record<string, z.ZodType | undefined>> = {
  [rowFiles.metrics]: metricShape, [rowFiles.rounds]: roundShape, [rowFiles.ledger]: ledgerShape, [rowFiles.trainings]: trainingShape,
}

/** Refuses what has another shape: says where, with the first field that is wrong. */
export const demandShape = (shape: z.ZodType, value: unknown, where: string): void => {
  const parsed = shape.safeParse(value)
  if (parsed.success) return
  const [{ path, rule }] = problemsIn(parsed.error, value, {})
  const field = path.length === 0 ? '' : `${formatPath(path)} `
  throw new StorageError(`${where} is not what a run writes: ${field}${rule}. Fly the run again.`)
}
