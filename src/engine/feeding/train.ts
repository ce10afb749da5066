import type { OddGradients, TrainJob, TrainResult } from '../engine.js'
import type { Recipe } from '../program/recipe.js'
import { BatchCursor, examplesOf } from './batches.js'
import type { Data } from './rows.js'
import type { Stage } from './stage.js'
import { Stretch, type Trainee } from './stretch.js'

/** What the balancer remembers at the start of a job: copies, because a run writes into them. */
const memoryOf = ({ balance }: Recipe, job: TrainJob): Record<string, Float32Array> =>
  Object.fromEntries(
    (balance?.memory ?? []).map(({ name, shape, initial }) => {
      const size = shape.reduce((product, extent) => product * extent, 1)
      return [name, job.balance?.memory[name]?.slice() ?? new Float32Array(size).fill(initial)]
    }),
  )

const enlist = (recipe: Recipe, job: TrainJob, data: Data): Trainee => ({
  job,
  data,
  cursor: new BatchCursor(data.rows, recipe.batch, job.plan),
  parameters: job.parameters,
  slots: Object.fromEntries(Object.entries(job.optimizer?.slots ?? {}).map(([name, slot]) => [name, slot.slice()])),
  before: job.optimizer?.steps ?? 0,
  memory: memoryOf(recipe, job),
  balanced: job.balance?.steps ?? 0,
  taken: 0,
  losses: new Float64Array(recipe.tasks.length),
  counted: new Int32Array(recipe.tasks.length),
  odd: { none: new Int32Array(recipe.tasks.length), notFinite: new Int32Array(recipe.tasks.length) },
})

const oddOf = ({ tasks }: Recipe, { odd: { none, notFinite } }: Trainee): OddGradients[] =>
  tasks
    .map(({ name }, t) => ({ task: name, none: none[t], notFinite: notFinite[t] }))
    .filter((counts) => counts.none + counts.notFinite > 0)

const resultOf = (recipe: Recipe, trainee: Trainee): TrainResult => {
  const { job, slots, before, memory, balanced, taken, losses, counted, data, cursor } = trainee
  const odd = oddOf(recipe, trainee)
  return {
    parameters: taken > 0 ? trainee.parameters : job.parameters.slice(),
    optimizer: { steps: before + taken, slots },
    ...(recipe.balance && { balance: { steps: balanced + taken, memory } }),
    losses: losses.map((sum, task) => (counted[task] > 0 ? sum / counted[task] : 0)),
    ...(odd.length > 0 && { odd }),
    steps: taken,
    examples: examplesOf(data.rows, recipe.batch, { from: cursor.from, until: cursor.from + taken }),
  }
}

/**
 * Trains a cohort: first in runs of `recipe.chunk` steps, then the remainders step by step. Clients sit in the order of
 * their runs, longest first, so that those who are done fall off the end and the others go on.
 */
export const trainCohort = async (
  recipe: Recipe,
  jobs: readonly TrainJob[],
  dataOf: (handle: string) => Data,
  stageOf: (part: 'chunk' | 'step') => Promise<Stage>,
): Promise<TrainResult[]> => {
  const trainees = jobs.map((job) => enlist(recipe, job, dataOf(job.data)))
  const takeSteps = async (
    part: 'chunk' | 'step', stride: number, runsOf: (trainee: Trainee) => number,
  ): Promise<void> => {
    const going = trainees.filter((trainee) => runsOf(trainee) > 0).sort((a, b) => runsOf(b) - runsOf(a))
    if (going.length === 0) return
    const runs = going.map(runsOf)
    await new Stretch(recipe, await stageOf(part), stride, going).train(runs)
  }
  const { chunk } = recipe
  if (chunk > 1) await takeSteps('chunk', chunk, ({ cursor }) => Math.floor(cursor.steps / chunk))
  await takeSteps('step', 1, ({ cursor, taken }) => cursor.steps - taken)
  return trainees.map((trainee) => resultOf(recipe, trainee))
}
