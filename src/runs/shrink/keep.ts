import { join, relative, resolve as absolute } from 'node:path'

import { SpecificationError, StorageError } from '../../errors.js'
import { type Failure, failureOf, isOutside, isSame } from '../../flight/failure.js'
import { comparedNames } from '../../lab/compared/all.js'
import { canonical } from '../../roster/identity.js'
import { derivedSeed, resolve } from '../../simulation/resolve.js'
import type { SeedPurpose, Specification } from '../../simulation/specification.js'
import { accompany } from '../accompany.js'
import { specificationOf } from '../describe.js'
import { realDisk, type Disk } from '../disk.js'
import { whyOf } from '../folder.js'
import { sha256 } from '../hash.js'
import { loadSpecification } from '../load.js'
import { demandRoom } from '../place.js'
import { quoted } from '../quoted.js'
import { conduct, prepare, type SimulateOptions } from '../simulate.js'
import type { Failing } from './failing.js'
import { minimalFile } from './minimal.js'
import type { Shortest } from './shorten.js'
import { type Commands, taleOf } from './tale.js'

export interface KeepOptions {
  /** The folder; `runs/NAME-shortest`, or the next free name, when absent. */
  readonly out?: string | undefined
  /** Replace a run that is there. */
  readonly force?: boolean | undefined
  readonly cwd: string
  readonly disk?: Disk
}

/** Where the simplest that fails lies: a run that can be replayed, its script and its story. */
export interface Kept extends Commands {
  readonly folder: string
  /** Whether the script alone is that flight; else it is flown with the plan beside it. */
  readonly note: string | undefined
}

const storyFile = 'story.txt'

/** What could not be written, as an error that says where, why and what to do. */
const unwritten = (folder: string, cause: unknown): StorageError =>
  cause instanceof StorageError ? cause : new StorageError(`Cannot write what is found to ${folder}: ${whyOf(cause)}. Give another place with --out.`, { cause })

/**
 * Refuses a folder, before anything is flown, that the simplest that fails cannot be written into. One that was found before
 * and lies there may be found again.
 */
export const demandPlace = ({ out, force = false, cwd, disk = realDisk }: KeepOptions): void => {
  if (out === undefined && force) throw new SpecificationError('--force is about a folder that is there: name it with --out. Without it a free name is taken.')
  if (out === undefined) return
  try {
    demandRoom(absolute(cwd, out), (_, files) => force || files.includes(storyFile), disk)
  } catch (cause) {
    throw unwritten(out, cause)
  }
}

/** A number with a sign behind a name, until nobody has it. */
const freeName = (wanted: string, disk: Disk): string => {
  for (let number = 1; ; number++) {
    const folder = number === 1 ? wanted : `${wanted}-${number}`
    if (!disk.exists(folder)) return folder
  }
}

/** Names of the checks of a run that is to fail so; undefined: all that watch a flight. */
const watchedOf = (checks: readonly string[] | undefined, { what }: Failure): readonly string[] | undefined => {
  if (comparedNames.includes(what) && checks?.includes(what) !== true) return [...(checks ?? ['all']), what]
  return checks?.length === 0 ? ['none'] : checks
}

/** How a specification fails that is flown by itself; undefined: it does not. */
const fails = async (specification: Specification, options: SimulateOptions): Promise<Failure | undefined> => {
  try {
    await conduct(specification, options)
    return undefined
  } catch (error) {
    if (isOutside(error)) throw error
    return failureOf(error, options.cwd ?? process.cwd())
  }
}

/** What exploring changes beside the case, which the failure may do without. */
const besides = ['evaluate', 'onDivergence'] as const

/** Without seeds that are the run's own, and without what only exploring needs. */
const plainest = async (
  { lab, base, seed, data }: Failing, { shrunk }: Shortest, options: SimulateOptions,
): Promise<Specification> => {
  const { seeds = {}, ...rest } = await lab.specification(shrunk.case)
  const own = Object.entries(seeds).filter(([purpose, given]) => base.seeds?.[purpose as SeedPurpose] !== undefined || given !== derivedSeed(seed, purpose as SeedPurpose))
  let now: Specification = own.length > 0 ? { ...rest, seeds: Object.fromEntries(own) } : rest
  for (const field of besides) {
    if (canonical(now[field] ?? null) === canonical(base[field] ?? null)) continue
    const { [field]: _, ...without } = now
    const simpler = base[field] === undefined ? without : { ...without, [field]: base[field] }
    const failure = await fails(simpler, { ...options, ...(data !== undefined && { data }) })
    if (failure !== undefined && isSame(failure, shrunk.failure)) now = simpler
  }
  return now
}

/** All that decides a flight, as text. */
const meaningOf = (specification: Specification, options: Pick<SimulateOptions, 'seed' | 'engine'>): string => {
  const resolved = resolve(specification, options)
  const { seeds: _, ...fields } = specificationOf(resolved)
  return canonical([{ ...fields, name: '' }, resolved.seeds])
}

/**
 * Flies the simplest that fails by itself into a folder that `replay` takes, and puts its script and its story beside it.
 * Undefined where there is no flight to be kept: it fails only in being another when it is flown again. Throws a
 * `StorageError` where the folder cannot be written, and where the specification that is written down fails no more.
 */
export const keepShortest = async (failing: Failing, shortest: Shortest, { out, force = false, cwd, disk = realDisk }: KeepOptions): Promise<Kept | undefined> => {
  const { lab, seed, engine, data, checks, base, script, name } = failing
  const { shrunk, explanation } = shortest
  if (shrunk.failure.kind === 'nondeterminism') return undefined
  const watched = watchedOf(checks, shrunk.failure)
  const watch = watched && { watch: watched }
  const options: SimulateOptions = { seed, engine, workers: 1, cwd, name, ...watch, ...(data !== undefined && { data }) }
  const specification = await plainest(failing, shortest, options)
  const folder = out === undefined ? freeName(join(cwd, 'runs', `${name}-${seed}-shortest`.replace(/[^\w.-]/g, '_')), disk) : absolute(cwd, out)
  const shown = relative(cwd, folder).startsWith('..') ? folder : relative(cwd, folder)
  const plan = await lab.plan(shrunk.case)
  const { plan: drawn } = await prepare(specification, options)
  const planned = canonical(plan) !== canonical(drawn)
  const kind = script === undefined || /\.(ya?ml|json)$/i.test(script) ? 'yaml' : 'ts'
  const flags = [
    `--seed ${quoted(seed)}`, `--engine ${engine}`, ...(data === undefined ? [] : [`--data ${quoted(data)}`]), ...(planned ? [`--plan ${quoted(join(shown, 'plan.json'))}`] : []),
    ...(watched ?? []).map((check) => `--check ${quoted(check)}`),
  ]
  const commands: Commands = {
    replay: `npx windtunnel replay ${quoted(shown)}`,
    run: `npx windtunnel run ${quoted(join(shown, `minimal.${kind}`))} ${flags.join(' ')}`,
  }
  const minimal = minimalFile({
    base, specification, script: script === undefined ? undefined : absolute(cwd, script), folder, explanation,
    head: [`The simplest that was found to fail so${script === undefined ? '' : `, around ${script}`}:`, shrunk.failure.message, `Fly it: ${commands.run}`],
  })
  const from = { file: join(shown, minimal.name), sha256: sha256(minimal.text) }
  const failure = await fails(specification, {
    ...options, out: folder, ifTaken: force ? 'replace' : 'refuse', jobs: 'none', script: from, ...(planned && { plan }),
  })
  if (failure === undefined || !isSame(failure, shrunk.failure)) {
    throw new StorageError(`${shown} holds no run that fails so: flown by itself, ${failure === undefined ? 'it does not fail' : failure.message}`)
  }
  const files = {
    [minimal.name]: minimal.text,
    [storyFile]: `${taleOf(shortest, commands).join('\n')}\n`,
    ...(planned && { 'plan.json': `${JSON.stringify(plan, null, 2)}\n` }),
  }
  try {
    accompany(folder, files, disk)
  } catch (cause) {
    throw unwritten(shown, cause)
  }
  const { specification: again } = await loadSpecification(join(folder, minimal.name), cwd)
  const same = meaningOf(again, options) === meaningOf(specification, options)
  return { folder: shown, ...commands, note: same ? undefined : `${minimal.name} does not say all of it: fly it with replay` }
}
