/*
 * Table (b): models of several tasks against single-task models, on pooled data. The difference to single-task is the
 * MTL gain of each task (PLE, RecSys 2020). The correlation dial turns what clicking and converting have in common: at
 * its low end one task's gain is the other's loss, which is the seesaw. A linear model says what networks are worth.
 */
import {
  adam, cgc, crossStitch, mlp, mmoe, omoe, ple, pooled, sharedBottom, singleTask, study, synchronous, type Patch,
} from '@windtunnel/windtunnel'
import { kuairand, storefronts } from '@windtunnel/windtunnel/scenarios'

const made = (full: boolean): Record<string, Patch> =>
  Object.fromEntries(
    (full ? [-1, -0.5, 0, 0.5, 0.9, 1] : [-0.9, 0, 0.9]).map((correlation) => [
      `correlation ${correlation}`,
      {
        world: storefronts({
          scenarios: 1, divergence: 0, impressions: full ? 60_000 : 6_000, correlation,
          rates: { ctr: 0.4, ctcvr: 0.2 },
        }),
      },
    ]),
  )

export default study(({ full, data }) => {
  const wide = full ? 64 : 16
  const common = { embedding: 8, tower: [16] }
  return {
    name: 'mtl-models',
    question: 'What do tasks gain from being learnt together, and who pays for it?',
    base: {
      strategy: pooled(),
      local: { epochs: 1, batch: full ? 256 : 128, optimizer: adam(3e-3) },
      rounds: synchronous({ count: full ? 20 : 15 }),
      evaluate: { start: false, on: ['validation'], answers: true },
    },
    conditions: {
      ...made(full),
      ...(data === undefined ? {} : { KuaiRand: { world: kuairand({ dir: data, table: full ? 'auto' : 'small' }) } }),
    },
    variants: {
      linear: { model: mlp({ hidden: [], embedding: 1 }) },
      'single-task': { model: singleTask({ ...common, bottom: [wide] }) },
      'shared-bottom': { model: sharedBottom({ ...common, bottom: [wide] }) },
      omoe: { model: omoe({ ...common, experts: 4, expert: [wide] }) },
      mmoe: { model: mmoe({ ...common, experts: 4, expert: [wide] }) },
      'cross-stitch': { model: crossStitch({ ...common, bottom: [wide] }) },
      cgc: { model: cgc({ ...common, shared: 2, specific: 1, expert: [wide] }) },
      ple: { model: ple({ ...common, shared: 2, specific: 1, levels: [[wide], [wide]] }) },
    },
    baselines: ['single-task'],
    gain: true,
    seeds: full ? 10 : 3,
    tuning: {
      configurations: full ? 5 : 3,
      space: { 'local.optimizer.rate': full ? [3e-4, 1e-3, 3e-3, 1e-2, 3e-2] : [3e-3, 1e-2, 3e-2] },
      seeds: full ? 3 : 1,
    },
  }
})
