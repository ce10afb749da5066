import { z } from 'zod'
import type { EngineName } from '../engine/open.js'
import type { Check } from '../checks/check.js'
import type { Choose } from '../federation/choice.js'
import { rests } from '../faults/core.js'
import type { RoundsFunction } from '../federation/rounds/own.js'
import { roundsSchema } from '../federation/rounds/registry.js'
import type { RoundRules } from '../federation/rounds/round.js'
import type { Strategy } from '../federation/strategies/strategy.js'
import { levelMetrics, readLevel } from '../metrics/level.js'
import type { Model } from '../models/model.js'
import type { ModelSpec } from '../models/registry.js'
import type { CustomLink } from '../network/network.js'
import { selectorSchema } from '../roster/selectors.js'
import { checkpointSchema } from './checkpoint.js'
import { deliverySchema } from './delivery.js'
import { durationSchema } from '../time/duration.js'
import { localSchema } from './local.js'
import {
  codecSchema,
  costsSchema,
  devicesSchema,
  faultsSchema,
  modelSchema,
  networkSchema,
  privacySchema,
  scheduleSchema,
  secureAggregationSchema,
  selectionSchema,
  strategySchema,
  topologySchema,
  worldSchema,
} from './parts.js'

/** When and on what clients' models are scored. Everyone is scored, on the model they would serve then. */
const evaluateSchema = z.strictObject({
  every: z.int().min(1).prefault(1).describe('Score at every n-th round'),
  on: z
    .array(z.enum(['validation', 'test']))
    .min(1)
    .prefault(['validation', 'test'])
    .describe('Splits that are scored at those rounds'),
  until: z
    .string()
    .refine((text) => levelMetrics.includes(readLevel(text)?.metric ?? '') && readLevel(text)?.whose === undefined, {
      error: `give a metric of ${levelMetrics.join(', ')} and what it is to reach, such as "auc .75" or "test accuracy .97"`,
    })
    .optional()
    .describe('The flight is complete once the mean score is there or better: `auc .75` (on validation), `test accuracy .97`'),
  start: z.boolean().prefault(true).describe('Score before any training too, as round 0'),
  final: z
    .boolean()
    .prefault(true)
    .describe('Score validation and test at the last round, whatever `every` and `on` say'),
  answers: z
    .boolean()
    .prefault(false)
    .describe('Keep every test row’s scores at the selected and the last round: answers.safetensors in the run folder'),
  models: z
    .boolean()
    .prefault(false)
    .describe('Keep the models that clients serve after the selected and the last round: model-selected.safetensors and model-last.safetensors'),
})

/** A model of another run to start from, in place of drawn parameters. */
const startSchema = z.strictObject({
  from: z.string().min(1).describe('Folder of a run that was flown with `evaluate.models`'),
  model: z.enum(['selected', 'last']).prefault('selected').describe('That of its selected round, or of its last'),
})

const seed = z.union([z.string().min(1), z.int()]).transform(String)

/** When the calm phase begins. */
const calmSchema = z
  .strictObject({
    round: z.int().min(1).optional().describe('When this round opens'),
    at: durationSchema.optional().describe('At this virtual time'),
    core: selectorSchema.optional().describe('Clients that are healed, as all servers are; the others are broken for good. Everybody when absent'),
    rest: z.enum(rests).optional().describe('What becomes of the others: they are dead (default), nothing arrives that they send (mute), or nothing that is sent to them (deaf)'),
  })
  .refine(({ core, rest }) => rest === undefined || core !== undefined, '`rest` goes with `core`: of those who are not in it')
  .refine(({ round, at }) => (round === undefined) !== (at === undefined), 'give either `round` or `at`')

/** Seeds by purpose; each is derived from the run's seed unless given here. */
const seedsSchema = z.strictObject({
  world: seed.optional(),
  initialisation: seed.optional(),
  batches: seed.optional(),
  selection: seed.optional(),
  faults: seed.optional(),
})

/** Everything a simulation is, as data: behind scripts, YAML and JSON alike. */
export const specificationSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'at most 100 letters, digits, ".", "_" and "-", not starting with a sign')
    .optional()
    .describe('Names the run folder; the file’s name when absent'),
  world: worldSchema,
  labels: z
    .enum(['as-is', 'shuffled'])
    .prefault('as-is')
    .describe('`shuffled` permutes all training labels: a control from which nothing can be learnt'),
  model: modelSchema,
  local: localSchema.prefault({}),
  strategy: strategySchema,
  rounds: roundsSchema,
  selection: selectionSchema
    .optional()
    .describe('Whom rounds ask of the clients that are there; absent: the first of a drawn order'),
  topology: topologySchema.optional().describe('Who owns which part of the model, and who sends to whom; absent: a star'),
  network: networkSchema,
  codec: codecSchema.optional(),
  privacy: privacySchema.optional(),
  secureAggregation: secureAggregationSchema.optional(),
  delivery: deliverySchema.prefault({}),
  devices: devicesSchema,
  costs: costsSchema.optional().describe('What it costs in joules and money, reckoned from what was sent and trained; no flight depends on it'),
  schedule: scheduleSchema,
  faults: faultsSchema,
  calm: calmSchema.optional().describe('From when on no fault strikes: what the faulty phase has done, the calm one is to mend'),
  checkpoint: checkpointSchema
    .optional()
    .describe('What actors write down to come back with after a crash; absent: servers after every round and clients with every answer, at no cost'),
  evaluate: evaluateSchema.prefault({}),
  start: startSchema.optional().describe('A model of another run to start from; parameters are drawn when absent'),
  onDivergence: z
    .enum(['stop', 'go-on', 'keep'])
    .prefault('stop')
    .describe('`stop` ends the flight where parameters or scores are not finite; `go-on` refuses such updates and folds, and warns; `keep` keeps such folds, to see what they do'),
  seeds: seedsSchema.prefault({}),
})

/** The fields that may be behaviour of a script; all else is data. */
export const functionFields = ['link', 'checks', 'choose', 'model', 'strategy', 'rounds'] as const
export type FunctionField = (typeof functionFields)[number]

type Input = z.input<typeof specificationSchema>
type Output = z.output<typeof specificationSchema>

/** What a researcher writes. */
export type Specification = Omit<Input, 'model' | 'strategy' | 'rounds'> & {
  readonly model: ModelSpec | Model
  readonly strategy: Input['strategy'] | Strategy
  readonly rounds: Input['rounds'] | RoundsFunction | RoundRules
  readonly link?: CustomLink
  /** Promises of one's own that are watched beside the library's. */
  readonly checks?: readonly Check[]
  /** Whom rounds ask of the clients that are there. */
  readonly choose?: Choose
}

/** A specification with every default filled in: plain data but for the function fields. */
export type Settled = Omit<Output, 'name' | 'model' | 'strategy' | 'rounds'> & {
  readonly name: string
  readonly model: ModelSpec | Model
  readonly strategy: Output['strategy'] | Strategy
  readonly rounds: Output['rounds'] | RoundsFunction | RoundRules
  readonly link?: CustomLink
  readonly checks?: readonly Check[]
  /** Whom rounds ask of the clients that are there. */
  readonly choose?: Choose
}

export type SeedPurpose = 'world' | 'initialisation' | 'batches' | 'selection' | 'faults'

/** A settled specification and what one run adds to it: all that decides its result. */
export type Resolved = Omit<Settled, 'seeds'> & {
  readonly seed: string
  readonly seeds: Readonly<Record<SeedPurpose, string>>
  /** Those of them that are given: all others are derived from `seed`. */
  readonly ownSeeds: Partial<Readonly<Record<SeedPurpose, string>>>
  readonly engine: EngineName
  /** Never changes the result. */
  readonly workers: number
  readonly warnings: readonly string[]
}

/** The specification as JSON Schema (draft 2020-12), for editors; function fields appear as data only. */
export const jsonSchema = (): Record<string, unknown> => ({
  title: 'Windtunnel simulation',
  ...z.toJSONSchema(specificationSchema, { io: 'input', unrepresentable: 'any' }),
})
