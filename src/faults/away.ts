import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros } from '../time/micros.js'
import { type AbsenceHook, faultEntry } from './fault.js'
import { drawProne, hasCoin, hasCoinRule, type Prone, proneCoin, proneFields, proneSchema, proneWords } from './proneness.js'
import { shareOf } from './selections.js'
import { idField, ordered, orderedRule, perClientRound, windowFields } from './window.js'
import { many, messagesLost, verb, whom } from './words.js'

const phases = {
  download: 'in download',
  training: 'in training',
  'before-upload': 'before the upload',
  upload: 'in upload',
} as const

/** `away(fraction(0.3), { phase: 'training', rounds: [5, 12] })`: clients leave; see docs/faults.md for phases. */
export const away = faultEntry({
  kind: 'away',
  sentence: 'The client leaves, before it is selected or in mid-phase; nothing that it had begun is finished.',
  source: 'Bonawitz et al., Towards Federated Learning at Scale, MLSys 2019, section 2.2: devices that drop out',
  schema: z
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
      ...proneFields,
      id: idField,
    })
    .refine(ordered, orderedRule)
    .refine(hasCoin, hasCoinRule)
    .refine((fault) => fault.for === undefined || fault.phase !== undefined, {
      error: '`for` needs a `phase`; without one, `from` and `until` say how long',
      path: ['for'],
    })
    .refine((fault) => shareOf(fault) === undefined || fault.phase !== undefined, {
      error: 'a share of those selected needs a `phase`: without one, they are not there to be selected',
      path: ['who'],
    }),
  targets: 'clients',
  midRound: true,
  drawing: { schema: proneSchema, draw: (fault, targets, lots) => drawProne(fault as Prone, targets, lots) },
  dials: {
    fields: { who: dial.clients() },
    ways: [
      ...dial.each(dial.windows, { phase: dial.word('before-upload', 'upload', 'training', 'download'), probability: dial.share() }),
      ...dial.each(dial.windows.slice(0, 3), { probability: dial.share() }),
    ],
  },
  describe: (fault, planned) => {
    const { phase, for: long } = fault
    const stays = long === undefined ? '' : ` for ${formatMicros(long)}`
    const leaves = verb(planned, 'leaves', 'leave')
    return `${whom(planned)} ${phase === undefined ? 'away' : `${leaves} ${phases[phase]}`}${stays}${proneWords(fault)}`
  },
  effects: {
    'not selectable': (n) => `not selectable ${n === 1 ? 'once' : `${n} times`}`,
    'training cut short': (n, us) => `${many(n, 'training')} cut short (${formatMicros(us)} charged for nothing)`,
    'left before upload': (n, us) => `${many(n, 'training')} finished and never sent (${formatMicros(us)} for nothing)`,
    'message lost': messagesLost,
  },
  compile: ({ id, fault, drawn }, { draws, strike, strikes }) => {
    const coin = proneCoin(fault, drawn)
    const absence: AbsenceHook = {
      id,
      phase: fault.phase,
      for: fault.for,
      window: fault,
      strikes: (client, round, at) => strikes(client, round, coin(client, at)),
      varies: fault.daily !== undefined,
      place: (client, round) => draws.visit(client, round, 1),
      strike,
    }
    return { absence }
  },
})
