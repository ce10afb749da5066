import { expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { executeLocally } from '../../src/flight/local-execution.js'
import type { Task } from '../../src/tasks/task.js'

const tasks: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'watched', kind: 'regression' }]
const table = {
  rows: 2, categorical: new Int32Array(0), numeric: new Float32Array(0), labels: Float32Array.of(1, 3, 0, Number.NaN),
}

/** An engine whose models score what their parameters say: two logits, then two numbers. */
const engine = {
  train: () => [],
  score: (jobs: readonly { readonly parameters: Float32Array }[]) =>
    jobs.map(({ parameters: p }) => Promise.resolve({ scores: [p.slice(0, 2), p.slice(2)] })),
} as unknown as Engine

it('a model is measured by its mean loss over tasks, from logits; one that diverged in any task has none', async () => {
  const models = { fine: [0, 0, 5, 99], certain: [-800, 0, 3, 0], lost: [0, 0, Number.NaN, 0], elsewhere: [0, 0, 5, Number.NaN] }
  const names = Object.keys(models)
  const jobs = Object.values(models).map((values) => ({
    kind: 'score' as const, client: 'c', program: 'p', data: 'd', parameters: Float32Array.from(values),
  }))
  const work = { round: 1, leg: 0, continues: false, examples: 0, score: { jobs, names, table } }
  expect(await executeLocally([work], engine, { all: tasks, trained: tasks })[0]).toEqual({
    scored: {
      fine: expect.closeTo((Math.log(2) + 4) / 2, 12), certain: expect.closeTo((800 + Math.log(2)) / 4, 9), lost: Number.NaN,
      elsewhere: expect.closeTo((Math.log(2) + 4) / 2, 12),
    },
  })
})
