import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { against, little, littleEnough, momentsOf, noised, notNumbers, rmsOf, scaled } from './attacks.js'
import { faultEntry, type Fold, type ForgeHook, type Hooks, type PoisonHook, type Sending, type Tools } from './fault.js'
import { idField, lately, ordered, orderedRule, perClientRound, windowFields } from './window.js'
import { many, verb, whom } from './words.js'

const factor = z.number().min(-1e9).max(1e9)

const attackSchema = z.discriminatedUnion('attack', [
  z.strictObject({ attack: z.literal('nan') }),
  z.strictObject({
    attack: z.literal('sign-flip'),
    by: z.number().gt(0).max(1e9).prefault(1).describe('And so many times as far'),
  }),
  z.strictObject({ attack: z.literal('scale'), by: factor.describe('Its update times this') }),
  z
    .strictObject({
      attack: z.literal('noise'),
      sd: z.number().gt(0).max(1e9).optional().describe('Standard deviation of the noise in each number; or'),
      relative: z.number().gt(0).max(1e9).optional().describe('as a multiple of the root mean square of its update of the part'),
      instead: z.boolean().prefault(false).describe('In place of the update, not on top of it'),
    })
    .refine(({ sd, relative }) => (sd === undefined) !== (relative === undefined), {
      error: 'give either `sd` or `relative`', path: ['sd'],
    }),
  z.strictObject({
    attack: z.literal('a-little-is-enough'),
    z: z.number().min(0).max(1e9).optional().describe('Standard deviations off the mean; as n and f allow when absent'),
    knows: z.enum(['attackers', 'all']).prefault('attackers').describe('Whose honest updates mean and deviation are taken of'),
  }),
  z.strictObject({
    attack: z.literal('inner-product'),
    epsilon: z.number().gt(0).max(1e9).describe('The mean of the others’ updates times minus this'),
  }),
])

type Attack = z.output<typeof attackSchema>

/** Attacks that need nothing said, by their name alone. */
const plain = z.enum(['nan', 'sign-flip', 'a-little-is-enough']).transform((attack): Attack => attackSchema.parse({ attack }))

const sendSchema = z.union([plain, attackSchema])

const inWords = (send: Attack): string => {
  switch (send.attack) {
    case 'nan':
      return 'no numbers'
    case 'sign-flip':
      return `updates of the opposite sign${send.by === 1 ? '' : `, ${send.by} times as far`}`
    case 'scale':
      return `updates times ${send.by}`
    case 'noise': {
      const much = send.sd === undefined ? `of ${send.relative} times their size` : `of sd ${send.sd}`
      return `${send.instead ? 'noise' : 'updates with noise'} ${much}${send.instead ? ' in place of updates' : ''}`
    }
    case 'a-little-is-enough': {
      const whose = send.knows === 'all' ? 'all updates' : 'their own updates'
      return `the mean of ${whose} less ${send.z === undefined ? 'as many' : send.z} standard deviations${send.z === undefined ? ' as pass' : ''}`
    }
    case 'inner-product':
      return `the others’ mean update times -${send.epsilon}`
    default:
      return send satisfies never
  }
}

/** Below these numbers lie the coin and the lot of a client in a round. */
const FIRST = 3

/** What a client makes of its own update alone, before it is encoded. */
const alone = (send: Attack, { draws }: Pick<Tools, 'draws'>): PoisonHook | undefined => {
  switch (send.attack) {
    case 'nan':
      return (values, { segments }) => notNumbers(values, segments)
    case 'sign-flip':
      return (values, { base, segments }) => scaled(values, base, segments, -send.by)
    case 'scale':
      return (values, { base, segments }) => scaled(values, base, segments, send.by)
    case 'noise':
      return (values, { client, part, round, base, segments }) => {
        const sd = send.sd ?? send.relative! * rmsOf(values, base, segments)
        const whose = `${client} ${part}`
        const uniform = (nth: number): number => draws.visit(whose, round, nth)
        const normal = (i: number): number =>
          Math.sqrt(-2 * Math.log(1 - uniform(FIRST + 2 * i))) * Math.cos(2 * Math.PI * uniform(FIRST + 2 * i + 1))
        return noised(values, send.instead ? base : values, segments, sd, normal)
      }
    case 'a-little-is-enough':
    case 'inner-product':
      return undefined
    default:
      return send satisfies never
  }
}

/** What attackers who see a whole fold put in place of their own updates. */
const together = (send: Attack, attacks: (sending: Sending) => boolean): ForgeHook => (fold: Fold) => {
  const theirs = fold.flatMap((update, place) => (attacks(update) ? [place] : []))
  if (theirs.length === 0) return new Map()
  const own = theirs.map((place) => fold[place])
  const others = fold.filter((_, place) => !theirs.includes(place))
  if (send.attack === 'inner-product') {
    // Whoever is alone in a fold has nobody to turn against.
    const known = momentsOf(others.length > 0 ? others : own)
    return new Map(theirs.map((place) => [place, against(fold[place], fold[place].segments, known, send.epsilon)]))
  }
  if (send.attack !== 'a-little-is-enough') return new Map()
  const known = momentsOf(send.knows === 'all' ? fold : own)
  const off = send.z ?? littleEnough(fold.length, theirs.length)
  return new Map(theirs.map((place) => [place, little(fold[place], fold[place].segments, known, off)]))
}

/** `poison(fraction(0.2), { send: 'sign-flip' })`: Byzantine clients, which send something else than they have learnt. */
export const poison = faultEntry({
  kind: 'poison',
  sentence: 'Byzantine clients send something else in place of what they have learnt.',
  source: 'Blanchard et al., NeurIPS 2017; Baruch et al., NeurIPS 2019; Xie et al., UAI 2019',
  schema: z.strictObject({
    kind: z.literal('poison'),
    who: selectorSchema,
    send: sendSchema.describe('nan, sign-flip, a-little-is-enough, or { attack: scale | noise | inner-product | ... } with its numbers'),
    ...windowFields,
    probability: perClientRound,
    id: idField,
  }).refine(ordered, orderedRule),
  targets: 'clients',
  midRound: true,
  dials: {
    fields: {
      who: dial.clients(0.5),
      send: dial.kinds(
        'attack',
        { group: { attack: 'scale', by: 2 }, numbers: { by: dial.apart(1, 0.1, 1000) } },
        {
          group: { attack: 'noise', relative: 1 },
          numbers: { relative: dial.size(0.01, 1000), sd: dial.size(1e-6, 1000), instead: dial.word(false, true) },
        },
        { group: { attack: 'sign-flip' }, numbers: { by: dial.size(1, 1000) } },
        { group: { attack: 'inner-product' }, numbers: { epsilon: dial.size(0.01, 1000) }, drawn: false },
        { group: { attack: 'a-little-is-enough' }, numbers: { z: dial.amount(0, 10), knows: dial.word('attackers', 'all') } },
        { group: { attack: 'nan' } },
      ),
      probability: dial.share(),
    },
    ways: [{ rounds: dial.rounds() }, {}],
  },
  describe: ({ send }, planned) => `${whom(planned)} ${verb(planned, 'sends', 'send')} ${inWords(send)}`,
  effects: { 'update poisoned': (n) => `${many(n, 'update')} poisoned` },
  compile: ({ fault, targets }, tools): Hooks => {
    const { send } = fault
    const { strikes, strike } = tools
    const { isIn, reader } = lately(fault)
    const hit = ({ client, round }: Sending): boolean => {
      if (!isIn() || !strikes(client, round)) return false
      strike(client, `${client} ${round}`, 'update poisoned')
      return true
    }
    const poisoned = alone(send, tools)
    const reads = reader === undefined ? {} : { reader }
    if (poisoned !== undefined) return { poison: (values, about) => (hit(about) ? poisoned(values, about) : values), ...reads }
    const attackers = new Set(targets)
    return { forge: together(send, (sending) => attackers.has(sending.client) && hit(sending)), ...reads }
  },
})
