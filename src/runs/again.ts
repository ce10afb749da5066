import { existsSync } from 'node:fs'
import { resolve as absolute } from 'node:path'

import type { World } from '../data/world.js'
import { shown } from '../documents/problem.js'
import { DataError, SpecificationError, StorageError } from '../errors.js'
import { readStart } from '../flight/start.js'
import type { Which } from '../flight/trained-model.js'
import { readTrace } from '../schedules/trace-file.js'
import { seedsOf } from '../simulation/resolve.js'
import type { SeedPurpose, Specification } from '../simulation/specification.js'
import { fieldsOfScript } from './functions-of-script.js'
import { sha256, sha256OfFile } from './hash.js'
import { manifestFile, type Manifest } from './manifest.js'
import type { SimulateOptions } from './simulate.js'

/*
 * A run that is flown again from its manifest, to be compared or to be ended: the same script, traces, model to start
 * from and data, or none at all.
 */

const changed = (what: string, file: string): string =>
  `${what} ${file} has changed since the run (its hash differs): it would fly something else. ` +
  'Fly it anew with run.'

const checkTraces = (manifest: Manifest, cwd: string): void => {
  for (const { file, sha256: before } of manifest.traces) {
    if (sha256(readTrace(file, cwd, 'A trace of the run')) !== before) throw new DataError(changed('the trace', file))
  }
}

const checkStart = ({ specification, start: before }: Manifest, cwd: string): void => {
  // A start that the specification lacks is found where the manifest is compared.
  if (before === undefined || specification.start === undefined) return
  const bytes = readStart(specification.start as NonNullable<Specification['start']> & { readonly model: Which }, cwd)
  if (sha256(bytes) !== before.sha256) throw new DataError(changed('the model', before.file))
}

/** Refuses seeds that do not follow from the run's seed and from those that its specification gives. */
const checkSeeds = ({ seed, seeds, specification }: Manifest): void => {
  const now = seedsOf(seed, specification.seeds ?? {})
  const purpose = (Object.keys(now) as SeedPurpose[]).find((one) => now[one] !== seeds[one])
  if (purpose === undefined) return
  throw new StorageError(
    `${manifestFile} is not what a run writes: seeds.${purpose} is ${shown(seeds[purpose])}, and its seed and specification give ` +
      `${shown(now[purpose])}. Fly the run again.`,
  )
}

/** Refuses data that is not what the run read. */
export const checkWorld = (manifest: Manifest, world: World): void => {
  const now = new Map(world.origins.map((origin) => [origin.file, origin.sha256]))
  for (const { file, sha256: before } of manifest.world.origins) {
    if (!now.has(file)) throw new DataError(`the data file ${file} of the run was not read now. Fly it anew with run.`)
    if (now.get(file) !== before) throw new DataError(changed('the data file', file))
  }
}

/** The specification of the manifest; functions come from the script, which must be the one that was flown. */
const specificationFrom = async (manifest: Manifest, cwd: string): Promise<Specification> => {
  const data = Object.fromEntries(
    Object.entries(manifest.specification).filter(([name]) => !manifest.functions.includes(name)),
  )
  const { script } = manifest
  if (script === null) {
    if (manifest.functions.length === 0) return data as unknown as Specification
    const names = manifest.functions.join(', ')
    const why = `the run has functions (${names}) and no script to take them from`
    throw new SpecificationError(`${why}: it cannot be flown again.`)
  }
  if (!existsSync(absolute(cwd, script.file))) {
    throw new SpecificationError(`the script ${script.file} is not here. Go to the folder in which it was flown.`)
  }
  if (sha256OfFile(absolute(cwd, script.file)) !== script.sha256) {
    throw new SpecificationError(changed('the script', script.file))
  }
  if (manifest.functions.length === 0) return data as unknown as Specification
  const loaded = await fieldsOfScript(script.file, manifest.study, cwd)
  const functions = Object.fromEntries(manifest.functions.map((name) => [name, loaded[name]]))
  return { ...data, ...functions } as unknown as Specification
}

/** What is flown again. */
export interface Again {
  readonly specification: Specification
  readonly options: Pick<SimulateOptions, 'seed' | 'engine' | 'data' | 'plan' | 'watch'>
}

/** The flight of a manifest. Refuses a script, traces or a model to start from that changed; of data see `checkWorld`. */
export const flightOf = async (manifest: Manifest, cwd: string): Promise<Again> => {
  const specification = await specificationFrom(manifest, cwd)
  checkTraces(manifest, cwd)
  checkStart(manifest, cwd)
  checkSeeds(manifest)
  const { seed, engine, data, plan, checks } = manifest
  return {
    specification,
    options: {
      seed, engine,
      data: data ?? undefined,
      ...(plan && { plan }),
      ...(checks && { watch: checks.length === 0 ? ['none'] : checks }),
    },
  }
}
