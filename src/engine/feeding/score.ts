import { DataError } from '../../errors.js'
import type { ScoreJob, ScoreResult } from '../engine.js'
import { fillEdges } from './edges.js'
import { fillRows } from './feed.js'
import type { Recipe } from '../program/recipe.js'
import type { Data } from './rows.js'
import type { Stage } from './stage.js'

/** Columns of a task's scores: one, or one per class. */
const widthOf = (task: Recipe['tasks'][number]): number => (task.kind === 'multiclass' ? task.classes : 1)

/** A graph made of the rows to be scored would tell the model what it is asked. */
const historyOf = ({ client, history }: ScoreJob, dataOf: (handle: string) => Data): Data => {
  if (history !== undefined) return dataOf(history)
  throw new DataError(
    `client '${client}' is scored with a model that reads interactions: name its training table as \`history\``,
  )
}

/**
 * Scores whole tables, `recipe.scoreBatch` rows a run, the last run padded. Clients sit longest table first, so that
 * those who are done fall off the end.
 */
export const scoreCohort = async (
  recipe: Recipe,
  jobs: readonly ScoreJob[],
  dataOf: (handle: string) => Data,
  stageOf: (part: 'score') => Promise<Stage>,
): Promise<ScoreResult[]> => {
  const { tasks, scoreBatch } = recipe
  const clients = jobs.map((job) => {
    const data = dataOf(job.data)
    return { job, data, scores: tasks.map(() => new Float32Array(0)) }
  })
  const seated = [...clients].sort((a, b) => b.data.rows - a.data.rows)
  const { lanes, feeds, state, edges } = (await stageOf('score')).room(seated.length)
  seated.forEach(({ job }, seat) => {
    for (const { lane, offset } of state) {
      lanes.current(lane).set(job.parameters.subarray(offset, offset + lane.size), seat * lane.size)
    }
    for (const place of edges) fillEdges(place, seat, historyOf(job, dataOf))
  })
  const outputs = lanes.outputs.map((lane) => {
    const { kind } = lane
    return { ...lane, column: kind.kind === 'score' ? tasks.findIndex((task) => task.name === kind.task) : -1 }
  })
  for (const { data, scores } of clients) {
    for (const { column } of outputs) {
      if (column >= 0) scores[column] = new Float32Array(data.rows * widthOf(tasks[column]))
    }
  }
  const known = new Int32Array(tasks.length)
  for (let start = 0, live = seated.length; ; start += scoreBatch) {
    while (live > 0 && seated[live - 1].data.rows <= start) live--
    if (live === 0) return clients.map(({ scores }) => ({ scores }))
    for (let lane = 0; lane < live; lane++) {
      const { data } = seated[lane]
      const rows = { start, count: Math.min(scoreBatch, data.rows - start) }
      if (feeds[0]) fillRows(feeds[0], lane, scoreBatch, data, tasks.length, rows, known)
    }
    await lanes.run(live)
    for (const { column, buffer, size } of outputs) {
      if (column < 0) continue
      const width = size / scoreBatch
      for (let lane = 0; lane < live; lane++) {
        const count = Math.min(scoreBatch, seated[lane].data.rows - start)
        const from = buffer.subarray(lane * size, lane * size + count * width)
        seated[lane].scores[column].set(from, start * width)
      }
    }
  }
}
