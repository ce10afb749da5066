import { loadStudy } from '../load.js'
import type { Manifest } from '../manifest.js'
import type { Size, StudyPlan } from './study.js'

/** Where the plan of a study comes from: plain data, so that others can load it for themselves. */
export interface PlanSource {
  readonly file: string
  readonly size: Size
}

/** The plan, and the script that it is of. Throws what reading the script throws. */
export const loadPlan = async ({ file, size }: PlanSource, cwd: string): Promise<{ plan: StudyPlan; script: NonNullable<Manifest['script']> }> =>
  loadStudy(file, cwd, size)
