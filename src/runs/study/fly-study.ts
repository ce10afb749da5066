import { join } from 'node:path'

import type { EngineName } from '../../engine/open.js'
import { LastGround } from '../../lab/ground.js'
import { validationScore } from '../../metrics/judging.js'
import type { MetricRow } from '../../record/rows.js'
import { functionsOf } from '../../simulation/functions.js'
import { resolve } from '../../simulation/resolve.js'
import { specificationOf as manifestSpecification } from '../describe.js'
import { realDisk } from '../disk.js'
import { rowFiles } from '../files.js'
import { readManifest, type Manifest } from '../manifest.js'
import { readRows } from '../rows.js'
import { conduct } from '../simulate.js'
import { startOf } from '../start.js'
import { versions } from '../versions.js'
import { cellsOf, checkPlan, folderName, type Cell } from './cell.js'
import { brokenOff, identityOf, isFlown } from '../identity.js'
import { checkCells } from './plan.js'
import type { StudyPlan } from './study.js'
import { choose, configurationsOf, widened, type Configuration } from './tuning.js'

/** How a study is flown. */
export interface StudyOptions {
  /** The study's folder; each run has a folder of its own below it. */
  readonly out: string
  readonly cwd: string
  readonly engine?: EngineName
  readonly workers?: number
  /** Fly again what is there already. */
  readonly fresh?: boolean
  readonly script?: Manifest['script']
  readonly signal?: AbortSignal
  /** Told before each run, or that it was there already. */
  readonly onRun?: (about: Progress) => void
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

/** What tuning chose for a variant under a condition. */
export interface Chosen {
  readonly condition: string
  readonly variant: string
  readonly set: Configuration
  /** It lies at an end of what was tried, and the search was not widened further. */
  readonly atEnd: boolean
}

/** How often a search goes on beyond the ends of its grid. */
const WIDENINGS = 4

/** What a study leaves: its run folders, and what tuning chose. */
export interface FlownStudy {
  readonly folders: readonly string[]
  /** Settings by condition and variant. */
  readonly chosen: readonly Chosen[]
  readonly status: 'complete' | 'interrupted'
}

/**
 * Tunes, then flies every cell of a study that is not in its folder yet. Tuning has no faults, no schedule and no
 * score to stop at, seeds of its own, and is judged on validation alone. A run that diverges goes on unless its
 * specification says otherwise: it is a result, which the table says. An interrupted study goes on where it was when it
 * is flown again.
 */
export const flyStudy = async (plan: StudyPlan, options: StudyOptions): Promise<FlownStudy> => {
  // Neighbouring cells of a study differ in their variant, and stand on the same ground.
  const ground = new LastGround()
  try {
    return await flyOn(ground, plan, options)
  } finally {
    await ground.close()
  }
}

const flyOn = async (ground: LastGround, plan: StudyPlan, options: StudyOptions): Promise<FlownStudy> => {
  checkPlan(plan)
  checkCells(plan, options.script?.file ?? '')
  const { tuning } = plan
  const cells = cellsOf(plan)
  const pairs = cells.filter(({ seed }) => seed === '1')
  const searches = tuning ? pairs.map((cell) => ({ cell, all: configurationsOf(tuning, plan.name, cell.variant) })) : []
  let trials = searches.reduce((sum, { all }) => sum + all.length * (tuning?.seeds ?? 0), 0)
  let number = 0

  /** Flies one cell, or finds it flown; false if it was interrupted. */
  const fly = async (cell: Cell, set: Configuration, phase: Progress['phase']): Promise<boolean> => {
    const specification = { ...cell.specification, onDivergence: cell.specification.onDivergence ?? 'go-on' } as const
    const resolving = { seed: cell.seed, engine: options.engine, workers: options.workers, set: [...set], typed: false }
    const resolved = resolve(specification, resolving)
    const folder = join(options.out, cell.folder)
    const identity = identityOf({
      specification: manifestSpecification(resolved),
      seeds: resolved.seeds,
      engine: resolved.engine,
      data: null,
      script: options.script ?? null,
      functions: Object.keys(functionsOf(resolved)),
      start: startOf(resolved, options.cwd)?.entry,
      versions: versions(),
    })
    const had = options.fresh !== true && isFlown(folder, identity, realDisk)
    options.onRun?.({ number: ++number, of: trials + cells.length, phase, cell, had })
    if (had) return true
    const { condition, variant } = cell
    const left = options.fresh === true ? undefined : brokenOff(folder, identity, realDisk)
    const run = await conduct(
      specification,
      {
        ...resolving,
        out: folder,
        ifTaken: 'replace',
        cwd: options.cwd,
        script: options.script,
        signal: options.signal,
        study: { name: plan.name, condition, variant },
      },
      {
        ground: (...about) => ground.open(...about),
        ...(left && { resumes: { manifest: left, otherwise: 'anew' } }),
      },
    )
    return run.status === 'complete'
  }

  const chosen = new Map<string, Pick<Chosen, 'set' | 'atEnd'>>()
  const ended = (status: FlownStudy['status']): FlownStudy => ({
    folders: cells.map(({ folder }) => join(options.out, folder)).filter((folder) => realDisk.exists(folder)),
    chosen: pairs.flatMap(({ condition, variant }) => {
      const found = chosen.get(JSON.stringify([condition, variant]))
      return found === undefined ? [] : [{ condition, variant, ...found }]
    }),
    status,
  })

  /** The scores of a configuration, one for each tuning seed; undefined if it was interrupted. */
  const tried = async (cell: Cell, set: Configuration, place: number): Promise<number[] | undefined> => {
    const evaluate = { ...cell.specification.evaluate, until: undefined }
    const calm = { ...cell.specification, evaluate, faults: [], schedule: undefined, onDivergence: 'go-on' as const }
    const scores: number[] = []
    for (let s = 1; s <= tuning!.seeds; s++) {
      const folder = join('tuning', folderName(cell.condition), folderName(cell.variant), `${place}-seed-${s}`)
      const trial = { ...cell, seed: `tuning-${s}`, specification: calm, folder }
      if (!(await fly(trial, set, 'tuning'))) return undefined
      scores.push(scoreOf(join(options.out, folder)))
    }
    return scores
  }

  /** Searches the grid, and goes on beyond its ends as long as the best lies at one. */
  const search = async (cell: Cell, grid: readonly Configuration[]): Promise<Pick<Chosen, 'set' | 'atEnd'> | undefined> => {
    const all: Configuration[] = []
    const scores: number[][] = []
    let next: readonly Configuration[] = grid
    for (let widening = 0; next.length > 0; widening++) {
      if (widening > 0) trials += next.length * tuning!.seeds
      for (const set of next) {
        const own = await tried(cell, set, all.length + 1)
        if (own === undefined) return undefined
        all.push(set)
        scores.push(own)
      }
      const best = all[choose(scores)]
      const beyond = widened(best, all).filter((set) => settles(cell, set))
      if (widening === WIDENINGS) return { set: best, atEnd: beyond.length > 0 }
      next = beyond
    }
    return { set: all[choose(scores)], atEnd: false }
  }

  for (const { cell, all } of searches) {
    const found = await search(cell, all)
    if (found === undefined) return ended('interrupted')
    chosen.set(JSON.stringify([cell.condition, cell.variant]), found)
  }
  for (const cell of cells) {
    const { set = [] } = chosen.get(JSON.stringify([cell.condition, cell.variant])) ?? {}
    if (!(await fly(cell, set, 'runs'))) return ended('interrupted')
  }
  return ended('complete')
}

/** Can a setting be flown? A share cannot go on beyond 1. */
const settles = ({ specification, seed }: Cell, set: Configuration): boolean => {
  try {
    resolve(specification, { seed, set: [...set], typed: false })
    return true
  } catch {
    return false
  }
}

/** What a trial is judged by: read from its folder, so that one that was there already counts the same. */
const scoreOf = (folder: string): number => {
  const { selectedRound } = readManifest(folder, realDisk)
  return validationScore(readRows<MetricRow>(folder, rowFiles.metrics, realDisk), selectedRound ?? 0)
}

