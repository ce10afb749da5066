import { describe, expect, it } from 'vitest'
import { linearModel, localOnly, pooled, sgd, simulate, simulation, synchronous } from '../../src/index.js'
import { storefronts } from '../../scenarios/index.js'

/*
 * What scikit-learn 1.9.1 makes of
 *
 *     npx windtunnel data export simulations/twenty-lines.ts --set world.scenarios=3 --set world.impressions=1000 --out exports/three
 *
 * by the script in docs/validation.md, with an L2 penalty of .02 on the sum of squares over 2: AUC and log-loss on test.
 */
const theirs = {
  'local-only': {
    ctr: [[0.711548, 0.546601], [0.699013, 0.507986], [0.742861, 0.471260]],
    ctcvr: [[0.832219, 0.253438], [0.820208, 0.248271], [0.847542, 0.214212]],
  },
  pooled: {
    ctr: [[0.702262, 0.557591], [0.650223, 0.532682], [0.706148, 0.490460]],
    ctcvr: [[0.788311, 0.270898], [0.717643, 0.276450], [0.778802, 0.232736]],
  },
}

const fly = (strategy: ReturnType<typeof localOnly> | ReturnType<typeof pooled>, rows: number) =>
  simulate(simulation({
    world: storefronts({ scenarios: 3, impressions: 1_000, divergence: 0.5 }),
    model: linearModel({}),
    // Two tasks share the loss in equal parts, so that a decay of .01 weighs .02 against each.
    local: { epochs: 400, batch: rows, optimizer: sgd(0.3, { momentum: 0.9, weightDecay: 0.01 }) },
    strategy,
    rounds: synchronous({ count: 1 }),
    evaluate: { start: false },
  }), { seed: 1, workers: 1 })

describe('logistic regression', () => {
  it.each([
    { strategy: localOnly(), rows: 704 }, { strategy: pooled(), rows: 2_112 },
  ])('gives what scikit-learn gives on the same rows: $strategy.kind', async ({ strategy, rows }) => {
    const { metrics } = await fly(strategy, rows)
    const value = (scenario: string, task: string, metric: string): number =>
      metrics.find((row) => row.scenario === scenario && row.task === task && row.metric === metric && row.split === 'test')!.value!
    for (const [task, scenarios] of Object.entries(theirs[strategy.kind as keyof typeof theirs])) {
      scenarios.forEach(([auc, logLoss], at) => {
        const store = `store-${at + 1}`
        expect(value(store, task, 'log-loss'), `${store}, ${task}`).toBeCloseTo(logLoss, 4)
        // Two of its pairs may change places.
        expect(value(store, task, 'auc'), `${store}, ${task}`).toBeCloseTo(auc, 3)
      })
    }
  })
})
