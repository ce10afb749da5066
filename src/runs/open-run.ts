import { resolve as absolute } from 'node:path'

import { NondeterminismError } from '../errors.js'
import type { Plan } from '../faults/plan.js'
import { openGround } from '../lab/ground.js'
import { Lab } from '../lab/lab.js'
import { checkWorld, flightOf } from './again.js'
import { realDisk, type Disk } from './disk.js'
import { demandComplete, manifestFile, readManifest, type Manifest } from './manifest.js'
import { demandSound } from './seal.js'
import { meant, type SimulateOptions } from './simulate.js'

/** A run that is over, and a lab in which its flight can be flown again, and others beside it. */
export interface RunAgain {
  readonly manifest: Manifest
  readonly lab: Lab
  /** The faults that were flown. */
  readonly plan: Plan
  /** Names of the checks that watched, for `lab.fly`. */
  readonly watch: readonly string[] | undefined
}

/**
 * Opens the ground of a run that is complete: its specification, seeds and plan are those of its manifest. Refuses what
 * `replay` refuses. A model that diverges in a flight beside it does not end that flight: it is a result. Close the lab.
 */
export const openRun = async (
  folder: string, options: Pick<SimulateOptions, 'workers' | 'cwd'> = {}, disk: Disk = realDisk,
): Promise<RunAgain> => {
  const cwd = options.cwd ?? process.cwd()
  const at = absolute(cwd, folder)
  const manifest = readManifest(at, disk)
  demandSound(at, manifestFile, manifest, disk)
  demandComplete(folder, manifest)
  const again = await flightOf(manifest, cwd)
  const { resolved, place } = meant(again.specification, { ...again.options, cwd, workers: options.workers })
  const ground = await openGround(resolved, place)
  try {
    checkWorld(manifest, ground.world)
    const { onDivergence } = resolved
    const lab = Lab.on(ground, { ...resolved, onDivergence: onDivergence === 'stop' ? 'go-on' : onDivergence }, cwd)
    return { manifest, lab, plan: manifest.plan ?? (await lab.plan()), watch: again.options.watch }
  } catch (error) {
    await ground.close()
    throw error
  }
}

/** Refuses to go on from a flight that is not the one of the run, event by event. */
export const demandSame = ({ digests }: Manifest, flight: { readonly digests: { readonly events: string } }): void => {
  if (digests === undefined || digests.events === flight.digests.events) return
  throw new NondeterminismError('Flown again, the run was another: its events differ. npx windtunnel replay says which, and why that may be.')
}
