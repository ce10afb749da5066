import type { Check } from '../checks/check.js'
import { chosenChecks } from '../checks/choose.js'
import type { World } from '../data/world.js'
import { SpecificationError } from '../errors.js'
import { compile } from '../faults/compile.js'
import { type Core, coreOf } from '../faults/core.js'
import { drawPlan, type Plan, planAnother } from '../faults/plan.js'
import type { FaultInput } from '../faults/registry.js'
import { type Relabelled, relabellings } from '../faults/relabel.js'
import { wrongLine } from '../faults/shared-line.js'
import { Fresh } from '../random/fresh.js'
import { streams } from '../random/streams.js'
import type { ReadText } from '../schedules/csv.js'
import { readTrace } from '../schedules/trace-file.js'
import type { Resolved } from '../simulation/specification.js'
import { FlightRecorder } from '../record/flight-recorder.js'
import { type CalmRound, calmRounds } from './calm-round.js'
import type { Flight } from './flight.js'
import { knowledgeOf, type Surveyed } from './knowledge.js'
import { undisturbedOf } from './regions.js'
import { relabelled } from './relabel.js'
import { type Setup, setUp, travellingOf } from './setup.js'
import { type FlightOptions, type Forecast, Simulator, type Turn } from './simulator.js'

/** From that place of a flight on, chance falls anew. */
export interface Anew extends Omit<Turn, 'fresh'> {
  /** Names the chance: another salt, other draws. */
  readonly salt: string
}

export interface FlyOptions extends Omit<FlightOptions, 'checks' | 'turn'> {
  /** Chance that falls anew from a moment on; absent: it is all the seed's. */
  readonly anew?: Anew | undefined
  /** What is flown, in place of what the specification's faults draw. */
  readonly plan?: Plan | undefined
  /** Promises that are watched. Default: those of the library and of the specification. */
  readonly checks?: readonly Check[] | undefined
  /** What the trace files that the specification names are relative to. Default: the process's working directory. */
  readonly cwd?: string | undefined
}

const reading = (cwd: string): ReadText => (path) => Buffer.from(readTrace(path, cwd)).toString()

/** The plan that a specification's faults draw, with its seed. `keys`: see `drawPlan`. */
export const planOf = (
  setup: Surveyed & Pick<Setup, 'resolved'>, cwd = process.cwd(), { seed = setup.resolved.seeds.faults, keys }: PlanSeed = {},
): Plan => drawPlan(setup.resolved.faults, setup.participants, seed, knowledgeOf(setup, reading(cwd)), keys)

/** What a plan is drawn from, where that does not follow from the specification. */
export interface PlanSeed {
  readonly seed?: string
  readonly keys?: Readonly<Record<string, string>>
}

/** A fault as a plan would have drawn it: for one that is injected. Throws for one that changes what was before the flight. */
export const plannedAnother = (setup: Setup, plan: Plan, fault: FaultInput, cwd = process.cwd()): Plan['faults'][number] => {
  const planned = planAnother(plan, fault, setup.participants, knowledgeOf(setup, reading(cwd)))
  const servers = setup.participants.flatMap(({ name, role }) => (role === 'client' ? [] : [name]))
  const wrong = wrongLine(planned.fault, setup.resolved.network, servers)
  if (wrong !== undefined) throw new SpecificationError(`inject.line ${wrong.rule}. ${wrong.advice}`)
  demandFromStart({ ...plan, faults: [{ ...planned, injected: { at: 0, event: 0 } }] })
  return planned
}

/** Whether something is injected or healed in a plan. */
const isByHand = ({ injected, healed }: Plan['faults'][number]): boolean => injected !== undefined || healed !== undefined

/** What changes labels does so before the flight, and for all of it. */
const demandFromStart = (plan: Plan): void => {
  const [first] = relabellings({ ...plan, faults: plan.faults.filter(isByHand) })
  if (first === undefined) return
  throw new SpecificationError(`fault '${first.id}' changes labels before the flight: it can be neither injected nor healed. Put it into the specification.`)
}

/** Who is healed in the calm phase, where not everybody is. */
const coreIn = ({ resolved: { calm, seeds }, participants }: Setup): Core | undefined => coreOf(calm, participants, streams(seeds.faults))

/** The weather of a plan, with the schedules, lines and devices of the specification. */
const forecastOf = (setup: Setup, plan: Plan, read: ReadText, labels?: Relabelled, fresh?: Fresh): Forecast => {
  const { resolved: { schedule, network, devices, seeds, calm }, participants, parts, carried } = setup
  return ({ record, live }) =>
    compile({
      plan, participants, schedule, network, devices, read, record, live, fresh, relabelled: labels, calms: calm !== undefined, core: coreIn(setup),
      parts: [...new Set(travellingOf([...parts, ...carried]).map(({ name }) => name))],
      carried: travellingOf(carried).map(({ name }) => name),
      streams: streams(seeds.faults), coins: streams(plan.seed),
    })
}

/**
 * Flies: one federation, one plan, one seed. Everything that decides the result is in `setup` and the plan; the engine
 * only computes, and neither its workers nor the wall clock reach the outcome.
 */
export const flySetup = async (setup: Setup, options: FlyOptions): Promise<Flight> => (await ready(setup, options)).fly()

/** A flight that has not begun: its plan is drawn, and its weather is compiled. */
export const ready = async (given: Setup, options: FlyOptions): Promise<Simulator> => {
  const { cwd = process.cwd(), plan = planOf(given, cwd) } = options
  const { setup, relabelled: labels } = await relabelled(given, plan, options.engine)
  const undisturbed = setup.resolved.calm && undisturbedOf(setup, calmRoundsOf(setup, cwd, 'crowded lines'))
  const byHand = plan.faults.some(isByHand)
  if (byHand) demandFromStart(plan)
  const core = coreIn(setup)
  const turn = options.anew && { ...options.anew, fresh: new Fresh(options.anew.salt) }
  const forecast = forecastOf(setup, plan, reading(cwd), labels, turn?.fresh)
  return readyUnder(setup, forecast, { ...options, undisturbed, core, turn, ...((byHand || turn) && { stepped: true }) })
}

/** Flies under a weather that is given. */
export const flyUnder = (setup: Setup, forecast: Forecast, options: FlyOptions): Promise<Flight> =>
  readyUnder(setup, forecast, options).fly()

const readyUnder = (setup: Setup, forecast: Forecast, options: FlyOptions & Pick<FlightOptions, 'turn'>): Simulator => {
  const checks = options.checks ?? chosenChecks(setup.resolved.checks)
  return new Simulator(setup, forecast, { ...options, checks })
}

/** What the first round takes every client if nothing disturbs it, the slowest first; on lines that are shared the least, or the most. */
export const calmRoundsOf = (setup: Setup, cwd = process.cwd(), on?: Parameters<typeof calmRounds>[2]): CalmRound[] => {
  const nothing: Plan = { seed: setup.resolved.seeds.faults, faults: [] }
  const forecast = forecastOf(setup, nothing, reading(cwd))
  const weather = forecast({ record: new FlightRecorder(() => 0), live: () => {} })
  return calmRounds(setup, weather, on).sort((a, b) => b.total - a.total)
}

/** Sets up and flies. */
export const fly = async (resolved: Resolved, options: FlyOptions & { readonly world: World }): Promise<Flight> =>
  flySetup(await setUp(resolved, options.world, options.engine, undefined, options.cwd), options)
