/** Bytes that one step of a run may read and write: beyond that clients push each other's numbers out of the caches. */
const most = 10e6

/** A program whose step moves less is over so soon that handing it to a thread costs about what the thread saves. */
const brief = 5e5

/** Runs that the jobs of a program are spread over at least: more threads than a machine has, as a rule; and of brief ones. */
const runs = { brief: 4, others: 16 } as const

/**
 * Clients that share one run of a program, at most, where its training does not say: more, the less a step moves, for a
 * small step is mostly the price of calling its operations; fewer, the fewer clients wait to train, for those that share
 * a run do not train side by side. `bytes`: what one client's step reads and writes. The number of workers plays no part.
 */
export const usualCohort = (bytes: number, waiting: number): number => {
  const fit = Math.floor(most / bytes)
  const spread = Math.ceil(waiting / (bytes < brief ? runs.brief : runs.others))
  return Math.max(1, Math.min(fit, spread))
}
