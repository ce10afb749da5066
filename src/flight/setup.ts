import { buildBalancer } from '../balancing/registry.js'
import { drawsOf } from '../codecs/coding/draws.js'
import { chainsOf } from '../codecs/routes.js'
import type { World } from '../data/world.js'
import type { Engine, Prepared, Training } from '../engine/engine.js'
import { SpecificationError } from '../errors.js'
import type { Weather } from '../faults/weather.js'
import { type PartTemplate, partTemplates } from '../federation/parts.js'
import { ownRounds, ownSelection, ownStrategy } from '../federation/own.js'
import { perRound } from '../federation/rounds/own.js'
import { roundRules } from '../federation/rounds/registry.js'
import type { RoundRules } from '../federation/rounds/round.js'
import { ruleOf } from '../federation/choice.js'
import { selectionRule } from '../federation/selection/registry.js'
import { maskedWire } from '../federation/secure-aggregation/frames.js'
import type { StrategyEntry } from '../federation/strategies/entry.js'
import { buildStrategy, type StrategySpec } from '../federation/strategies/registry.js'
import type { Arrangement, Strategy } from '../federation/strategies/strategy.js'
import { topologyOf } from '../federation/topologies/registry.js'
import type { ClientTerms, Goal, Terms } from '../federation/terms.js'
import { buildLayout, initialize, type Layout } from '../models/layout.js'
import type { Model } from '../models/model.js'
import { buildModel } from '../models/registry.js'
import { meanWeights, trainedTasks } from '../models/trained-tasks.js'
import { codedWire } from '../network/coded-wire.js'
import { plainWire, type Wire } from '../network/wire.js'
import { createDraws, createLexicon } from '../random/draws.js'
import { type Fresh, freshened } from '../random/fresh.js'
import { randomOrder } from '../random/order.js'
import { encodeKey, streams } from '../random/streams.js'
import { AGGREGATOR, clientName, type Name, type Participant, type Role } from '../roster/participant.js'
import type { Device } from '../schedules/devices.js'
import { withRegions } from '../schedules/regions.js'
import type { Resolved } from '../simulation/specification.js'
import type { Task } from '../tasks/task.js'
import { usual, writingTime } from './checkpoints.js'
import { enrol, type Enrolled } from './enrol.js'
import type { Exam } from './exam.js'
import { privateTerms } from './private-terms.js'
import { secureTerms } from './secure-terms.js'
import { beginningsFrom, decodeStart, readStart, type Start } from './start.js'
import { demandRoom, groundOf } from './trained-model.js'
import { weightingOf } from './weighting.js'

/**
 * What is settled about a federation before its first event: who takes part, with which model, in which parts. The same
 * for every flight of one specification, world and seeds, whatever its plan of faults.
 */
export interface Setup {
  readonly resolved: Resolved
  readonly strategy: Strategy
  readonly rounds: RoundRules
  readonly model: Model
  readonly tasks: readonly Task[]
  readonly layout: Layout
  /** The parameters that everybody starts from, if `beginnings` says nothing else. */
  readonly initial: Float32Array
  readonly beginnings: Start
  readonly parts: readonly PartTemplate[]
  /** What clients are sent and send. */
  readonly carried: readonly PartTemplate[]
  /** The aggregator, one expert network per expert, the clients in the order of their names. */
  readonly participants: readonly Participant[]
  readonly roles: ReadonlyMap<Name, Role>
  /** In the order of their names. */
  readonly clients: readonly Enrolled[]
  readonly exams: readonly Exam[]
  /** What the strategy made of the world. */
  readonly arrangement: Arrangement
  /** `groundOf` the world, where models are kept. */
  readonly ground?: string
}

export const strategyOf = ({ strategy: given, local }: Resolved): Strategy => {
  if (typeof given === 'function') {
    throw new SpecificationError(`strategy is a function: call it, as in strategy: ${(given as StrategyEntry).kind}(...).`)
  }
  const strategy = 'fold' in given ? ownStrategy(given as Strategy) : buildStrategy(given as StrategySpec)
  const { kind } = local.optimizer
  if (strategy.needs.optimizer === 'sgd' && kind !== 'sgd') {
    throw new SpecificationError(
      `strategy '${strategy.name}' is defined for SGD (${strategy.source}), and local.optimizer is ${kind}. ` +
        'Give local: { optimizer: sgd(rate) }.',
    )
  }
  return strategy
}

export const modelOf = ({ model }: Resolved): Model => ('forward' in model ? (model as Model) : buildModel(model))

const roundsOf = ({ rounds }: Resolved): RoundRules => {
  if (typeof rounds === 'function') return ownRounds(perRound(rounds))
  return 'next' in rounds ? ownRounds(rounds) : roundRules(rounds)
}

/** In the order of their names. */
export const clientsOf = ({ members }: Arrangement): Participant[] =>
  members
    .map(({ name, serves }): Participant => ({
      name: clientName(name), role: 'client', scenario: serves.length === 1 ? serves[0].scenario : name,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))

/** Everybody, with where they are: servers as the topology has them, then clients. */
export const roster = ({ topology, network, seeds }: Resolved, arrangement: Arrangement, layout: Layout): readonly Participant[] => {
  const clients = clientsOf(arrangement)
  const { servers, placed } = topologyOf(topology)
  const drawn = streams(seeds.faults)
  return placed(withRegions(network.regions, [...servers({ clients, layout }), ...clients], drawn), drawn)
}

/**
 * Settles a federation: builds the model and its layout, cuts it into parts, and enrols the clients. `arranged`: what the
 * strategy has made of this world before. `cwd`: what the run to start from is relative to.
 */
export const setUp = async (
  resolved: Resolved,
  world: World,
  engine: Engine,
  arranged?: Arrangement,
  cwd = process.cwd(),
): Promise<Setup> => {
  const strategy = strategyOf(resolved)
  const model = modelOf(resolved)
  const { tasks } = world
  const arrangement = arranged ?? strategy.arrange(world)
  const { features } = arrangement
  const layout = buildLayout(model.segments(features, tasks))
  const weighting = weightingOf(resolved.local, trainedTasks(model, tasks))
  const training: Omit<Training, 'batch'> = {
    model,
    features,
    tasks,
    layout,
    optimizer: resolved.local.optimizer,
    taskWeights: meanWeights(model, tasks),
    balancer: buildBalancer(resolved.local.balance, layout, trainedTasks(model, tasks)),
    proximal: false,
    proximalSegments: [],
    chunk: resolved.local.chunk,
    cohort: resolved.local.cohort,
    ...(weighting && { weighting }),
    ...(resolved.local.clip && { clip: resolved.local.clip }),
    ...(resolved.local.l2 && { l2: resolved.local.l2 }),
  }
  const participants = roster(resolved, arrangement, layout)
  const enrolment = { resolved, world, engine, strategy, model, layout, features, training }
  const { clients, exams } = await enrol(arrangement.members, participants, enrolment)
  const making = { layout, strategy, model, arrangement, tasks }
  const initial = initialize(layout, streams(resolved.seeds.initialisation))
  if (resolved.evaluate.models) demandRoom(making, clients.length)
  const { cuts, carried: cutsForClients } = topologyOf(resolved.topology)
  const census = { tasks: trainedTasks(model, tasks).length, clients: clients.length }
  const parts = partTemplates(cuts(layout), strategy, census)
  const carried = partTemplates(cutsForClients(layout), strategy, census)
  // Refuses what nothing can be promised of.
  privateTerms(resolved, { parts, clients })
  secureTerms(resolved, { parts, clients, strategy })
  const { start } = resolved
  const beginnings: Start = start === undefined
    ? { initial, clients: new Map(), continues: false }
    : beginningsFrom(start, decodeStart(start, readStart(start, cwd)), making, initial)
  return {
    resolved,
    strategy,
    rounds: roundsOf(resolved),
    model,
    tasks,
    layout,
    initial: beginnings.initial,
    beginnings,
    parts,
    carried,
    participants,
    roles: new Map(participants.map(({ name, role }) => [name, role])),
    clients,
    exams,
    arrangement,
    ...(resolved.evaluate.models && { ground: groundOf(world) }),
  }
}

/** What may differ between flights of one federation, so that nothing of it has to be made anew. */
const protocol = [
  'rounds', 'selection', 'choose', 'codec', 'secureAggregation', 'costs', 'delivery', 'checkpoint', 'faults', 'calm', 'evaluate', 'onDivergence', 'seed', 'seeds', 'ownSeeds', 'name',
  'warnings', 'checks', 'link', 'schedule',
] as const satisfies readonly (keyof Resolved)[]

/**
 * The same federation under another protocol, other faults and other seeds of these. What its data, its model or its
 * parameters at the start follow from must be the same; a `RangeError` says what is not.
 */
export const setUpAgain = (setup: Setup, resolved: Resolved): Setup => {
  const fixed = (of: Resolved): Readonly<Record<string, unknown>> => {
    const { world, initialisation, batches } = of.seeds
    // Of a network all but who is where is asked at the flight.
    const { network: { regions } } = of
    return { ...of, ...Object.fromEntries(protocol.map((field) => [field, undefined])), network: { regions }, seeds: { world, initialisation, batches } }
  }
  const [before, now] = [fixed(setup.resolved), fixed(resolved)]
  const other = Object.keys({ ...before, ...now }).filter((field) => before[field] !== now[field] && JSON.stringify(before[field]) !== JSON.stringify(now[field]))
  if (other.length > 0) throw new RangeError(`set up anew: ${other.join(', ')} is another`)
  return { ...setup, resolved, rounds: roundsOf(resolved) }
}

/** Parts that clients wait for and answer with: the trunk always, others if any of them travels. */
export const travellingOf = ([trunk, ...others]: readonly PartTemplate[]): PartTemplate[] =>
  [trunk, ...others.filter(({ length }) => length > 0)]

/** Undisturbed virtual microseconds of one training step of a leg on a client's device; not rounded. */
export type StepCost = (client: Name, leg: number) => number

/**
 * A training step costs an overhead, its floating-point operations at the device's rate, and the bytes it moves at the
 * device's memory bandwidth.
 */
export const stepCostOn = ({ clients }: Setup, device: (name: Name) => Device): StepCost => {
  const costs = new Map(
    clients.map(({ name, prepared }) => {
      const { stepOverhead, flops: rate, memoryBytesPerSecond } = device(name)
      const step = ({ cost: { flops, bytes } }: Prepared): number =>
        stepOverhead + (1e6 * flops) / rate + (1e6 * bytes) / memoryBytesPerSecond
      return [name, prepared.map(step)]
    }),
  )
  return (client, leg) => costs.get(client)![leg]
}

const drawing = (seed: string, fresh: Fresh | undefined): Terms['draw'] => {
  const draws = freshened(fresh, createDraws(streams(seed), createLexicon(), 'choice'), 'choice')
  return (decided, round, who) => draws.visit(encodeKey([decided, who]), round, 0)
}

const orders = (seed: string, fresh: Fresh | undefined): Terms['order'] => {
  const draws = freshened(fresh, createDraws(streams(seed), createLexicon(), 'order'), 'order')
  return (decided, round, of) => randomOrder(of, draws.visit(decided, round, 0), draws.visit(decided, round, 1))
}

/** The wire of a federation; `codec` says what is coded on it, and `secureAggregation` what is under masks. */
export const wireOf = (setup: Setup, checksums: boolean, fresh?: Fresh): Wire => {
  const wire = codedOrPlain(setup, checksums, fresh)
  const { strategy, parts, resolved: { secureAggregation: secure } } = setup
  if (secure === undefined) return wire
  return maskedWire(wire, secure.ring, ({ name }, round) => name === parts[0].name || strategy.sends(round, name))
}

const codedOrPlain = ({ resolved: { codec, seeds }, layout, participants }: Setup, checksums: boolean, fresh?: Fresh): Wire => {
  const plain = plainWire(checksums)
  if (codec === undefined) return plain
  const draws = freshened(fresh, createDraws(streams(seeds.batches), createLexicon(), 'codecs'), 'codecs')
  const word = (key: string, round: number, nth: number): number => Math.floor(draws.visit(key, round, nth) * 2 ** 32)
  return codedWire(plain, {
    chainOf: chainsOf(codec, participants, streams(seeds.faults)),
    segments: layout.segments.map(({ name }) => name),
    draws: (kind, part, round, client) => {
      const key = encodeKey([kind, part, client])
      return drawsOf([word(key, round, 0), word(key, round, 1)])
    },
  })
}

/** A client whose answer does not arrive tries so often at least before it sits a round out. */
const leastRepeats = 3

/** What the actors agree on before a flight in this weather. `fresh`: chance that falls anew from a moment of it on. */
export const termsOf = (setup: Setup, weather: Weather, stepCost: StepCost, goal?: Goal, fresh?: Fresh): Terms => {
  const { resolved: { local, link, choose, selection, seeds, start, checkpoint, delivery, onDivergence }, strategy, rounds, parts, carried, model, tasks, layout, initial } = setup
  if (setup.resolved.secureAggregation !== undefined && weather.forge !== undefined) {
    throw new SpecificationError('faults: an attack goes by the updates of others, and under secureAggregation nobody sees them. Take another attack, or secureAggregation away.')
  }
  const wire = wireOf(setup, delivery.checksum === 'auto' ? link !== undefined || weather.damages === true : delivery.checksum, fresh)
  return {
    strategy,
    rounds,
    goal,
    aggregator: AGGREGATOR,
    parts,
    travelling: travellingOf(parts),
    count: 'count' in setup.resolved.rounds ? setup.resolved.rounds.count : undefined,
    carried: travellingOf(carried),
    room: wire.room(parts[0]),
    clients: setup.clients.map(
      ({ name, rows, epochs, batch, rate, rateSchedule, optimizerState, prepared, data, trial }): ClientTerms => ({
        name, rows, epochs, batch, rate, rateSchedule, data, trial,
        keepsOptimizer: optimizerState === 'keep',
        programs: prepared.map(({ program }) => program),
        stepCosts: strategy.legs.map((_, leg) => stepCost(name, leg)),
      }),
    ),
    members: setup.clients.map(({ name, rows }) => ({ name, examples: rows })),
    optimizer: { momentum: 0, ...local.optimizer },
    segments: layout.segments,
    size: layout.size,
    initial,
    beginnings: setup.beginnings,
    drawn: start === undefined ? initial : undefined,
    experts: parts.slice(1).map(({ owner }) => owner),
    trained: trainedTasks(model, tasks).map((task) => tasks.indexOf(task)),
    wire,
    keepsUnfit: onDivergence === 'keep',
    privacy: privateTerms(setup.resolved, setup, fresh),
    secure: secureTerms(setup.resolved, setup, fresh),
    acknowledges: delivery.acknowledge,
    probe: delivery.acknowledge ? delivery.probe : undefined,
    repeats: Math.max(leastRepeats, delivery.retries),
    recoveryPatience: (checkpoint ?? usual).patience,
    checkpointTime: (written, round) =>
      checkpoint === undefined ? 0 : writingTime(checkpoint, written, round),
    weather,
    rule: rounds.selection ?? (choose === undefined ? selection && selectionRule(selection) : ownSelection(ruleOf(choose))),
    order: orders(seeds.selection, fresh),
    draw: drawing(seeds.selection, fresh),
    batchSeed: fresh?.seed(seeds.batches, 'batches') ?? (() => seeds.batches),
  }
}
