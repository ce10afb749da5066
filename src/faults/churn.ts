import { z } from 'zod'

import * as dial from '../dials/all.js'
import type { Name } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { calendar, type Calendar } from '../schedules/calendar.js'
import { durationSchema } from '../time/duration.js'
import { days, formatMicros, hours, type Micros } from '../time/micros.js'
import { type AbsenceHook, faultEntry } from './fault.js'
import { chance, idField } from './window.js'
import { many, messagesLost, whom } from './words.js'

const rate = z.number().min(0).max(1e6)

/** The most changes that a client's life is drawn with, on average. */
const most = 10_000

interface Rates {
  readonly births: number
  readonly deaths: number
  readonly present?: number | undefined
  readonly comesBack: boolean
  readonly horizon: Micros
}

/** When a client is there: [from, until), in order; null: for good. */
type Sessions = readonly (readonly [Micros, Micros | null])[]

/** The life of one client: exponential times, of a mean of one over the rate. */
export const drawSessions = ({ births, deaths, present, comesBack, horizon }: Rates, draw: () => number): Sessions => {
  const wait = (perHour: number): number => (perHour === 0 ? Infinity : Math.ceil((-Math.log(1 - draw()) * hours(1)) / perHour))
  const share = present ?? (births + deaths === 0 ? 1 : births / (births + deaths))
  const sessions: (readonly [Micros, Micros | null])[] = []
  let isThere = draw() < share
  let time = 0
  for (;;) {
    const next = time + wait(isThere ? deaths : births)
    const ends = next >= horizon
    if (isThere) sessions.push([time, ends ? null : next])
    if (ends || (isThere && !comesBack)) return sessions
    isThere = !isThere
    time = next
  }
}

const drawnSchema = z.strictObject({
  sessions: z.record(z.string(), z.array(z.tuple([z.int().min(0), z.int().min(0).nullable()]))).describe('When each client is there; null: for good'),
})

/** `churn(all(), { births: 0.1, deaths: 0.2 })`: a population that comes and goes. */
export const churn = faultEntry({
  kind: 'churn',
  sentence: 'A population that comes and goes: each client is born and dies at exponential times, drawn before the flight.',
  source: 'Leonard et al., On lifetime-based node failure, SIGMETRICS 2005; Stutzbach and Rejaie, Understanding churn, IMC 2006',
  schema: z
    .strictObject({
      kind: z.literal('churn'),
      who: selectorSchema,
      births: rate.describe('Per hour, of a client that is not there'),
      deaths: rate.describe('Per hour, of a client that is there'),
      present: chance.optional().describe('Share that is there at first; that of the long run, births / (births + deaths), when absent'),
      comesBack: z.boolean().prefault(true).describe('Whether one that has died is born again'),
      horizon: durationSchema.prefault(days(7)).describe('Lives are drawn until here; as they are then they stay'),
      id: idField,
    })
    .refine(({ births, deaths, horizon }) => (Math.min(births, deaths) * horizon) / hours(1) <= most, {
      error: `more than ${most} changes a client: lower the rates, or \`horizon\``, path: ['horizon'],
    }),
  targets: 'clients',
  drawing: {
    schema: drawnSchema,
    draw: (fault, targets, { stream }) => ({
      sessions: Object.fromEntries(targets.map((name) => [name, drawSessions(fault as Rates, stream('life', name))])),
    }),
  },
  dials: { fields: { who: dial.clients(), births: dial.factor(100_000, 10_000), deaths: dial.factor(1000, 20_000), horizon: dial.word('10 s') } },
  describe: ({ births, deaths, comesBack }, planned) =>
    `${whom(planned)} churn: ${births} births and ${deaths} deaths an hour${comesBack ? '' : ', dead for good'}`,
  effects: {
    'not selectable': (n) => `not selectable ${n === 1 ? 'once' : `${n} times`}`,
    'training cut short': (n, us) => `${many(n, 'training')} cut short (${formatMicros(us)} charged for nothing)`,
    'message lost': messagesLost,
  },
  compile: ({ id, drawn }, { strike }) => {
    const { sessions = {} } = (drawn ?? {}) as Partial<z.output<typeof drawnSchema>>
    const calendars = new Map<Name, Calendar>(
      Object.entries(sessions).map(([name, own]) => [name, calendar(own.map(([from, until]) => ({ from, until: until ?? Infinity })))]),
    )
    const absence: AbsenceHook = {
      id, strike, window: {}, phase: undefined, for: undefined,
      strikes: () => false,
      place: () => 0,
      sessions: (client) => calendars.get(client),
    }
    return { absence }
  },
})
