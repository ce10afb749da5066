/*
 * Table (a): federated strategies on the synthetic world at several places of its divergence dial, and on KuaiRand-Pure
 * when --data says where it lies. Every strategy gets as many configurations on validation, the same rounds, seeds and
 * local epochs; fine-tuning, Ditto and FedRep spend further local epochs, as they are defined. Strategies that are
 * defined for SGD (SCAFFOLD, FedNova, pFedMe) are left out: all train with Adam here. A linear model, alone and on pooled
 * data, says what the networks and the federation are worth.
 */
import {
  adam, ditto, fedAmp, fedAvg, fedAvgFineTuned, fedBn, fedHca2, fedPer, fedProx, fedRep, localOnly, mlp, mmoe,
  pfMsmtrec, pfMsmtrecMmoe, pooled, study, synchronous, type Patch,
} from '@windtunnel/windtunnel'
import { kuairand, storefronts } from '@windtunnel/windtunnel/scenarios'

const made = (full: boolean): Record<string, Patch> =>
  Object.fromEntries(
    (full ? [0, 0.25, 0.5, 0.75, 1] : [0, 0.5, 1]).map((divergence) => [
      `divergence ${divergence}`,
      { world: storefronts({ scenarios: full ? 6 : 4, impressions: full ? 10_000 : 2_000, divergence }) },
    ]),
  )

/** Test windows that roll: three of two days each at full size, every one trained on the days before it. */
const windows = (dir: string | undefined, full: boolean): Record<string, Patch> =>
  Object.fromEntries(
    dir === undefined
      ? []
      : (full ? [20220503, 20220505, 20220507] : [20220506]).map((testFrom) => [
          `KuaiRand, test from ${testFrom}`,
          { world: kuairand({ dir, table: full ? 'auto' : 'small', testFrom, ...(full && { testDays: 2 }) }) },
        ]),
  )

/** A weight for each column and each id: logistic regression. */
const linear = mlp({ hidden: [], embedding: 1 })

export default study(({ full, data }) => {
  const size = { embedding: 8, experts: 4, expert: full ? [64, 32] : [16], tower: [16], batchNorm: true }
  return {
    name: 'strategies',
    question: 'Which federated strategy serves scenarios best, and when is it better to stay alone?',
    base: {
      model: mmoe(size),
      local: { epochs: 1, batch: full ? 256 : 64, optimizer: adam(3e-3) },
      rounds: synchronous({ count: full ? 30 : 10 }),
      evaluate: { start: false, answers: true },
    },
    conditions: { ...made(full), ...windows(data, full) },
    variants: {
      'fedavg-ft': { strategy: fedAvgFineTuned({ epochs: 1 }) },
      'local-only': { strategy: localOnly() },
      pooled: { strategy: pooled() },
      'linear, local-only': { strategy: localOnly(), model: linear },
      'linear, pooled': { strategy: pooled(), model: linear },
      fedavg: { strategy: fedAvg() },
      fedprox: { strategy: fedProx() },
      fedbn: { strategy: fedBn() },
      fedper: { strategy: fedPer() },
      fedrep: { strategy: fedRep() },
      ditto: { strategy: ditto() },
      fedamp: { strategy: fedAmp() },
      fedhca2: { strategy: fedHca2() },
      'pf-msmtrec R1': { strategy: pfMsmtrec(), model: pfMsmtrecMmoe(size) },
    },
    baselines: ['fedavg-ft', 'local-only', 'linear, local-only'],
    seeds: full ? 10 : 3,
    tuning: {
      configurations: full ? 6 : 3,
      space: { 'local.optimizer.rate': full ? [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1] : [1e-3, 3e-3, 1e-2] },
      own: {
        'fedavg-ft': { 'strategy.epochs': [0.5, 1, 2] },
        fedprox: { 'strategy.mu': [1e-3, 1e-2, 1e-1] },
        ditto: { 'strategy.lambda': [1e-2, 1e-1, 1] },
        fedamp: { 'strategy.alpha': [0.1, 1, 10] },
        fedhca2: { 'strategy.scale': ['raw', 'cosine'] },
        'pf-msmtrec R1': { 'strategy.hyperGradient': ['raw', 'cosine'], 'strategy.lambda': [1e-4, 1e-3] },
      },
      seeds: full ? 3 : 1,
    },
  }
})
