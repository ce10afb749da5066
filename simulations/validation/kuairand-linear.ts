/*
 * Linear models on KuaiRand, each page alone and all pages together: what a federation of networks has to beat. `ridge` is
 * logistic regression with an L2 penalty, trained to convergence on whole tables, and so the same as scikit-learn's
 * (docs/validation.md has both): the decay is all that there is to choose. `mlp` is the linear network of
 * simulations/tables/strategies.ts, which stops early and has no penalty. With --full three windows of the full table, ten
 * times as large, where the ridge would take too long, and MMoE alone and under FedAvg stands beside `mlp`.
 */
import {
  adam, fedAvg, linearModel, localOnly, mlp, mmoe, pooled, sgd, study, synchronous, type Patch,
} from '@windtunnel/windtunnel'
import { kuairand } from '@windtunnel/windtunnel/scenarios'

const windows = [20220503, 20220505, 20220507]

/** One round of so many steps, each on all rows. */
const ridge = (rows: number): Patch => ({
  model: linearModel({}),
  local: { epochs: 2_000, batch: rows, optimizer: sgd(0.5, { momentum: 0.9, weightDecay: 1e-2 }) },
  rounds: synchronous({ count: 1 }),
})

const conditions = (dir: string, full: boolean): Record<string, Patch> =>
  full
    ? Object.fromEntries(windows.map((testFrom) => [
        `KuaiRand, test from ${testFrom}`, { world: kuairand({ dir, table: 'full', testFrom, testDays: 2 }) },
      ]))
    : { 'KuaiRand, test from 20220506': { world: kuairand({ dir, table: 'small' }) } }

/** With at least the rows of the largest page, and of all pages. */
const ridges: Record<string, Patch> = {
  'ridge, local-only': { strategy: localOnly(), ...ridge(3_264) },
  'ridge, pooled': { strategy: pooled(), ...ridge(14_944) },
}

/** They keep their rate. */
const decays = { 'local.optimizer.rate': [0.5], 'local.optimizer.weightDecay': [1e-3, 1e-2, 1e-1] }

const network = mmoe({ embedding: 8, experts: 4, expert: [16], tower: [16], batchNorm: true })
const mixtures: Record<string, Patch> = {
  'mmoe, local-only': { strategy: localOnly(), model: network },
  'mmoe, fedavg': { strategy: fedAvg(), model: network },
}

export default study(({ full, data = '../shared/data/kuairand_pure' }) => {
  const others = full ? mixtures : ridges
  return {
    name: 'kuairand-linear',
    question: 'What does a linear model make of KuaiRand?',
    base: {
      model: mlp({ hidden: [], embedding: 1 }),
      local: { epochs: 1, batch: full ? 256 : 64, optimizer: adam(3e-3) },
      rounds: synchronous({ count: 10 }),
      evaluate: { start: false, on: ['validation'], answers: true },
    },
    conditions: conditions(data, full),
    variants: { ...others, 'mlp, local-only': { strategy: localOnly() }, 'mlp, pooled': { strategy: pooled() } },
    baselines: full ? ['mlp, local-only', 'mmoe, fedavg'] : ['ridge, local-only'],
    seeds: 10,
    tuning: {
      configurations: 3,
      space: { 'local.optimizer.rate': [1e-3, 3e-3, 1e-2] },
      ...(!full && { own: Object.fromEntries(Object.keys(ridges).map((name) => [name, decays])) }),
      seeds: 1,
    },
  }
})
