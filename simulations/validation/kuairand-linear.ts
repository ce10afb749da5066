/*
 * Linear models on KuaiRand, each page alone and all pages together: what a federation of networks has to beat. `ridge` is
 * logistic regression with an L2 penalty, trained to convergence on whole tables, and so the same as scikit-learn's
 * (docs/validation.md has both): the decay is all that there is to choose. `mlp` is the linear network of
 * simulations/tables/strategies.ts, which stops early and has no penalty. With --full three windows of the full table.
 */
import { adam, linearModel, localOnly, mlp, pooled, sgd, study, synchronous, type Patch } from 'windtunnel'
import { kuairand } from 'windtunnel/scenarios'

const windows = [20220503, 20220505, 20220507]

/** At least the rows of the largest page, and of all pages. */
const rowsOf = (full: boolean) => (full ? { page: 150_000, pages: 220_000 } : { page: 3_264, pages: 14_944 })

/** One round of so many steps, each on all rows. */
const ridge = (rows: number): Patch => ({
  model: linearModel({}),
  local: { epochs: 2_000, batch: rows, optimizer: sgd(0.5, { momentum: 0.9, weightDecay: 1e-2 }) },
  rounds: synchronous({ count: 1 }),
})

const conditions = (dir: string, full: boolean): Record<string, Patch> =>
  full
    ? Object.fromEntries(windows.map((testFrom) => [
        `full table, test from ${testFrom}`, { world: kuairand({ dir, table: 'full', testFrom, testDays: 2 }) },
      ]))
    : { 'small table, test from 20220506': { world: kuairand({ dir, table: 'small' }) } }

export default study(({ full, data = '../shared/data/kuairand_pure' }) => ({
  name: 'kuairand-linear',
  question: 'What does a linear model make of KuaiRand?',
  base: {
    model: mlp({ hidden: [], embedding: 1 }),
    local: { epochs: 1, batch: full ? 256 : 64, optimizer: adam(3e-3) },
    rounds: synchronous({ count: full ? 30 : 10 }),
    evaluate: { start: false, on: ['validation'], answers: true },
  },
  conditions: conditions(data, full),
  variants: {
    'ridge, local-only': { strategy: localOnly(), ...ridge(rowsOf(full).page) },
    'ridge, pooled': { strategy: pooled(), ...ridge(rowsOf(full).pages) },
    'mlp, local-only': { strategy: localOnly() },
    'mlp, pooled': { strategy: pooled() },
  },
  baselines: ['ridge, local-only'],
  seeds: full ? 1 : 10,
  tuning: {
    configurations: 3,
    space: {},
    own: {
      'ridge, local-only': { 'local.optimizer.weightDecay': [1e-3, 1e-2, 1e-1] },
      'ridge, pooled': { 'local.optimizer.weightDecay': [1e-3, 1e-2, 1e-1] },
      'mlp, local-only': { 'local.optimizer.rate': [1e-3, 3e-3, 1e-2] },
      'mlp, pooled': { 'local.optimizer.rate': [1e-3, 3e-3, 1e-2] },
    },
    seeds: 1,
  },
}))
