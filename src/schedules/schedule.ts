import { z } from 'zod'

import { SpecificationError } from '../errors.js'
import type { Streams } from '../random/streams.js'
import { identities } from '../roster/identity.js'
import type { Name, Participant } from '../roster/participant.js'
import { resolve, selectorSchema, type SelectorInput } from '../roster/selectors.js'
import { shareNearest } from '../shares.js'
import { durationSchema } from '../time/duration.js'
import { days, hours } from '../time/micros.js'
import { parseAvailability } from './availability-trace.js'
import { calendar, type Calendar, type Window } from './calendar.js'
import type { ReadText } from './csv.js'

const who = selectorSchema.prefault('client')

/** There at all times: undoes earlier entries for some clients. */
const alwaysSchema = z.strictObject({ kind: z.literal('always'), who })

/** There in these windows, which may repeat. */
const windowsSchema = z
  .strictObject({
    kind: z.literal('windows'),
    who,
    windows: z.array(z.tuple([durationSchema, durationSchema])).min(1).describe('[from, until) pairs of virtual time'),
    every: durationSchema.optional().describe('The windows come again with this period'),
  })
  .refine(({ windows }) => windows.every(([from, until]) => from < until), {
    error: 'a window must end after it begins',
    path: ['windows'],
  })
  .refine(({ windows, every }) => every === undefined || windows.every(([, until]) => until <= every), {
    error: 'windows must lie within one period',
    path: ['every'],
  })

/** There for a share of every day, at a time of day of the client's own. */
const diurnalSchema = z.strictObject({
  kind: z.literal('diurnal'),
  who,
  period: durationSchema.prefault(hours(24)).refine((period) => period > 0, 'a period must be above 0'),
  available: z.number().gt(0).max(1).describe('Share of the period'),
  phase: durationSchema.prefault(0).describe('When the earliest client’s window begins'),
  spread: durationSchema.optional().describe('Windows begin in [phase, phase + spread); the period if absent'),
})

/** There for `on`, then not for `off`, and so on. */
const periodsSchema = z.strictObject({
  kind: z.literal('periods'),
  who,
  on: durationSchema.refine((on) => on > 0, 'must be above 0'),
  off: durationSchema,
  phase: z.union([durationSchema, z.literal('random')]).prefault(0).describe('When the first `on` begins'),
})

/** There when a real device was: each client follows a device of a trace, drawn at random. */
const traceSchema = z.strictObject({
  kind: z.literal('trace'),
  who,
  path: z.string().min(1).describe('CSV with device,start_s,end_s'),
  length: durationSchema.prefault(days(2)).describe('The trace is cut here and begins again'),
  phase: z
    .union([durationSchema, z.literal('random')])
    .prefault('random')
    .describe('Where in the trace a client begins'),
})

/** When some clients are there. */
export const scheduleEntrySchema = z.discriminatedUnion('kind', [
  alwaysSchema,
  windowsSchema,
  diurnalSchema,
  periodsSchema,
  traceSchema,
])

/** When clients are there: one entry or a list; the last entry that names a client holds for it. Default: always. */
export const scheduleSchema = z
  .union([scheduleEntrySchema.transform((entry) => [entry]), z.array(scheduleEntrySchema)])
  .prefault([])

export type ScheduleEntry = z.output<typeof scheduleEntrySchema>
export type ScheduleInput = z.input<typeof scheduleEntrySchema>
export type Schedule = z.output<typeof scheduleSchema>

type About<S extends z.ZodType> = Omit<z.input<S>, 'kind'>

/** `always('client-NL')`: there at all times. */
export const always = (whom?: SelectorInput): ScheduleInput => ({ kind: 'always', who: whom })
/** `windows({ windows: [['1 h', '3 h']], every: '24 h' })`: there in these windows. */
export const windows = (about: About<typeof windowsSchema>): ScheduleInput => ({ kind: 'windows', ...about })
/** `diurnal({ available: 0.4 })`: there for 40 % of every day, at an hour of its own. */
export const diurnal = (about: About<typeof diurnalSchema>): ScheduleInput => ({ kind: 'diurnal', ...about })
/** `periods({ on: '10 min', off: '20 min' })`: there and not there in turn. */
export const periods = (about: About<typeof periodsSchema>): ScheduleInput => ({ kind: 'periods', ...about })
/** `availabilityTrace({ path: 'ready_strict.csv' })`: there when real phones were. */
export const availabilityTrace = (about: About<typeof traceSchema>): ScheduleInput => ({ kind: 'trace', ...about })

/** A number in [0, 1) for a client, by what it decides. */
type Draw = (what: string) => number

/** The windows of every device of a trace. */
type Devices = readonly (readonly Window[])[]

const trace = (entry: Extract<ScheduleEntry, { kind: 'trace' }>, devices: Devices, draw: Draw): Calendar => {
  const device = devices[Math.floor(draw('device') * devices.length)]
  const phase = entry.phase === 'random' ? Math.floor(draw('phase') * entry.length) : entry.phase
  return calendar(device, entry.length, -phase)
}

const calendarOf = (entry: ScheduleEntry, devices: Devices, draw: Draw): Calendar | undefined => {
  switch (entry.kind) {
    case 'always':
      return undefined
    case 'windows':
      return calendar(entry.windows.map(([from, until]) => ({ from, until })), entry.every)
    case 'diurnal': {
      const spread = entry.spread ?? entry.period
      const until = Math.max(1, shareNearest(entry.available, entry.period))
      const phase = entry.phase + Math.floor(draw('phase') * spread)
      return calendar([{ from: 0, until }], entry.period, phase)
    }
    case 'periods': {
      const period = entry.on + entry.off
      const phase = entry.phase === 'random' ? Math.floor(draw('phase') * period) : entry.phase
      return calendar([{ from: 0, until: entry.on }], period, phase)
    }
    case 'trace':
      return trace(entry, devices, draw)
    default:
      return entry satisfies never
  }
}

/**
 * The calendar of everyone that a schedule restricts; the others are always there. Draws are named by the entry and
 * the client, so that another client or entry changes none. Throws `SpecificationError` for a selector that finds
 * nobody or names a server, `DataError` for a trace that cannot be read.
 */
export const resolveSchedule = (
  schedule: Schedule,
  participants: readonly Participant[],
  streams: Streams,
  read: ReadText,
): ReadonlyMap<Name, Calendar> => {
  const result = new Map<Name, Calendar>()
  const keys = identities(schedule)
  const servers = new Set(participants.filter((p) => p.role !== 'client' && p.role !== 'regional').map((p) => p.name))
  schedule.forEach((entry, i) => {
    const key = keys[i]
    const where = `schedule[${i}]`
    const devices = entry.kind === 'trace' ? parseAvailability(read(entry.path), entry.length, entry.path) : []
    const lot = (name: Name) => streams('schedule', key, 'who', name)()
    for (const name of resolve(entry.who, participants, lot, `${where}.who`)) {
      if (servers.has(name)) {
        throw new SpecificationError(`${where}.who: '${name}' is a server; schedules are for clients and regional aggregators. Use a crash.`)
      }
      const found = calendarOf(entry, devices, (what) => streams('schedule', key, what, name)())
      if (found === undefined) result.delete(name)
      else result.set(name, found)
    }
  })
  return result
}
