import { join } from 'node:path'

import type { EngineName } from '../../engine/open.js'
import { exitCodes, type ExitCode } from '../../errors.js'
import type { Commission, Fleet, Order, Outcome } from '../fleet/fleet.js'
import { isHad } from '../fleet/fly-order.js'
import { flyHere } from '../fleet/here.js'
import { slots } from '../fleet/slots.js'
import { flyInThreads } from '../fleet/threads.js'
import { realDisk } from '../disk.js'
import { type Manifest, readManifest } from '../manifest.js'
import { cellsOf, checkPlan, type Cell } from './cell.js'
import type { PlanSource } from './load-plan.js'
import { checkCells } from './plan.js'
import { clearFailed, type Failed, writeFailed } from './failed.js'
import { search, trialsOf, type Found } from './search.js'
import { isIn, type Shard } from './shard.js'
import type { StudyPlan } from './study.js'

/** How a study is flown. */
export interface StudyOptions {
  /** The study's folder; each run has a folder of its own below it. */
  readonly out: string
  readonly cwd: string
  readonly engine?: EngineName
  readonly workers?: number
  /** How many runs are flown at once. Default 1. No result depends on it. */
  readonly flights?: number
  /** Where the threads that fly several at once load the plan from; without it, all is flown here. */
  readonly source?: PlanSource
  /** Fly again what is there already. */
  readonly fresh?: boolean
  /** Every run keeps its tables as Parquet, too; of one that is there already they are made of its rows. */
  readonly tables?: boolean | undefined
  /** A folder of data in place of the worlds. */
  readonly data?: string
  readonly script?: Manifest['script']
  readonly signal?: AbortSignal
  /** The part of its runs that is flown; all when absent. */
  readonly shard?: Shard
  /** Told before each run, or that it was there already. */
  readonly onRun?: (about: Progress) => void
  /** Told after each run that was flown. */
  readonly onEnd?: (about: Ended) => void
}

/** One run of a study, as it begins. */
export interface Progress {
  readonly number: number
  readonly of: number
  /** `tuning` or the run of a table. */
  readonly phase: 'tuning' | 'runs'
  readonly cell: Cell
  /** It was complete: not flown again. */
  readonly had: boolean
}

/** One run of a study, as it ends. */
export interface Ended extends Pick<Progress, 'number' | 'phase' | 'cell'> {
  readonly outcome: Outcome
}

/** What tuning chose for a variant under a condition. */
export interface Chosen extends Found {
  readonly condition: string
  readonly variant: string
}

/** What a study leaves: its run folders, and what tuning chose. */
export interface FlownStudy {
  /** Of runs that are complete. */
  readonly folders: readonly string[]
  /** Settings by condition and variant. */
  readonly chosen: readonly Chosen[]
  /** Runs and trials that failed, in the order of the plan. */
  readonly failed: readonly Failed[]
  readonly status: 'complete' | 'interrupted'
}

const keyOf = ({ condition, variant }: Pick<Cell, 'condition' | 'variant'>): string => JSON.stringify([condition, variant])

const openFleet = (plan: StudyPlan, { flights = 1, source, ...options }: StudyOptions): { commission: Commission; fleet: Fleet } => {
  const { out, cwd, engine, workers, fresh = false, data, tables, script = null } = options
  const commission: Commission = { source, script, out, cwd, engine, workers, fresh, data, tables }
  // That engine trains where it is asked, and there can be one in a process.
  const several = flights > 1 && source !== undefined && engine !== 'tfjs-node-eager'
  return { commission, fleet: several ? flyInThreads(commission, flights) : flyHere(plan, commission) }
}

/**
 * Tunes, then flies every cell of a study that is not in its folder yet. A run that fails says why, and the others are flown
 * all the same; flown again, the study tries it again, and goes on where it was when it was interrupted.
 */
export const flyStudy = async (plan: StudyPlan, options: StudyOptions): Promise<FlownStudy> => {
  checkPlan(plan)
  checkCells(plan, options.script?.file ?? '')
  const { commission, fleet } = openFleet(plan, options)
  const stop = (): void => fleet.stop()
  options.signal?.addEventListener('abort', stop)
  try {
    return await flyOn(plan, options, commission, fleet)
  } finally {
    options.signal?.removeEventListener('abort', stop)
    await fleet.close()
  }
}

/** Makes the tables of a run that was flown without them. */
const keepMissingTables = async (folder: string): Promise<void> => {
  const { keepTables, lacksTables } = await import('../tables/keep-tables.js')
  if (lacksTables(readManifest(folder, realDisk))) keepTables(folder, realDisk)
}

const flyOn = async (plan: StudyPlan, options: StudyOptions, commission: Commission, fleet: Fleet): Promise<FlownStudy> => {
  const all = cellsOf(plan)
  const cells = all.filter((_, place) => isIn(options.shard, place))
  const tuned = new Set(cells.map(keyOf))
  const searches = plan.tuning ? all.filter((cell) => cell.seed === '1' && tuned.has(keyOf(cell))) : []
  let trials = searches.reduce((sum, cell) => sum + trialsOf(plan, cell), 0)
  let number = 0
  let stopped = false
  const places = slots(fleet.size)
  const failed: Failed[] = []
  const place = new Map(cells.map(({ folder }, i) => [folder, i]))
  const placeOf = ({ folder }: Cell): number => place.get(folder) ?? -1
  const fail = (one: Failed): void => {
    failed.push(one)
    // Those of tuning come first, by their names: which of them failed first is no matter of the plan.
    failed.sort((a, b) => placeOf(a) - placeOf(b) || (a.folder < b.folder ? -1 : 1))
    writeFailed(options.out, failed, options.shard, realDisk)
  }
  clearFailed(options.out, options.shard, realDisk)
  const done = new Set<string>()

  /** Flies one order, or finds it flown. */
  const fly = (order: Order): Promise<Outcome> => places(async () => {
    if (stopped) return { status: 'interrupted' }
    const { condition, variant, seed, folder, trial } = order
    const about = { number: ++number, phase: trial ? 'tuning' : 'runs', cell: { condition, variant, seed, folder } } as const
    const had = isHad(plan, order, commission)
    options.onRun?.({ ...about, of: trials + cells.length, had })
    if (had) {
      if (commission.tables === true && !trial) await keepMissingTables(join(options.out, folder))
      return { status: 'complete' }
    }
    if (options.signal?.aborted === true) fleet.stop()
    const outcome = await fleet.fly(order)
    stopped ||= outcome.status === 'interrupted'
    if (outcome.status === 'failed') fail({ ...about.cell, code: outcome.code, why: outcome.why })
    options.onEnd?.({ ...about, outcome })
    return outcome
  })

  const chosen = new Map<string, Chosen>()
  const untuned = new Map<string, Extract<Outcome, { status: 'failed' }>>()
  const atOnce = slots(fleet.size)
  await Promise.all(searches.map((cell) => atOnce(async () => {
    const found = await search(cell, { plan, out: options.out, fly, more: (more) => (trials += more) })
    if (found === 'interrupted') stopped = true
    else if ('status' in found) untuned.set(keyOf(cell), found)
    else chosen.set(keyOf(cell), { condition: cell.condition, variant: cell.variant, ...found })
  })))

  await Promise.all(cells.map(async (cell) => {
    const failure = untuned.get(keyOf(cell))
    if (failure !== undefined) return fail({ ...cell, code: failure.code, why: failure.why })
    const outcome = await fly({ ...cell, set: chosen.get(keyOf(cell))?.set ?? [], trial: false })
    if (outcome.status === 'complete') done.add(cell.folder)
  }))
  return {
    folders: cells.flatMap(({ folder }) => (done.has(folder) ? [join(options.out, folder)] : [])),
    chosen: searches.flatMap((cell) => chosen.get(keyOf(cell)) ?? []),
    failed,
    status: stopped ? 'interrupted' : 'complete',
  }
}

/** The exit code of a study: that of the first run that failed. */
export const codeOf = ({ failed: [first] }: Pick<FlownStudy, 'failed'>): ExitCode => first?.code ?? exitCodes.ok
