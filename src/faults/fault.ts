import { z } from 'zod'
import { told } from '../entry.js'
import { bandwidthSchema } from '../network/units.js'
import { durationSchema } from '../time/duration.js'
import { selectorSchema, type SelectorInput } from '../roster/selectors.js'

const id = z
  .string()
  .min(1)
  .optional()
  .describe('Names the fault, and its random draws: keep it while the intensity changes, and the same ones are hit')
const chance = z.number().min(0).max(1)
const perClientRound = chance.optional().describe('A coin per client and round; 1 when absent')
const perEnvelope = chance.prefault(1).describe('A coin per envelope, copies included')
const roundsSchema = z
  .tuple([z.int().min(1), z.int().min(1)])
  .refine(([first, last]) => first <= last, 'the first round must not come after the last')
  .describe('First and last round, both included')

/** When a fault is on: in these rounds, and in [from, until) of virtual time. What is absent does not restrict. */
const windowFields = {
  rounds: roundsSchema.optional(),
  from: durationSchema.optional().describe('Virtual time at which it begins'),
  until: durationSchema.optional().describe('Virtual time at which it is over'),
}
const ordered = (fault: { from?: number; until?: number }): boolean =>
  fault.until === undefined || (fault.from ?? 0) < fault.until
const orderedRule = { error: '`from` must come before `until`', path: ['until'] }

/** Which envelopes: all that is given must hold. `from` and `to` are selectors, names or role words. */
const linkSchema = z.strictObject({
  from: selectorSchema.optional(),
  to: selectorSchema.optional(),
  message: z.enum(['open', 'model', 'update', 'close']).optional().describe('Only messages of this kind'),
  part: z.string().min(1).optional().describe('Only this part: trunk, expert-2'),
  direction: z.enum(['up', 'down', 'inside']).optional().describe('Up is from a client, inside is among servers'),
})

const awaySchema = told(
  z
    .strictObject({
      kind: z.literal('away'),
      who: selectorSchema,
      phase: z
        .enum(['download', 'training', 'before-upload', 'upload'])
        .optional()
        .describe('Selected first, then leaves in mid-phase; when absent, it is not there at all'),
      for: durationSchema.optional().describe('How long it stays away once it has left; until round close if absent'),
      ...windowFields,
      probability: perClientRound,
      id,
    })
    .refine(ordered, orderedRule)
    .refine((fault) => fault.for === undefined || fault.phase !== undefined, {
      error: '`for` needs a `phase`; without one, `from` and `until` say how long',
      path: ['for'],
    }),
  'The client leaves, before it is selected or in mid-phase; nothing that it had begun is finished.',
  'Bonawitz et al., Towards Federated Learning at Scale, MLSys 2019, section 2.2: devices that drop out',
)

const slowSchema = told(
  z
    .strictObject({
      kind: z.literal('slow'),
      who: selectorSchema,
      by: z.number().positive().optional().describe('Speed is divided by this'),
      profile: z
        .array(z.tuple([durationSchema, z.number().positive()]))
        .min(1)
        .optional()
        .describe('[instant, factor] pairs in order; each factor holds until the next instant, the last for good'),
      ...windowFields,
      probability: perClientRound,
      id,
    })
    .refine(ordered, orderedRule)
    .refine((fault) => (fault.by === undefined) !== (fault.profile === undefined), {
      error: 'give either `by` or `profile`',
      path: ['by'],
    })
    .refine((fault) => (fault.profile ?? []).every(([at], i, all) => i === 0 || all[i - 1][0] < at), {
      error: 'instants must increase',
      path: ['profile'],
    }),
  'A straggler: everything the device computes takes `by` times as long, or as a profile over time says.',
  'Li et al., FedProx, MLSys 2020, section 5.2; device profiles of Lai et al., FedScale, ICML 2022',
)

const partialSchema = told(
  z.strictObject({
    kind: z.literal('partial'),
    who: selectorSchema,
    epochs: z.number().gt(0).lt(1).describe('Share of its local epochs that it does'),
    rounds: roundsSchema.optional(),
    probability: perClientRound,
    id,
  }),
  'The client stops after a share of its local epochs and sends what it has.',
  'Li et al., FedProx, MLSys 2020, definition 2 and section 5.2: variable amounts of work',
)

const delaySchema = told(
  z
    .strictObject({
      kind: z.literal('delay'),
      link: linkSchema,
      by: durationSchema,
      jitter: durationSchema.optional().describe('A further delay, uniform in [0, jitter)'),
      probability: perEnvelope,
      ...windowFields,
      id,
    })
    .refine(ordered, orderedRule),
  'Messages arrive later, by a fixed time and a jitter.',
  'Cristian, CACM 34, 1991: timing failures',
)

const loseSchema = told(
  z
    .strictObject({
      kind: z.literal('lose'),
      link: linkSchema,
      probability: perEnvelope,
      travelled: chance.prefault(1).describe('Share of the bytes that had left the sender: 1 is dropped at the far end'),
      ...windowFields,
      id,
    })
    .refine(ordered, orderedRule),
  'Messages are lost on the way, after all or a share of their bytes had left.',
  'Cristian, CACM 34, 1991: omission failures',
)

const duplicateSchema = told(
  z
    .strictObject({
      kind: z.literal('duplicate'),
      link: linkSchema,
      probability: perEnvelope,
      times: z.int().min(1).max(100).prefault(1).describe('Extra copies'),
      after: durationSchema.prefault(0).describe('Each copy comes this much after the one before it'),
      ...windowFields,
      id,
    })
    .refine(ordered, orderedRule),
  'Messages arrive more than once.',
  'Lamport, The Part-Time Parliament, TOCS 16, 1998: messages may be duplicated',
)

const crashSchema = told(
  z
    .strictObject({
      kind: z.literal('crash'),
      who: selectorSchema,
      at: durationSchema.optional().describe('Virtual time of death'),
      when: z
        .strictObject({
          round: z.int().min(1),
          after: z.int().min(0).describe('How many; 0 is when the round opens'),
          of: z.literal('updates').prefault('updates'),
          part: z.string().min(1).optional().describe('Counts updates of this part; of the trunk when absent'),
        })
        .optional()
        .describe('Dies when this many clients’ updates of the round have come in'),
      restartAfter: durationSchema.optional(),
      keeps: z.enum(['nothing', 'checkpoint']).prefault('nothing'),
      id,
    })
    .refine((fault) => (fault.at === undefined) !== (fault.when === undefined), {
      error: 'give either `at` or `when`',
      path: ['at'],
    }),
  'An actor dies and loses its volatile state; with `restartAfter` it comes back with what it `keeps`.',
  'Cristian, CACM 34, 1991: crash failures, with amnesia or a checkpoint',
)

const narrowSchema = told(
  z
    .strictObject({
      kind: z.literal('narrow'),
      who: selectorSchema,
      to: bandwidthSchema.optional(),
      by: z.number().positive().optional().describe('Bandwidth is divided by this'),
      direction: z.enum(['up', 'down']).optional().describe('Both when absent'),
      ...windowFields,
      probability: perClientRound,
      id,
    })
    .refine(ordered, orderedRule)
    .refine((fault) => (fault.to === undefined) !== (fault.by === undefined), {
      error: 'give either `to` or `by`',
      path: ['to'],
    }),
  'A client’s link has less bandwidth: at most `to`, or divided by `by`.',
  'bandwidth traces of Lai et al., FedScale, ICML 2022',
)

/** One injected failure: a closed union, and the extension point for new weather. All of it stands in this file. */
export const faultSchema = z.discriminatedUnion('kind', [
  awaySchema,
  slowSchema,
  partialSchema,
  delaySchema,
  loseSchema,
  duplicateSchema,
  crashSchema,
  narrowSchema,
])

/** The faults of a simulation. */
export const faultsSchema = z.array(faultSchema).prefault([])

export type Fault = z.output<typeof faultSchema>
export type FaultInput = z.input<typeof faultSchema>
export type FaultKind = Fault['kind']
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>
/** The part of a fault that says which envelopes it touches. */
export type Link = z.output<typeof linkSchema>
export type LinkInput = z.input<typeof linkSchema>

type About<S extends z.ZodType, Subject extends string> = Omit<z.input<S>, 'kind' | Subject>

/** `away(fraction(0.3), { phase: 'training', rounds: [5, 12] })`: clients leave; see docs/faults.md for phases. */
export const away = (who: SelectorInput, about: About<typeof awaySchema, 'who'> = {}): FaultInput => ({
  kind: 'away',
  who,
  ...about,
})

/** `slow(one(), { by: 8 })`: stragglers. */
export const slow = (who: SelectorInput, about: About<typeof slowSchema, 'who'>): FaultInput => ({
  kind: 'slow',
  who,
  ...about,
})

/** `partial(all(), { epochs: 0.5, probability: 0.2 })`: local training that stops early and sends what it has. */
export const partial = (who: SelectorInput, about: About<typeof partialSchema, 'who'>): FaultInput => ({
  kind: 'partial',
  who,
  ...about,
})

/** `delay({ from: 'client' }, { by: '2 s', jitter: '1 s' })`: messages that arrive later. */
export const delay = (link: LinkInput, about: About<typeof delaySchema, 'link'>): FaultInput => ({
  kind: 'delay',
  link,
  ...about,
})

/** `lose({ from: 'client', to: 'aggregator' }, { probability: 0.05 })`: messages that never arrive. */
export const lose = (link: LinkInput, about: About<typeof loseSchema, 'link'> = {}): FaultInput => ({
  kind: 'lose',
  link,
  ...about,
})

/** `duplicate({ message: 'update' }, { probability: 0.1, after: '1 s' })`: messages that arrive more than once. */
export const duplicate = (link: LinkInput, about: About<typeof duplicateSchema, 'link'> = {}): FaultInput => ({
  kind: 'duplicate',
  link,
  ...about,
})

/** `crash(one(), { at: '20 min', restartAfter: '3 min', keeps: 'checkpoint' })`: a client that dies. */
export const crash = (who: SelectorInput, about: About<typeof crashSchema, 'who'>): FaultInput => ({
  kind: 'crash',
  who,
  ...about,
})

/** `narrow(one(), { to: '1 Mbps', direction: 'up' })`: a link with less bandwidth. */
export const narrow = (who: SelectorInput, about: About<typeof narrowSchema, 'who'>): FaultInput => ({
  kind: 'narrow',
  who,
  ...about,
})
