import { resolve as absolute } from 'node:path'
import { Observable, Subject } from 'rxjs'

import { chosenChecks } from '../checks/choose.js'
import type { World } from '../data/world.js'
import type { Source } from '../documents/source.js'
import { checkedPlan, type Plan } from '../faults/plan.js'
import type { Flight } from '../flight/flight.js'
import { planOf } from '../flight/fly.js'
import type { JobStore } from '../engine/recalling/job-store.js'
import { StorageError } from '../errors.js'
import { survey } from '../flight/survey.js'
import { catchStrays, straysAreIn } from '../flight/strays.js'
import { loadGroundWorld, openGround } from '../lab/ground.js'
import { comparedNames, splitChecks } from '../lab/compared/all.js'
import { Lab, type LabFlight } from '../lab/lab.js'
import type { FlightEvent } from '../record/event.js'
import { show } from '../record/shown.js'
import { checkWorld, resolve, type ResolveOptions } from '../simulation/resolve.js'
import type { Resolved, Specification } from '../simulation/specification.js'
import { conclude, describe } from './describe.js'
import { realDisk, type Disk } from './disk.js'
import { type Logged, RunFolder } from './folder.js'
import { differenceOf } from './identity.js'
import { makerOfLog } from './jobs/job-log.js'
import { makerOf, makersDiffer, type Maker } from './jobs/maker.js'
import type { Manifest } from './manifest.js'
import type { IfTaken } from './place.js'
import { demandApart } from './start.js'
import { warningsOf } from './warnings.js'
import { worldOfFolder } from './world-of-folder.js'

/** A flight, and what it was of. */
export interface Run extends Flight {
  readonly resolved: Resolved
  readonly world: World
  readonly manifest: Manifest
  /** What a reader of the result must not miss: the specification's warnings, and what came up while it flew. */
  readonly warnings: readonly string[]
  /** Where it was written, if it was. */
  readonly folder?: string
  readonly spent: { readonly realSeconds: number; readonly cpuSeconds: number }
  /** What checks that compare flights have compared, in words, by their names. */
  readonly compared: Readonly<Record<string, string>>
}

export interface SimulateOptions extends ResolveOptions {
  /** Fly on the data in this folder instead of the specification's world. */
  readonly data?: string
  /** Write the run to this folder. Default: it is not written. */
  readonly out?: string | ((resolved: Resolved) => string)
  /** What is done where `out` holds the run of another flight. Default: the run is refused. */
  readonly ifTaken?: IfTaken
  /** What relative paths are relative to. Default: the process's working directory. */
  readonly cwd?: string
  /** Ends the flight at the next event; what was flown comes back as `interrupted`. */
  readonly signal?: AbortSignal
  /** The script that the specification came from, for the manifest. */
  readonly script?: Manifest['script']
  /** The run's place in a study, for the manifest. */
  readonly study?: Manifest['study']
  /** What is flown, in place of what the specification's faults draw: a plan of `lab.plan` or of `windtunnel plan --json`, edited or not. */
  readonly plan?: Plan | PlanFile
  /** Names of the checks that watch, or `all`, or `none`. Default: all. */
  readonly watch?: readonly string[]
  /**
   * The log of finished jobs in `out`, with which a run that is broken off is resumed: there until the run is complete
   * (the default), kept after that, or none.
   */
  readonly jobs?: 'until-complete' | 'keep' | 'none' | undefined
  /** Whether `out` is to have every table of the run as Parquet, too, once it has ended. Default: false. */
  readonly tables?: boolean | undefined
}

/** A flight that is about to begin. */
export interface Ready {
  readonly resolved: Resolved
  readonly world: World
  readonly lab: Lab
  readonly folder: string | undefined
  /** What stood in the way of the folder, and what was done about it. */
  readonly note: string | undefined
}

/** What a flight stands on, and what its manifest says of it before it begins. */
export interface Grounds {
  readonly world: World
  readonly described: Manifest
}

/** A run that is to be ended, and what is done where what it left is of no use: it is refused, or flown anew. */
export interface Resumed {
  readonly manifest: Manifest
  readonly otherwise: 'refuse' | 'anew'
}

/** For whoever watches from inside: the command and the replay. */
export interface Callbacks {
  /** Told once, before the first event. */
  readonly onReady?: (about: Ready) => void | Promise<void>
  readonly onEvent?: (event: FlightEvent) => void
  readonly onLines?: (lines: readonly string[]) => void
  readonly disk?: Disk
  /** Told when data and engine are there, before a folder is touched; what it gives is where jobs are looked up. */
  readonly onGround?: (about: Grounds) => JobStore | undefined
  /** The run in `out` that was broken off, which is ended by this flight. */
  readonly resumes?: Resumed | undefined
  /** In place of opening the ground anew, such as that of a neighbouring run; whoever gives it closes it. */
  readonly ground?: typeof openGround
}

/** A plan as a file holds it: not checked yet. Errors name the place in the file. */
export interface PlanFile {
  readonly value: unknown
  readonly source: Source
}

/** The specification that is meant, and where its data lies. */
export const meant = (specification: Specification, options: SimulateOptions) => {
  const cwd = options.cwd ?? process.cwd()
  const dataDir = options.data === undefined ? undefined : absolute(cwd, options.data)
  const moved = dataDir === undefined ? {} : { world: worldOfFolder(dataDir, specification.world) }
  return { resolved: resolve({ ...specification, ...moved }, options), place: { dataDir, cwd } }
}

/** What the faults of a specification draw, without an engine, and who takes part. */
export const prepare = async (specification: Specification, options: SimulateOptions) => {
  const { resolved, place } = meant(specification, options)
  const world = await loadGroundWorld(resolved, place)
  checkWorld(resolved, world, options.source)
  const surveyed = survey(resolved, world)
  return { resolved, participants: surveyed.participants, plan: planOf(surveyed, place.cwd) }
}

/** A plan that was given, checked: in a file, or from a program. */
const givenPlan = (given: Plan | PlanFile, resolved: Resolved, world: World): Plan => {
  const { value, source } = 'source' in given ? given : { value: given, source: undefined }
  return checkedPlan(value, survey(resolved, world).participants, source)
}

/** Resolves, loads the world, opens the engine, flies, and writes the run as it flies; its tables when it is there. */
export const conduct = async (specification: Specification, options: SimulateOptions, watch: Callbacks = {}): Promise<Run> => {
  const run = await flown(specification, options, watch)
  if (options.tables !== true || run.folder === undefined) return run
  const { keepTables } = await import('./tables/keep-tables.js')
  // A copy would write out the canonical events.
  return Object.assign(run, { manifest: keepTables(run.folder, watch.disk ?? realDisk) })
}

const flown = async (
  specification: Specification,
  options: SimulateOptions,
  watch: Callbacks,
): Promise<Run> => {
  const { resolved, place } = meant(specification, options)
  const { cwd } = place
  const { watched, compared } = splitChecks(options.watch)
  const checks = [...chosenChecks(resolved.checks, watched, comparedNames), ...compared].map(({ name }) => name)
  const start = { real: performance.now(), cpu: process.cpuUsage() }
  // Before the folder is touched: data or an engine that cannot be had leave the earlier run where it is.
  const ground = await (watch.ground ?? openGround)(resolved, place)
  const { world, engine: { versions } } = ground
  let folder: RunFolder | undefined
  try {
    checkWorld(resolved, world, options.source)
    const out = typeof options.out === 'function' ? options.out(resolved) : options.out
    demandApart(resolved, out, cwd)
    const plan = options.plan && givenPlan(options.plan, resolved, world)
    const { script, study, set: settings, data } = options
    const from = { script, study, settings, data, versions, cwd, checks, ...(plan && { plan }) }
    const described = describe(resolved, world, from)
    const store = watch.onGround?.({ world, described })
    const { manifest, ifTaken, logged } = beginning(described, out, options, watch)
    if (out !== undefined) folder = RunFolder.open(out, manifest, watch.disk ?? realDisk, ifTaken, logged)
    ground.engine.use(folder?.jobs ?? store)
    const lab = Lab.on(ground, resolved, cwd)
    await watch.onReady?.({ resolved, world, lab, folder: folder?.folder, note: folder?.note })
    const flight = await flyInto(folder, lab, { plan, watch: watched }, options.signal, watch)
    const told = flight.status === 'complete' ? await lab.compare(compared, { plan }) : {}
    const { user, system } = process.cpuUsage(start.cpu)
    const spent = { realSeconds: (performance.now() - start.real) / 1e3, cpuSeconds: (user + system) / 1e6 }
    const cameUp = warningsOf(flight, resolved.evaluate.until)
    const failure = folder?.finish(flight, spent, cameUp, told)
    const ended = folder?.manifest ?? conclude(manifest, flight, cameUp, told)
    const about = { resolved, world, manifest: ended, warnings: ended.warnings, folder: folder?.folder, spent, compared: told }
    const run = runOf(flight, about)
    // What was flown is not lost with the disk: whoever catches the error can still show it.
    if (failure) throw Object.assign(failure, { run })
    return run
  } catch (error) {
    if (error !== folder?.failure) folder?.fail(error, cwd)
    throw error
  } finally {
    ground.engine.use(undefined)
    if (watch.ground === undefined) await ground.close()
  }
}

/** What a run begins with: what its manifest says of its jobs, and who has the folder. */
const beginning = (
  described: Manifest, out: string | undefined, { jobs = 'until-complete', ifTaken }: SimulateOptions, watch: Callbacks,
): { readonly manifest: Manifest; readonly ifTaken: IfTaken | undefined; readonly logged?: Logged } => {
  if (out === undefined) return { manifest: described, ifTaken }
  const was = watch.resumes?.manifest
  const why = was && uselessFor(described, was, out, makerOf(described), watch.disk ?? realDisk)
  if (why !== undefined && watch.resumes?.otherwise === 'refuse') {
    throw new StorageError(`${out} cannot be resumed: ${why}. Fly it anew with run, and --force where it is to take the place of this one.`)
  }
  const resumes = was !== undefined && why === undefined
  const keep = jobs === 'keep' || (resumes && was.jobLog?.keep === true)
  const manifest = {
    ...described,
    ...(jobs !== 'none' && { jobLog: { keep } }),
    ...(resumes && { settings: was.settings, resumed: { times: (was.resumed?.times ?? 0) + 1, recalled: 0, done: 0 } }),
  }
  return { manifest, ifTaken: resumes ? 'resume' : ifTaken, ...(jobs !== 'none' && { logged: { maker: makerOf(described) } }) }
}

/** Why what a run left is of no use to this one, in words; undefined where it is. */
const uselessFor = (now: Manifest, was: Manifest, folder: string, here: Maker, disk: Disk): string | undefined => {
  const difference = differenceOf(was, now)
  if (difference !== undefined) return `it would be another flight (${difference})`
  const there = makerOfLog(folder, disk)
  const differ = there && makersDiffer(there, here)
  return differ && `its log of finished jobs is of no use here (${differ})`
}

/** One flight. A write that fails ends the flight, so that no hours go into a full disk. */
const flyInto = async (
  folder: RunFolder | undefined,
  lab: Lab,
  what: Pick<LabFlight, 'plan' | 'watch'>,
  signal: AbortSignal | undefined,
  watch: Callbacks,
): Promise<Flight> => {
  const stop = new AbortController()
  const onAbort = (): void => stop.abort()
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) stop.abort()
  const checkDisk = (): void => {
    if (folder?.failure) stop.abort()
  }
  try {
    return await lab.fly({
      ...what,
      signal: stop.signal,
      told(event) {
        folder?.event(event)
        checkDisk()
        watch.onEvent?.(event)
      },
      onLines(lines) {
        folder?.lines(lines)
        checkDisk()
        watch.onLines?.(lines)
      },
    })
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Keeps getters as getters: canonical events are written out only when somebody reads them. */
const runOf = (flight: Flight, about: Omit<Run, keyof Flight>): Run =>
  Object.defineProperties({ ...about }, Object.getOwnPropertyDescriptors(flight)) as Run

/** A run under way: await it, or watch `events$` meanwhile. */
export interface Running extends Promise<Run> {
  /** What happens, in virtual-time order: copies, which are not to be written to. Completes with the flight; subscribe before the first `await`. */
  readonly events$: Observable<FlightEvent>
}

/** Tells watchers that it is over, and throws what one of them throws about that. */
const completed = async (events: Subject<FlightEvent>): Promise<void> => {
  if (!events.observed) return events.complete()
  let stray: { readonly error: unknown } | undefined
  const release = catchStrays((error) => (stray ??= { error }))
  events.complete()
  await straysAreIn()
  release()
  if (stray !== undefined) throw stray.error
}

/**
 * Flies a specification: `const run = await simulate(script, { seed: 7 })` gives `run.digest`, `run.metrics`,
 * `run.ledger`; `simulate(...).events$` tells what happens while it flies. Give `out` to keep the run in a folder.
 */
export const simulate = (specification: Specification, options: SimulateOptions = {}): Running => {
  const events = new Subject<FlightEvent>()
  const tell = (event: FlightEvent): void => {
    if (events.observed) show(event, 'A watcher of events$', (copy) => events.next(copy))
  }
  // Nothing happens before the caller's next `await`, so that `events$` can be subscribed to.
  const done = Promise.resolve()
    .then(() => conduct(specification, options, { onEvent: tell }))
    .finally(() => completed(events))
  return Object.assign(done, { events$: events.asObservable() })
}
