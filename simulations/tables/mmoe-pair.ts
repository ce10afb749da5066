/*
 * MMoE's synthetic regression pair (Ma et al., KDD 2018, section 3 and figure 4): two tasks of the same features, whose
 * weights have a cosine of .5, .9 or 1. The paper sets a shared bottom, one gate for all (OMoE) and a gate for each task
 * (MMoE) beside each other, models of about the same size. A linear model and single-task networks say what both are worth.
 */
import { adam, mlp, mmoe, omoe, pooled, sharedBottom, singleTask, study, synchronous } from '@windtunnel/windtunnel'
import { mmoeSynthetic } from '@windtunnel/windtunnel/scenarios'

export default study(({ full }) => {
  const tower = [8]
  const common = { embedding: 1, numericFields: 0, tower }
  return {
    name: 'mmoe-pair',
    question: 'Does a gate for each task help where tasks have less in common?',
    base: {
      strategy: pooled({ scenarioId: false }),
      local: { epochs: 1, batch: 128, optimizer: adam(3e-3) },
      rounds: synchronous({ count: full ? 60 : 20 }),
      evaluate: { start: false, on: ['validation'], answers: true },
    },
    conditions: Object.fromEntries([0.5, 0.9, 1].map((correlation) => [
      `correlation ${correlation}`,
      { world: mmoeSynthetic({ correlation, rows: full ? 100_000 : 15_000 }) },
    ])),
    variants: {
      linear: { model: mlp({ hidden: [], embedding: 1 }) },
      'single-task': { model: singleTask({ ...common, bottom: [113] }) },
      'shared-bottom': { model: sharedBottom({ ...common, bottom: [113] }) },
      omoe: { model: omoe({ ...common, experts: 8, expert: [16] }) },
      mmoe: { model: mmoe({ ...common, experts: 8, expert: [16] }) },
    },
    baselines: ['shared-bottom'],
    metric: 'mse',
    gain: true,
    seeds: 10,
    tuning: { configurations: 3, space: { 'local.optimizer.rate': [1e-3, 3e-3, 1e-2] }, seeds: 1 },
  }
})
