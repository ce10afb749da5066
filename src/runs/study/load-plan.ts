import { loadStudy } from '../load.js'
import type { Manifest } from '../manifest.js'
import type { SweepFlags } from '../sweep/flags.js'
import { loadSweep } from '../sweep/load-sweep.js'
import type { Size, StudyPlan } from './study.js'

/** Where the plan of a study comes from: plain data, so that others can load it for themselves. */
export interface PlanSource {
  readonly file: string
  readonly size: Size
  /** It is a sweep, with these flags. */
  readonly sweep?: SweepFlags
}

/** The plan, and the script that it is of. Throws what reading the script throws. */
export const loadPlan = async (
  { file, size, sweep }: PlanSource, cwd: string,
): Promise<{ readonly plan: StudyPlan; readonly script: NonNullable<Manifest['script']> }> =>
  sweep === undefined ? loadStudy(file, cwd, size) : loadSweep(file, cwd, sweep)
