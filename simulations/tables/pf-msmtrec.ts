/*
 * Table (c): the modules of PF-MSMTrec's reconstruction R1, one switched off at a time, beside the baselines that it is
 * judged against, in the middle of the synthetic world's divergence dial. Every variant gets the same rounds and seeds,
 * one epoch of every client's rows a round; at full size the same search on validation, else one learning rate.
 */
import {
  adam, ditto, fedAmp, fedAvg, fedAvgFineTuned, fedBn, fedHca2, fedPer, fedProx, fedRep, localOnly, mlp, mmoe,
  pfMsmtrec, pfMsmtrecMmoe, ple, pooled, study, synchronous,
} from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** A weight for each column and each id: logistic regression. */
const linear = mlp({ hidden: [], embedding: 1 })

export default study(({ full }) => {
  const input = { embedding: full ? 8 : 4, tower: [full ? 16 : 8], batchNorm: true }
  const size = { experts: full ? 4 : 2, expert: full ? [64, 32] : [16] }
  const shape = { ...input, ...size }
  const model = pfMsmtrecMmoe(shape)
  const plain = mmoe(shape)
  // Storefronts share their vocabularies, as AliExpress' countries do.
  const shared = { shareEmbeddings: true, shareGates: true } as const
  const r1 = (switches: Parameters<typeof pfMsmtrec>[0] = {}) => pfMsmtrec({ ...shared, ...switches })
  return {
    name: 'pf-msmtrec',
    question: 'Which modules of PF-MSMTrec, reconstruction R1, earn their place, and does the whole beat the baselines?',
    base: {
      model,
      local: { epochs: 1, batch: full ? 256 : 128, optimizer: adam(1e-2) },
      rounds: synchronous({ count: full ? 30 : 10 }),
      evaluate: { start: false },
    },
    conditions: Object.fromEntries(
      (full ? [0, 0.2, 0.5, 1] : [0.2]).map((divergence) => [
        `divergence ${divergence}`,
        { world: storefronts({ scenarios: full ? 6 : 4, impressions: full ? 10_000 : 2000, divergence, shift: 0 }) },
      ]),
    ),
    variants: {
      'R1': { strategy: r1() },
      'template sum': { model: pfMsmtrecMmoe({ ...shape, template: 'sum' }), strategy: r1() },
      'template two': { model: pfMsmtrecMmoe({ ...shape, template: 'two' }), strategy: r1() },
      'without the template': { model: pfMsmtrecMmoe({ ...shape, template: 'none' }), strategy: r1() },
      'without a task factor': { model: pfMsmtrecMmoe({ ...shape, taskFactor: false }), strategy: r1() },
      'without federated BN': { strategy: r1({ federatedBn: false }) },
      'without conflict coordination': { strategy: r1({ coordination: 'mean' }) },
      'PCGrad': { strategy: r1({ coordination: 'pcgrad' }) },
      'FedFV': { strategy: r1({ coordination: 'fedfv' }) },
      'without personalised aggregation': { strategy: r1({ personalised: false }) },
      'without the tower stage': { strategy: r1({ towerStage: false }) },
      'without the regulariser': { strategy: r1({ lambda: 0 }) },
      'weights that do not learn': { strategy: r1({ hyperRate: 0 }) },
      'without batch normalisation': { model: pfMsmtrecMmoe({ ...shape, batchNorm: false }), strategy: r1() },
      'private gates and embeddings': { strategy: r1({ shareEmbeddings: false, shareGates: false }) },
      'product of probabilities': { model: pfMsmtrecMmoe({ ...shape, esmm: true }), strategy: r1() },
      'fedavg': { model: plain, strategy: fedAvg() },
      'fedavg, fine-tuned': { model: plain, strategy: fedAvgFineTuned() },
      'local-only': { model: plain, strategy: localOnly() },
      'linear, local-only': { model: linear, strategy: localOnly() },
      'linear, pooled': { model: linear, strategy: pooled() },
      'fedprox': { model: plain, strategy: fedProx() },
      'fedbn': { model: plain, strategy: fedBn() },
      'ditto': { model: plain, strategy: ditto() },
      'fedper': { model: plain, strategy: fedPer() },
      'fedrep': { model: plain, strategy: fedRep() },
      'fedamp': { model: plain, strategy: fedAmp() },
      'fedhca2': { model: plain, strategy: fedHca2() },
      'pooled MMoE': { model: plain, strategy: pooled() },
      'pooled PLE': {
        model: ple({ ...input, shared: 1, specific: 1, levels: [size.expert] }),
        strategy: pooled(),
      },
    },
    baselines: ['R1', 'fedavg', 'local-only'],
    seeds: full ? 10 : 3,
    ...(full && { tuning: { configurations: 3, space: { 'local.optimizer.rate': [2e-3, 5e-3, 1e-2] }, seeds: 3 } }),
  }
})
