import { describe, expect, it } from 'vitest'
import { weightingOf } from '../../src/flight/weighting.js'
import { simulate, type Run } from '../../src/runs/simulate.js'
import { localSchema } from '../../src/simulation/local.js'
import { jsonSchema, type Specification } from '../../src/simulation/specification.js'
import type { Task } from '../../src/tasks/task.js'

const tasks: readonly Task[] = [
  { name: 'click', kind: 'binary' }, { name: 'watched', kind: 'regression' },
  { name: 'stars', kind: 'multiclass', classes: 3 },
]
type Local = Specification['local']
const of = (local: Local) => weightingOf(localSchema.parse(local), tasks)

const flown = (local: Local): Promise<Run> =>
  simulate(
    {
      world: { kind: 'storefronts', scenarios: 2, impressions: 300 },
      model: { kind: 'mlp', hidden: [4] }, local, strategy: { kind: 'fedavg' }, rounds: { kind: 'synchronous', count: 2 },
    },
    { workers: 1, engine: 'tfjs', seed: 3 },
  )

describe('weights of classes', () => {
  it('are one number for each class, and nothing where nothing is said', () => {
    expect(of({})).toBeUndefined()
    expect(of({ weightScale: 'mean' })).toBeUndefined()
    expect(of({ weightScale: 'given' })).toEqual({ scale: 'given' })
    expect(of({ weights: { click: { positive: 4 }, stars: { classes: [0, 1, 2] } } }))
      .toEqual({ byClass: { click: [1, 4], stars: [0, 1, 2] } })
  })

  it('are refused for what has no such classes, with what to do', () => {
    expect(() => of({ weights: { clicks: { positive: 4 } } }))
      .toThrow(/names 'clicks': the tasks that are trained are click, watched, stars/)
    expect(() => of({ weights: { click: { classes: [1, 2] } } })).toThrow(/weights.click: a binary task takes { positive, negative }/)
    expect(() => of({ weights: { stars: { positive: 2 } } })).toThrow(/weights.stars: the task has 3 classes/)
    expect(() => of({ weights: { stars: { classes: [1, 2] } } })).toThrow(/weights.stars: the task has 3 classes/)
    expect(() => of({ weights: { watched: { positive: 2 } } })).toThrow(/a regression task has no classes .* a weight in the data/)
    expect(() => of({ weights: { click: { positive: 0, negative: 0 } } })).toThrow(/one of the weights must be above 0/)
    expect(() => of({ weights: { click: { positive: -1 } } })).toThrow()
  })

  it('are of tasks that are trained, and none of one that is only scored', () => {
    const weights = { stars: { classes: [1, 1, 2] } }
    expect(() => weightingOf(localSchema.parse({ weights }), tasks.slice(0, 2)))
      .toThrow(/names 'stars': the tasks that are trained are click, watched\./)
  })

  it('are in the JSON schema', () => {
    const text = JSON.stringify(jsonSchema())
    expect(text).toContain('Of rows whose label is 1')
    expect(text).toContain('weightScale')
  })

  it('raise what is predicted where positives weigh more, and are told by the settled specification', async () => {
    const fast = { optimizer: { kind: 'adam', rate: 0.02 }, epochs: 3 } as const
    const [plain, heavy] = await Promise.all([flown(fast), flown({ ...fast, weights: { ctcvr: { positive: 20 } } })])
    const calibration = ({ metrics }: Run, task: string): number => Math.min(...metrics
      .filter((row) => row.metric === 'calibration' && row.task === task && row.split === 'test' && row.round === 2)
      .map(({ value }) => value!))
    // Metrics weigh no row: predicting more than there is shows in them.
    expect(calibration(heavy, 'ctcvr')).toBeGreaterThan(2 * calibration(plain, 'ctcvr'))
    expect(calibration(heavy, 'ctr')).toBeLessThan(1.5 * calibration(plain, 'ctr'))
    expect(heavy.manifest.specification.local).toMatchObject({ weights: { ctcvr: { positive: 20, negative: 1 } } })
    expect(plain.digests.events).toBe(heavy.digests.events)
  })
})
