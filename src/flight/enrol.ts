import type { Table } from '../data/table.js'
import type { World } from '../data/world.js'
import type { Engine, Prepared, Training } from '../engine/engine.js'
import { SpecificationError } from '../errors.js'
import type { RateSchedule } from '../federation/rate-schedule.js'
import type { Leg } from '../federation/strategies/local.js'
import type { Member, Strategy } from '../federation/strategies/strategy.js'
import type { Layout, Segment } from '../models/layout.js'
import type { Features, Model } from '../models/model.js'
import { streams } from '../random/streams.js'
import { resolveOverrides } from '../roster/overrides.js'
import { clientName, type Name, type Participant } from '../roster/participant.js'
import type { Local } from '../simulation/local.js'
import type { Resolved } from '../simulation/specification.js'
import type { Exam } from './exam.js'
import { rankOf } from './rank.js'

/** One client, with its rows and what the engine calls them. */
export interface Enrolled {
  readonly name: Name
  readonly member: Member
  readonly rows: number
  readonly epochs: number
  readonly batch: number
  /** Learning rate, where it has one of its own. */
  readonly rate: number | undefined
  readonly rateSchedule: RateSchedule | undefined
  readonly optimizerState: Local['optimizerState']
  /** A program for each leg of the strategy, in their order. */
  readonly prepared: readonly Prepared[]
  readonly data: string
  /** Rows on which the client measures models that it is offered: its validation rows, else its training rows. */
  readonly trial: { readonly data: string; readonly table: Table }
}

type Habits = Pick<Enrolled, 'epochs' | 'batch' | 'rate' | 'optimizerState'> & { readonly rateSchedule?: RateSchedule | undefined }

/** What clients are enrolled in. */
export interface Enrolment {
  readonly resolved: Resolved
  readonly world: World
  readonly engine: Engine
  readonly strategy: Strategy
  readonly model: Model
  readonly layout: Layout
  readonly features: Features
  readonly training: Omit<Training, 'batch'>
}

/** A graph has room for a whole batch: beyond this many rows, for no more than the largest client has. */
const largeBatch = 65_536

/** The programs of a client that trains `batch` rows a step: those of legs whose training is the same are one. */
const programsOf = (
  legs: readonly Leg[],
  shared: readonly Segment[],
  training: Training,
  engine: Engine,
): Promise<readonly Prepared[]> => {
  const { segments } = training.layout
  return Promise.all(
    legs.map(({ name: leg, trains = () => true, proximal, correction }) => {
      if (!segments.some((segment) => segment.trainable && trains(segment))) {
        const roles = [...new Set(segments.map(({ role }) => role))].join(', ')
        throw new SpecificationError(`leg '${leg}' of the strategy trains nothing of this model, which has ${roles}.`)
      }
      const held = proximal !== undefined && proximal.mu > 0 ? shared.filter(trains) : []
      const frozen = segments.filter((segment) => !trains(segment)).map(({ name }) => name)
      return engine.prepare({
        ...training,
        proximal: held.length > 0,
        proximalSegments: held.map(({ name }) => name),
        ...(frozen.length > 0 && { frozen }),
        ...(correction !== undefined && { corrected: true }),
      })
    }),
  )
}

const handles = new WeakMap<Engine, { readonly of: WeakMap<Table, string>; readonly taken: Set<string> }>()

/** Makes a table known to the engine, once; two tables of one name get handles that tell them apart. */
export const register = async (engine: Engine, name: string, table: Table): Promise<string> => {
  let known = handles.get(engine)
  if (known === undefined) handles.set(engine, (known = { of: new WeakMap(), taken: new Set() }))
  const before = known.of.get(table)
  if (before !== undefined) return before
  let handle = name
  for (let n = 2; known.taken.has(handle); n++) handle = `${name} (${n})`
  known.taken.add(handle)
  known.of.set(table, handle)
  await engine.register(handle, table)
  return handle
}

/** What a client's models are scored on: the validation and test rows of every scenario that it serves. */
const examsOf = async (
  name: Name,
  { serves, train }: Member,
  program: string,
  history: string,
  { engine, model, layout, features }: Enrolment,
): Promise<Exam[]> => {
  const exams: Exam[] = []
  for (const { scenario, validation, test } of serves) {
    for (const [split, table] of [['validation', validation], ['test', test]] as const) {
      if (table.rows === 0) continue
      const data = await register(engine, `${name}/${scenario}/${split}`, table)
      const rank = rankOf(model, layout, features, { train, seen: split === 'test' ? [validation] : [], table })
      exams.push({ client: name, scenario, split, table, program, data, history, ...(rank && { rank }) })
    }
  }
  return exams
}

/**
 * Enrols clients: prepares a program for each batch size in use, and makes every table known to the engine. In the order
 * of names.
 */
export const enrol = async (
  members: readonly Member[],
  participants: readonly Participant[],
  enrolment: Enrolment,
): Promise<{ readonly clients: readonly Enrolled[]; readonly exams: readonly Exam[] }> => {
  const { resolved, strategy, layout, training, engine } = enrolment
  const { clients: overrides, ...usual } = resolved.local
  const own = resolveOverrides(overrides, participants, streams(resolved.seeds.faults), 'local.clients')
  const shared = layout.segments.filter((segment) => segment.trainable && strategy.template(segment) !== 'private')
  const mostRows = members.reduce((most, { train }) => Math.max(most, train.rows), 0)
  const byName = new Map(members.map((member) => [clientName(member.name), member]))
  const clients: Enrolled[] = []
  const exams: Exam[] = []
  const known = new Map<number, readonly Prepared[]>()
  for (const { name } of participants) {
    const member = byName.get(name)
    if (member === undefined) continue
    const habits: Habits = { rate: undefined, ...usual, ...own.get(name) }
    const { epochs, rate, rateSchedule, optimizerState } = habits
    const batch = Math.min(habits.batch, Math.max(largeBatch, mostRows))
    const prepared = known.get(batch) ?? (await programsOf(strategy.legs, shared, { ...training, batch }, engine))
    known.set(batch, prepared)
    const data = await register(engine, `${name}/train`, member.train)
    const held = member.serves.find(({ validation }) => validation.rows > 0)
    const trial = held
      ? { data: await register(engine, `${name}/${held.scenario}/validation`, held.validation), table: held.validation }
      : { data, table: member.train }
    clients.push({ name, member, rows: member.train.rows, epochs, batch, rate, rateSchedule, optimizerState, prepared, data, trial })
    exams.push(...(await examsOf(name, member, prepared[0].program, data, enrolment)))
  }
  return { clients, exams }
}
