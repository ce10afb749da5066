import type { ScoreJob, TrainJob } from '../engine.js'

/** Jobs that share a run of one program, and their places in the list they came from. */
export interface Cohort<Job extends TrainJob | ScoreJob> {
  readonly program: string
  readonly jobs: readonly Job[]
  readonly places: readonly number[]
  /** Work to do in it, in any unit: for starting the longest first. */
  readonly length: number
}

/**
 * Groups jobs by program and cuts each group into cohorts of at most `most(program, jobs of it)`. Jobs of similar length sit
 * together, because a cohort lasts as long as its longest; the longest cohorts come first. Neither changes a result:
 * what a client gets does not depend on its company. The number of workers plays no part, it must not.
 */
export const cohortsOf = <Job extends TrainJob | ScoreJob>(
  jobs: readonly Job[],
  most: (program: string, jobs: number) => number,
  lengthOf: (job: Job) => number,
): Cohort<Job>[] => {
  const groups = new Map<string, { readonly job: Job; readonly place: number; readonly length: number }[]>()
  jobs.forEach((job, place) => {
    const group = groups.get(job.program)
    const member = { job, place, length: lengthOf(job) }
    if (group) group.push(member)
    else groups.set(job.program, [member])
  })
  const cohorts: Cohort<Job>[] = []
  for (const [program, group] of groups) {
    group.sort((a, b) => b.length - a.length)
    const size = Math.max(1, most(program, group.length))
    for (let start = 0; start < group.length; start += size) {
      const members = group.slice(start, start + size)
      cohorts.push({
        program,
        jobs: members.map(({ job }) => job),
        places: members.map(({ place }) => place),
        length: members[0].length,
      })
    }
  }
  return cohorts.sort((a, b) => b.length - a.length)
}
