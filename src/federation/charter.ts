import { clientName, type Name, type Participant, type Role } from '../roster/participant.js'
import type { Table } from '../data/table.js'
import type { World } from '../data/world.js'
import type { Engine, Prepared, Training } from '../engine/engine.js'
import { SpecificationError } from '../errors.js'
import { buildLayout, initialize, type Layout, type Segment } from '../models/layout.js'
import type { Model } from '../models/model.js'
import { buildModel } from '../models/registry.js'
import { streams } from '../random/streams.js'
import type { Resolved } from '../simulation/specification.js'
import { buildBalancer } from '../balancing/registry.js'
import type { Task } from '../tasks/task.js'
import { castOf } from './cast.js'
import type { Exam } from './evaluation.js'
import { rankOf } from './rank.js'
import { habitsOf } from './habits.js'
import { type PartTemplate, partTemplates } from './part-template.js'
import type { StrategyEntry } from './strategies/entry.js'
import { buildStrategy, type StrategySpec } from './strategies/registry.js'
import type { Leg } from './strategies/local.js'
import type { Member, Strategy } from './strategies/strategy.js'

/** One client, with its rows and what the engine calls them. */
export interface Enrolled {
  readonly name: Name
  readonly member: Member
  readonly rows: number
  readonly epochs: number
  readonly batch: number
  /** A program for each leg of the strategy, in their order. */
  readonly prepared: readonly Prepared[]
  readonly data: string
  /** Rows on which the client measures models that it is offered: its validation rows, else its training rows. */
  readonly trial: { readonly data: string; readonly table: Table }
}

/** What is settled about a federation before its first event: who takes part, with which model, in which parts. */
export interface Charter {
  readonly strategy: Strategy
  readonly model: Model
  readonly tasks: readonly Task[]
  readonly layout: Layout
  /** The parameters that everybody starts from. */
  readonly initial: Float32Array
  readonly parts: readonly PartTemplate[]
  readonly cast: readonly Participant[]
  readonly roles: ReadonlyMap<Name, Role>
  /** In the order of their names. */
  readonly clients: readonly Enrolled[]
  readonly exams: readonly Exam[]
}

const strategyOf = ({ strategy: given, local }: Resolved): Strategy => {
  if (typeof given === 'function') {
    throw new SpecificationError(`strategy is a function: call it, as in strategy: ${(given as StrategyEntry).kind}(...).`)
  }
  const strategy = 'fold' in given ? (given as Strategy) : buildStrategy(given as StrategySpec)
  const { kind } = local.optimizer
  if (strategy.needs.optimizer === 'sgd' && kind !== 'sgd') {
    throw new SpecificationError(
      `strategy '${strategy.name}' is defined for SGD (${strategy.source}), and local.optimizer is ${kind}. ` +
        'Give local: { optimizer: sgd(rate) }.',
    )
  }
  return strategy
}

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

const modelOf = (resolved: Resolved): Model =>
  'forward' in resolved.model ? (resolved.model as Model) : buildModel(resolved.model)

/**
 * Settles a federation: builds the model and its layout, cuts it into parts, prepares a program for each batch size in
 * use and makes every table known to the engine.
 */
export const settleCharter = async (
  resolved: Resolved,
  world: World,
  engine: Engine,
): Promise<Charter> => {
  const strategy = strategyOf(resolved)
  const model = modelOf(resolved)
  const arrangement = strategy.arrange(world)
  const { features } = arrangement
  const layout = buildLayout(model.segments(features, world.tasks))
  const cast = castOf(arrangement, layout)
  const shared = layout.segments.filter((segment) => segment.trainable && strategy.template(segment) !== 'private')
  const training: Omit<Training, 'batch'> = {
    model,
    features,
    tasks: world.tasks,
    layout,
    optimizer: resolved.local.optimizer,
    taskWeights: world.tasks.map(() => 1 / world.tasks.length),
    balancer: buildBalancer(resolved.local.balance, layout, world.tasks),
    proximal: false,
    proximalSegments: [],
    chunk: resolved.local.chunk,
    cohort: resolved.local.cohort,
  }
  const habits = habitsOf(resolved, cast)
  const members = new Map(arrangement.members.map((member) => [clientName(member.name), member]))
  const clients: Enrolled[] = []
  const exams: Exam[] = []
  const prepared = new Map<number, readonly Prepared[]>()
  for (const person of cast) {
    const member = members.get(person.name)
    if (member === undefined) continue
    const { epochs, batch } = habits(person.name)
    const programs =
      prepared.get(batch) ?? (await programsOf(strategy.legs, shared, { ...training, batch }, engine))
    prepared.set(batch, programs)
    const data = `${person.name}/train`
    await engine.register(data, member.train)
    const { name } = person
    const held = member.serves.find(({ validation }) => validation.rows > 0)
    const trial = held
      ? { data: `${name}/${held.scenario}/validation`, table: held.validation }
      : { data, table: member.train }
    clients.push({ name, member, rows: member.train.rows, epochs, batch, prepared: programs, data, trial })
    for (const { scenario, validation, test } of member.serves) {
      for (const [split, table] of [['validation', validation], ['test', test]] as const) {
        if (table.rows === 0) continue
        const handle = `${person.name}/${scenario}/${split}`
        await engine.register(handle, table)
        const rank = rankOf(model, layout, features, {
          train: member.train, seen: split === 'test' ? [validation] : [], table,
        })
        const { program } = programs[0]
        exams.push({
          client: person.name, scenario, split, table, program, data: handle, history: data, ...(rank && { rank }),
        })
      }
    }
  }
  return {
    strategy,
    model,
    tasks: world.tasks,
    layout,
    initial: initialize(layout, streams(resolved.seeds.initialisation)),
    parts: partTemplates(layout, strategy, { tasks: world.tasks.length, clients: clients.length }),
    cast,
    roles: new Map(cast.map(({ name, role }) => [name, role])),
    clients,
    exams,
  }
}
