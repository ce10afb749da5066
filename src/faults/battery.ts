import { z } from 'zod'

import { phone, radios, resume as usuallyFull } from '../costs/constants.js'
import * as dial from '../dials/all.js'
import type { Name } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { calendar } from '../schedules/calendar.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros, minutes, type Micros } from '../time/micros.js'
import { Battery, type Charger, filledAt, usedUpAt } from './charge.js'
import { type AbsenceHook, faultEntry } from './fault.js'
import { chance, idField } from './window.js'
import { many, messagesLost, percent, whom } from './words.js'

const joulesField = z.number().min(0).max(1e12)
const share = z.number().gt(0).max(1)

const chargeSchema = z
  .strictObject({
    watts: z.number().gt(0).max(1e9).describe('What the charger gives'),
    windows: z.array(z.tuple([durationSchema, durationSchema])).min(1).optional()
      .describe('[from, until) pairs in which it is plugged in; always when absent'),
    every: durationSchema.optional().describe('The windows come again with this period'),
  })
  .refine(({ windows = [] }) => windows.every(([from, until]) => from < until), {
    error: 'a window must end after it begins', path: ['windows'],
  })
  .refine(({ windows = [], every = Infinity }) => windows.every(([, until]) => until <= every), {
    error: 'windows must lie within one period', path: ['every'],
  })
  .refine(({ every = minutes(1) }) => every >= minutes(1), { error: 'a period must be at least a minute', path: ['every'] })

type Charge = z.output<typeof chargeSchema>

const chargerOf = (charge: Charge | undefined): Charger => {
  if (charge === undefined) return { watts: 0, calendar: undefined }
  const { watts, windows, every } = charge
  return { watts, calendar: windows && calendar(windows.map(([from, until]) => ({ from, until })), every) }
}

const drawnSchema = z.strictObject({ start: z.record(z.string(), z.number().min(0).max(1)).describe('How full each battery is at first') })

/** A message on its way, as far as its bytes are paid for. */
interface Carried {
  readonly from: Name
  readonly to: Name
  readonly bytes: number
  readonly round: number
}

/** `battery(all(), { charge: { watts: 10, windows: [['0 h', '7 h']], every: '24 h' } })`: devices that run empty. */
export const battery = faultEntry({
  kind: 'battery',
  sentence: 'A device spends energy on training and on bytes, leaves when its battery is empty, and is back when it has charged.',
  source: 'Kim and Wu, AutoFL, MICRO 2021; Arouj and Abdelmoniem, Towards Energy-Aware Federated Learning on Battery-Powered Clients, 2022',
  schema: z.strictObject({
    kind: z.literal('battery'),
    who: selectorSchema,
    capacity: joulesField.gt(0).prefault(phone.capacity.value).describe('Joules when it is full'),
    training: z.number().min(0).max(1e9).prefault(phone.watts.value).describe('Watts while it trains'),
    radio: z.enum(['wifi', 'lte', '3g']).prefault('wifi').describe('What bytes cost, where `sent` and `received` do not say so'),
    sent: joulesField.optional().describe('Joules per million bytes'),
    received: joulesField.optional().describe('Joules per million bytes'),
    start: z
      .union([chance, z.strictObject({ from: chance, to: chance }).refine(({ from, to }) => from <= to, '`from` must not be above `to`')])
      .prefault(1)
      .describe('How full it is at first, or a range in which that is drawn for each client'),
    resume: share.prefault(usuallyFull.value).describe('How full it is again when it comes back'),
    charge: chargeSchema.optional().describe('How it is charged; never when absent'),
    id: idField,
  }),
  targets: 'clients',
  drawing: {
    schema: drawnSchema,
    draw: (fault, targets, { stream }) => {
      const { start } = fault as { start: number | { from: number; to: number } }
      const first = (client: Name): number =>
        typeof start === 'number' ? start : start.from + (start.to - start.from) * stream('start', client)()
      return { start: Object.fromEntries(targets.map((client) => [client, first(client)])) }
    },
  },
  dials: { fields: { who: dial.clients(), capacity: dial.energy(50, 8, 0.25), training: dial.amount(10, 100), charge: dial.word({ watts: 10 }, undefined) } },
  describe: ({ capacity, training, start, charge }, planned) => {
    const full = typeof start === 'number' ? percent(start) : `${percent(start.from)} to ${percent(start.to)}`
    const fills = charge === undefined ? 'never charged' : `charged with ${charge.watts} W${charge.windows === undefined ? '' : ' at times'}`
    return `${whom(planned)}: battery of ${capacity} J, ${full} full at first, ${training} W in training, ${fills}`
  },
  effects: {
    'ran empty': (n) => `ran empty ${n === 1 ? 'once' : `${n} times`}`,
    'training cut short': (n, us) => `${many(n, 'training')} cut short (${formatMicros(us)} charged for nothing)`,
    'message lost': messagesLost,
  },
  compile: ({ id, fault, targets, drawn }, { strike, leave, events }) => {
    const { capacity, training, radio, sent = radios[radio].sent.value, received = radios[radio].received.value, resume } = fault
    const { start = {} } = (drawn ?? {}) as Partial<z.output<typeof drawnSchema>>
    const usual = typeof fault.start === 'number' ? fault.start : fault.start.from
    const charger = chargerOf(fault.charge)
    const batteries = new Map(targets.map((name) => [name, new Battery(capacity, charger, (start[name] ?? usual) * capacity)]))
    const carried = new Map<number, Carried>()
    const runsEmpty = (client: Name, at: Micros, round: number): void => {
      // Bytes are paid for in a calm phase, too; nobody leaves for it.
      if (!events.isOn(at)) return
      strike(client, `${client} ${round}`, 'ran empty', `${client} ${at}`)
      leave(client, round, at)
    }
    const pay = (client: Name, at: Micros, joules: number, round: number): void => {
      if (joules > 0 && batteries.get(client)?.spend(at, joules) === true) runsEmpty(client, at, round)
    }
    const absence: AbsenceHook = {
      id, strike,
      phase: 'training',
      for: undefined,
      window: {},
      strikes: () => true,
      place: () => 0,
      leaves: (client, from, end) => {
        if (training === 0) return undefined
        const level = batteries.get(client)!.level(from)
        return usedUpAt(level, from, end, training, charger)
      },
      back: (_, leftAt) => filledAt(resume * capacity, leftAt, charger),
    }
    return {
      absence,
      reader: {
        kinds: ['send', 'copy', 'arrive', 'drop', 'train', 'trained'],
        see: (event) => {
          switch (event.kind) {
            case 'send':
            case 'copy':
              if (batteries.has(event.actor) || batteries.has(event.to)) {
                carried.set(event.envelope, { from: event.actor, to: event.to, bytes: event.bytes, round: event.round })
              }
              return
            case 'arrive':
            case 'drop': {
              const about = carried.get(event.envelope)
              if (about === undefined) return
              carried.delete(event.envelope)
              const { from, to, bytes, round } = about
              const travelled = event.kind === 'drop' ? event.travelled : bytes
              pay(from, event.at, (sent * travelled) / 1e6, round)
              if (event.kind === 'arrive') pay(to, event.at, (received * bytes) / 1e6, round)
              return
            }
            case 'train':
              batteries.get(event.actor)?.draw(event.at, training)
              return
            case 'trained':
              if (batteries.get(event.actor)?.draw(event.at, 0) === true) runsEmpty(event.actor, event.at, event.round)
          }
        },
      },
    }
  },
})
