import { z } from 'zod'

import { SpecificationError } from '../errors.js'
import type { Name } from '../roster/participant.js'
import { durationSchema } from '../time/duration.js'
import { days, type Micros } from '../time/micros.js'
import type { Lots } from './fault.js'
import type { Knowledge } from './knowledge.js'
import type { Coin } from './window.js'

/*
 * Why some clients are more often away than others: what they have, what time of day it is, and a cause that several of
 * them share. Weights and groups are settled before the flight and stand in the plan.
 */

const biasSchema = z.strictObject({
  by: z.enum(['rows', 'label', 'speed']).describe('Training rows, the mean label of a task in them, or the device’s FLOP/s'),
  task: z.string().min(1).optional().describe('Of `label`: which task; the first when absent'),
  power: z.number().min(-10).max(10).prefault(1).describe('Below 0, those with less are away more often'),
})

const dailySchema = z
  .array(z.tuple([durationSchema, z.number().min(0).max(1e6)]))
  .min(1)
  .refine((daily) => daily.every(([at], i) => at < days(1) && (i === 0 || daily[i - 1][0] < at)), 'instants must increase, within a day')

const togetherSchema = z.union([z.enum(['all', 'scenario']), z.int().min(1)])

/** Fields of a fault whose coin some clients are more likely to lose than others. */
export const proneFields = {
  bias: biasSchema.optional().describe('The coin’s bias goes with something that the client has; its mean over clients is `probability`'),
  daily: dailySchema.optional().describe('[time of day, factor] pairs: the bias is multiplied by the factor of the time at which the round opens'),
  together: togetherSchema.optional().describe('One coin for all, one for each scenario, or for each of so many groups that are drawn'),
}

export interface Prone {
  readonly probability?: number | undefined
  readonly bias?: z.output<typeof biasSchema> | undefined
  readonly daily?: z.output<typeof dailySchema> | undefined
  readonly together?: z.output<typeof togetherSchema> | undefined
}

/** The rule that goes with `proneFields`. */
export const hasCoin = ({ probability, bias, daily, together }: Prone): boolean =>
  probability !== undefined || (bias ?? daily ?? together) === undefined
export const hasCoinRule = { error: '`bias`, `daily` and `together` are about a coin: give a `probability`', path: ['probability'] }

/** What is settled about the coin of each client. */
export const proneSchema = z.strictObject({
  weights: z.record(z.string(), z.number().min(0)).optional().describe('What each client’s probability is multiplied by'),
  groups: z.record(z.string(), z.string()).optional().describe('Clients of one group toss one coin'),
})

type Drawn = z.output<typeof proneSchema>

/** Below this, what a client has counts as this: so that a power below 0 stays a number. */
const least = 1e-9

const having = ({ by, task }: NonNullable<Prone['bias']>, { tasks, rows, label, speed }: Knowledge): ((client: Name) => number) => {
  if (by === 'rows') return rows
  if (by === 'speed') return speed
  if (task !== undefined && tasks !== undefined && !tasks.includes(task)) {
    throw new SpecificationError(`bias.task: there is no task '${task}'. There are: ${tasks.join(', ')}.`)
  }
  return (client) => label(client, task)
}

const weightsOf = (bias: NonNullable<Prone['bias']>, targets: readonly Name[], knowledge: Knowledge): Record<Name, number> => {
  const has = having(bias, knowledge)
  const raw = targets.map((client) => Math.max(has(client), least) ** bias.power)
  const mean = raw.reduce((sum, weight) => sum + weight, 0) / raw.length
  return Object.fromEntries(targets.map((client, i) => [client, raw[i] / mean]))
}

const groupsOf = (together: NonNullable<Prone['together']>, targets: readonly Name[], { actors, stream }: Lots): Record<Name, string> => {
  const scenarios = new Map(actors.map(({ name, scenario = name }) => [name, scenario]))
  const groupOf = (client: Name): string => {
    if (together === 'all') return 'all'
    if (together === 'scenario') return scenarios.get(client) ?? client
    return String(1 + Math.floor(stream('group', client)() * together))
  }
  return Object.fromEntries(targets.map((client) => [client, groupOf(client)]))
}

/** Works out weights, and draws groups. */
export const drawProne = ({ bias, together }: Prone, targets: readonly Name[], lots: Lots): Drawn | undefined => {
  if ((bias ?? together) === undefined) return undefined
  return {
    ...(bias && { weights: weightsOf(bias, targets, lots.knowledge) }),
    ...(together !== undefined && { groups: groupsOf(together, targets, lots) }),
  }
}

/** The factor of the last instant that has come today, or of yesterday's last. */
const factorAt = (daily: NonNullable<Prone['daily']>, at: Micros): number => {
  const time = at % days(1)
  return (daily.findLast(([begins]) => begins <= time) ?? daily[daily.length - 1])[1]
}

/** The coin of each client, as a function of the time at which its round opens; undefined: it is the fault's own. */
export const proneCoin = ({ probability = 1, bias, daily, together }: Prone, drawn: unknown) => {
  if (bias === undefined && daily === undefined && together === undefined) return () => undefined
  const { weights = {}, groups = {} } = (drawn ?? {}) as Drawn
  return (client: Name, at: Micros): Coin => ({
    probability: Math.min(1, probability * (weights[client] ?? 1) * (daily === undefined ? 1 : factorAt(daily, at))),
    name: client in groups ? `group ${groups[client]}` : client,
  })
}

/** For people: `, more often with more rows, by time of day, scenario by scenario`. */
export const proneWords = ({ bias, daily, together }: Prone): string => {
  const what = bias && { rows: 'rows', label: `label${bias.task === undefined ? '' : ` of ${bias.task}`}`, speed: 'speed' }[bias.by]
  const power = bias === undefined || Math.abs(bias.power) === 1 ? '' : ` (power ${Math.abs(bias.power)})`
  const groups = together === 'all' ? 'all together' : together === 'scenario' ? 'scenario by scenario' : `in ${together} groups`
  return [
    bias && `, more often with ${bias.power < 0 ? 'less' : 'more'} ${what}${power}`,
    daily && ', by time of day',
    together !== undefined && `, ${groups}`,
  ].filter(Boolean).join('')
}
