import { z } from 'zod'

import { resolveOverrides } from '../roster/overrides.js'
import type { Name, Participant } from '../roster/participant.js'
import { type Selector, type SelectorInput, selectorSchema } from '../roster/selectors.js'
import type { Streams } from '../random/streams.js'
import { chainProblem, type Stage, type StageInput, stageSchema, traitsOf } from './registry.js'

/** What roles of segments are called where each has a codec of its own, and what the further tensors of a strategy are. */
const words = {
  embeddings: 'embedding', users: 'user', inputs: 'input', bottoms: 'bottom', experts: 'expert', gates: 'gate', towers: 'tower',
  norms: 'batch-norm', others: 'other', extras: 'extra',
} as const

/** A role of a segment; `extra`: a further tensor of the strategy, such as a control variate. */
export type CodedRole = (typeof words)[keyof typeof words]

/** What a role is called in `codec`. */
export type Word = keyof typeof words

export const roleOf = (word: Word): CodedRole => words[word]

/** Codecs one after the other, as data: each codes what the one before leaves to it. */
export type Chain = readonly Stage[]

/** A codec, or a list of them, as a file or a script holds it. */
export type ChainInput = StageInput | readonly StageInput[]

const chainSchema: z.ZodType<Stage[], ChainInput> = z
  .union([stageSchema.transform((stage): Stage[] => [stage]), z.array(stageSchema).min(1)])
  .superRefine((chain, context) => {
    const message = chainProblem(chain)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
  .describe('A codec, or a list of them: each codes what the one before leaves to it')

const said = (word: Word) => chainSchema.optional().describe(
  word === 'extras' ? 'Of the further tensors of a strategy, such as control variates' : `Of segments whose role is \`${words[word]}\``,
)

const byRole = {
  all: chainSchema.optional().describe('Of everything that nothing else is said of'),
  embeddings: said('embeddings'), users: said('users'), inputs: said('inputs'), bottoms: said('bottoms'), experts: said('experts'),
  gates: said('gates'), towers: said('towers'), norms: said('norms'), others: said('others'), extras: said('extras'),
}

type Words<One> = { readonly [Spoken in Word | 'all']?: One | undefined }

const eitherSchema: z.ZodType<Words<Chain>, ChainInput | Words<ChainInput>> = z.union([
  chainSchema.transform((all) => ({ all })),
  z.strictObject(byRole),
])

const routeFields = {
  ...byRole,
  up: eitherSchema.optional().describe('Of updates: before what is said for both directions'),
  down: eitherSchema.optional().describe('Of models'),
}

/** What is said of codecs by role, of both directions or of one. */
export interface Route extends Words<Chain> {
  readonly up?: Words<Chain> | undefined
  readonly down?: Words<Chain> | undefined
}

interface RouteInput extends Words<ChainInput> {
  readonly up?: ChainInput | Words<ChainInput> | undefined
  readonly down?: ChainInput | Words<ChainInput> | undefined
}

interface Some extends Route {
  readonly who?: Selector | undefined
  readonly rounds?: readonly [number, number] | undefined
}

interface SomeInput extends RouteInput {
  readonly who?: SelectorInput | undefined
  readonly rounds?: readonly [number, number] | undefined
}

/** How messages are coded, as data: everything by its role and direction. */
export interface Routes extends Route {
  readonly some?: readonly Some[] | undefined
}

/** How messages are coded, as a script or a file says it: one chain for everything, or by role, direction, client and round. */
export type CodecInput = ChainInput | (RouteInput & { readonly some?: readonly SomeInput[] | undefined })

const someSchema: z.ZodType<Some, SomeInput> = z.strictObject({
  who: selectorSchema.optional().describe('Clients that it holds for; everybody when absent'),
  rounds: z
    .tuple([z.int().min(1), z.int().min(1)])
    .readonly()
    .refine(([first, last]) => first <= last, 'the first round comes before the last')
    .optional()
    .describe('First and last round that it holds for; all when absent'),
  ...routeFields,
})

/** How messages are coded, by direction, role, client and round. */
export const codecSchema: z.ZodType<Routes, CodecInput> = z
  .union([
    chainSchema.transform((all) => ({ all })),
    z.strictObject({
      ...routeFields,
      some: z.array(someSchema).min(1).optional().describe('Of some clients or rounds: before what is said of all; later entries win'),
    }),
  ])
  .describe('How parameters become bytes: one codec for everything, or by role, direction, client and round; as they are, in 32 bits, when absent')

const wordOf = Object.fromEntries(Object.entries(words).map(([word, role]) => [role, word])) as Record<CodedRole, Word>

/** A strategy's further tensors have nothing at the receiver that they could be a change of. */
const fitting = (chain: Chain | undefined, role: CodedRole): Chain | undefined =>
  chain !== undefined && role === 'extra' && traitsOf(chain).of === 'changes' ? undefined : chain

/** What a route says of a role in a direction: the direction's own word first, then that of both. */
export const within = (route: Route, direction: 'up' | 'down', role: CodedRole): Chain | undefined => {
  const word = wordOf[role]
  const own = route[direction]
  return own?.[word] ?? fitting(own?.all, role) ?? route[word] ?? fitting(route.all, role)
}

/** Chains that code anything in an update, of anybody and in any round. */
export const updateChains = (routes: Routes): readonly Chain[] =>
  [routes, ...(routes.some ?? [])].flatMap((route) => Object.values(words).map((role) => within(route, 'up', role)).filter((chain) => chain !== undefined))

/** Whether anything in an update is coded by them. */
export const codesUpdates = (routes: Routes): boolean => updateChains(routes).length > 0

/** Which chain a tensor is coded by; undefined: it goes as it is. The same object for the same words. */
export interface ChainOf {
  (direction: 'up' | 'down', role: CodedRole, client: Name, round: number): Chain | undefined
  /** Whether it depends on the client or the round. */
  readonly varies: boolean
}

/** Looks chains up. Clients that are drawn are drawn now. */
export const chainsOf = (routes: Routes, participants: readonly Participant[], streams: Streams): ChainOf => {
  const { some = [] } = routes
  if (some.length === 0) return Object.assign((direction: 'up' | 'down', role: CodedRole) => within(routes, direction, role), { varies: false })
  const members = some.map((one, i) => {
    const { who } = one
    return who === undefined ? undefined : new Set(resolveOverrides([{ who, here: true }], participants, streams, `codec.some[${i}]`).keys())
  })
  const chainOf = (direction: 'up' | 'down', role: CodedRole, client: Name, round: number): Chain | undefined => {
    for (let i = some.length - 1; i >= 0; i--) {
      const { rounds: [first, last] = [1, Infinity] } = some[i]
      if (round < first || round > last || members[i]?.has(client) === false) continue
      const chain = within(some[i], direction, role)
      if (chain !== undefined) return chain
    }
    return within(routes, direction, role)
  }
  return Object.assign(chainOf, { varies: true })
}

/** Every word of a route with its chain: `experts`, `up.towers`; and the directions that it is said of. */
export const wordsIn = ({ up, down, ...both }: Route): readonly { readonly path: string; readonly word: Word | 'all'; readonly chain: Chain; readonly ways: readonly ('up' | 'down')[] }[] =>
  ([['', both, ['up', 'down']], ['up.', up ?? {}, ['up']], ['down.', down ?? {}, ['down']]] as const).flatMap(([prefix, spoken, ways]) =>
    (['all', ...Object.keys(words)] as (Word | 'all')[]).flatMap((word) => {
      const chain = (spoken as Words<Chain>)[word]
      return chain === undefined ? [] : [{ path: `${prefix}${word}`, word, chain, ways }]
    }))

/** Every chain that is named anywhere. */
export const chainsIn = ({ some = [], ...all }: Routes): readonly Chain[] =>
  [all, ...some].flatMap((route) => wordsIn(route).map(({ chain }) => chain))
