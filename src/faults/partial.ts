import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { faultEntry } from './fault.js'
import { idField, lately, ordered, orderedRule, perClientRound, windowFields } from './window.js'
import { many, percent, verb, whom } from './words.js'

const rangeSchema = z
  .strictObject({
    from: z.number().gt(0).max(1),
    to: z.number().gt(0).max(1).prefault(1),
    steps: z.int().min(1).optional().describe('So many values, equally far apart and equally likely; any number between when absent'),
  })
  .refine(({ from, to }) => from <= to, { error: '`from` must not be above `to`', path: ['to'] })

const workSchema = z.union([z.number().gt(0).lt(1), rangeSchema])

type Work = z.output<typeof workSchema>

/** The share of its epochs that a client does, by a number in [0, 1). */
const workOf = (work: Work, draw: number): number => {
  if (typeof work === 'number') return work
  const { from, to, steps } = work
  if (steps === undefined) return from + (to - from) * draw
  return steps === 1 ? from : from + ((to - from) * Math.floor(draw * steps)) / (steps - 1)
}

const shares = (work: Work): string =>
  typeof work === 'number' ? percent(work) : `${percent(work.from)} to ${percent(work.to)}`

/** `partial(all(), { epochs: 0.5, probability: 0.2 })`: local training that stops early and sends what it has. */
export const partial = faultEntry({
  kind: 'partial',
  sentence: 'The client stops after a share of its local epochs and sends what it has.',
  source: 'Li et al., FedProx, MLSys 2020, definition 2 and section 5.2: variable amounts of work',
  schema: z.strictObject({
    kind: z.literal('partial'),
    who: selectorSchema,
    epochs: workSchema.describe('Share of its local epochs that it does, or a range in which it is drawn anew for every client and round'),
    ...windowFields,
    probability: perClientRound,
    id: idField,
  }).refine(ordered, orderedRule),
  targets: 'clients',
  midRound: true,
  dials: { fields: { who: dial.clients(), epochs: dial.amount(0.9, 0.1), probability: dial.share() }, ways: [{ rounds: dial.rounds() }, {}] },
  describe: ({ epochs }, planned) => `${whom(planned)} ${verb(planned, 'stops', 'stop')} after ${shares(epochs)} of the local epochs`,
  effects: { 'training partial': (n) => `${many(n, 'training')} stopped early` },
  compile: ({ fault }, { draws, strike, strikes }) => {
    const { isIn, reader } = lately(fault)
    return {
      partial: (client, round) => {
        if (!isIn() || !strikes(client, round)) return undefined
        strike(client, `${client} ${round}`, 'training partial', `${client} ${round}`)
        return workOf(fault.epochs, draws.visit(client, round, 1))
      },
      ...(reader && { reader }),
    }
  },
})
