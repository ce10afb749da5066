import type { Engine, TrainJob, TrainResult } from '../engine/engine.js'
import type { LocalWork, Scored } from '../federation/messages.js'
import { scoresOf } from '../metrics/scores.js'
import { mean } from '../statistics/moments.js'
import type { Task } from '../tasks/task.js'

/** The losses that metrics have a name for; a task without one of these does not count. */
const losses = new Set(['log-loss', 'mse'])

type Measuring = NonNullable<LocalWork['score']>

/** The tasks of the world, and those of them that the model is trained by. */
interface Tasks {
  readonly all: readonly Task[]
  readonly trained: readonly Task[]
}

/** The mean over trained tasks of the model's loss on the rows; NaN where none has a label there, or the model diverged. */
const lossOf = (scores: readonly Float32Array[], { table }: Measuring, { all, trained }: Tasks): number => {
  const names = new Set(trained.map(({ name }) => name))
  const own = scoresOf(table, all, scores).filter(({ task, metric }) => names.has(task) && losses.has(metric))
  return mean(own.map(({ value }) => value ?? NaN))
}

const measured = async (score: Measuring, engine: Engine, tasks: Tasks): Promise<Scored> => {
  const results = await Promise.all(engine.score(score.jobs))
  return { scored: Object.fromEntries(score.names.map((name, i) => [name, lossOf(results[i].scores, score, tasks)])) }
}

/** Does what the compute queue holds for real: training, all of it in one call, and the measuring of models. */
export const executeLocally = (
  works: readonly LocalWork[],
  engine: Engine,
  tasks: Tasks,
): readonly Promise<TrainResult | Scored>[] => {
  const jobs: TrainJob[] = []
  for (const { train } of works) if (train !== undefined) jobs.push(train)
  const trained = engine.train(jobs)
  let next = 0
  return works.map(({ score }) => (score === undefined ? trained[next++] : measured(score, engine, tasks)))
}
