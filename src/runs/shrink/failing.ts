import { resolve as absolute } from 'node:path'

import { chosenChecks } from '../../checks/choose.js'
import { openEngine, type EngineName } from '../../engine/open.js'
import type { Engine } from '../../engine/engine.js'
import { SpecificationError, StorageError } from '../../errors.js'
import { type Failure, isSame } from '../../flight/failure.js'
import type { Case } from '../../lab/explore/case.js'
import type { CaseLabOptions } from '../../lab/explore/case-lab.js'
import type { Exploration } from '../../lab/explore/tally.js'
import { pinned } from '../../lab/shrink/pin.js'
import { SizedLab } from '../../lab/shrink/sized-lab.js'
import { trialGround, type TrialGround } from '../../lab/shrink/trial.js'
import type { RoundsInput } from '../../federation/rounds/registry.js'
import type { Specification } from '../../simulation/specification.js'
import { flightOf } from '../again.js'
import { realDisk, type Disk } from '../disk.js'
import { enginesOf, specificationOf, type Task } from '../explore/task.js'
import { loadSpecification } from '../load.js'
import { manifestFile, readManifest, type Manifest } from '../manifest.js'
import { demandSound } from '../seal.js'
import { prepare } from '../simulate.js'
import { worldOfFolder } from '../world-of-folder.js'

/** A case that fails, and all that is needed to fly it and its like. */
export interface Failing {
  readonly lab: SizedLab
  /** What it flies, with settings, but for its faults. */
  readonly flown: Specification
  readonly ground: TrialGround
  readonly case: Case
  readonly failure: Failure
  /** As its script gives it: without settings, and with its own faults. */
  readonly base: Specification
  readonly script: string | undefined
  readonly name: string
  readonly seed: string
  readonly data: string | undefined
  readonly engine: EngineName
  readonly checks: readonly string[] | undefined
  close(): Promise<void>
}

const ownRoundsOf = ({ rounds }: Specification, count?: number): RoundsInput | undefined =>
  'count' in rounds ? ({ ...rounds, ...(count !== undefined && { count }) } as RoundsInput) : undefined

/** Where a failure is looked for again, in the way in which it is seen. */
const groundOf = (lab: SizedLab, rounds: RoundsInput | undefined, failure: Failure): TrialGround =>
  trialGround(lab, rounds, (of, options) => lab.flyFor(failure, of, options))

/** A case of an exploration that failed: the first, or that of a number. */
export const failingCase = async ({ found }: Exploration, task: Task, nth?: number): Promise<Failing | undefined> => {
  const [first] = nth === undefined ? found : found.filter((one) => one.nth === nth)
  if (first === undefined) return undefined
  const { specification: base, name } = await loadSpecification(task.script, task.cwd)
  const flown = await specificationOf(task)
  const { data, engine, ...options } = task
  const engines = await enginesOf(task)
  const dataDir = data === undefined ? undefined : absolute(task.cwd, data)
  const lab = new SizedLab(flown, { ...options, dataDir, ...(engines && { engines }) })
  return {
    lab, flown, ground: groundOf(lab, ownRoundsOf(flown, task.rounds), first.failure), case: first.of, failure: first.failure, base, script: task.script, name,
    seed: String(task.seed ?? 1), data, engine: engine ?? 'surrogate', checks: task.checks,
    close: () => lab.close(),
  }
}

/** Whether every check watched that there is. */
const watchesAll = ({ checks = [] }: Manifest, { checks: own = [] }: Specification): boolean => {
  const all = new Set(chosenChecks(own, undefined).map(({ name }) => name))
  return all.size === checks.length && checks.every((check) => all.has(check))
}

/** What there is to shrink in the folder of a run. */
const failedRun = (folder: string, cwd: string, disk: Disk): Manifest & { readonly failure: Failure } => {
  const at = absolute(cwd, folder)
  const manifest = readManifest(at, disk)
  demandSound(at, manifestFile, manifest, disk)
  const { failure, status, error } = manifest
  if (failure !== undefined) return { ...manifest, failure }
  if (status !== 'failed') throw new StorageError(`${folder} holds a run that is ${status}: there is nothing to shrink. Give one that failed, or what explore --json printed.`)
  throw new StorageError(`${folder}: the run did not fail by itself (${error ?? 'nobody knows why'}). Fly it again.`)
}

/**
 * A run that failed, as a case of its specification. Flown without training where it fails so too, which is faster by far;
 * `train`: with the run's engine in any case.
 */
export const failingRun = async (
  folder: string, { cwd, train = false, workers }: { readonly cwd: string; readonly train?: boolean; readonly workers?: number | undefined }, disk: Disk = realDisk,
): Promise<Failing> => {
  const manifest = failedRun(folder, cwd, disk)
  const again = await flightOf(manifest, cwd)
  const { data, seed, seeds } = manifest
  const dataDir = data === null ? undefined : absolute(cwd, data)
  const { name: _, ...flown } = again.specification
  const world = dataDir === undefined ? flown.world : worldOfFolder(dataDir, flown.world)
  const base: Specification = { ...flown, world, seeds }
  const plan = manifest.plan ?? (await prepare(again.specification, { ...again.options, cwd })).plan
  const { case: of, run } = pinned(plan, seed)
  const own = ownRoundsOf(base)
  const { count = 4 } = (own ?? {}) as { count?: number }
  const options: CaseLabOptions = { seed, rounds: count, cwd, dataDir, checks: manifest.checks, run }
  const script = manifest.script?.file
  const about = {
    case: of, failure: manifest.failure, script, name: manifest.name, seed, data: data ?? undefined,
    checks: watchesAll(manifest, base) ? undefined : manifest.checks,
    base: script === undefined ? base : (await loadSpecification(script, cwd)).specification,
  }
  const on = (lab: SizedLab, engine: EngineName): Failing => ({ ...about, lab, flown: base, engine, ground: groundOf(lab, own, about.failure), close: () => lab.close() })
  const quick = new SizedLab(base, options)
  if (!train || manifest.engine === 'surrogate') {
    const outcome = await quick.flyFor(about.failure, of)
    if (manifest.engine === 'surrogate' || (outcome.failed && isSame(outcome.failure, about.failure))) return on(quick, 'surrogate')
  }
  const engine: Engine = await openEngine({ engine: manifest.engine, workers: workers ?? manifest.workers })
  return on(new SizedLab(base, { ...options, engines: { first: engine, again: engine } }), manifest.engine)
}

/** The failing case of what `explore --json` printed, of which `about` says how it was explored. */
export const readExploration = (text: string, file: string): Exploration & { readonly task: Omit<Task, 'cwd'> } => {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw new SpecificationError(`${file} is no JSON. Give the folder of a run that failed, or what explore --json printed.`)
  }
  const { found, task } = (content ?? {}) as Partial<Exploration & { task: Omit<Task, 'cwd'> }>
  if (!Array.isArray(found) || typeof task?.script !== 'string') {
    throw new SpecificationError(`${file} is not what explore --json prints. Give that, or the folder of a run that failed.`)
  }
  return content as Exploration & { task: Omit<Task, 'cwd'> }
}
