/*
 * PF-MSMTrec's reconstruction R1 along the synthetic world's divergence dial: at 0 all storefronts like the same, at 1
 * each something else. Personalised methods should pay in between. R1's switches (no task factor, alpha and beta .3,
 * gates and embeddings shared) were chosen on validation at .2, on seeds of their own; the learning rate is, for each method
 * at each place alike.
 */
import {
  adam, fedAvg, fedAvgFineTuned, localOnly, mlp, mmoe, pfMsmtrec, pfMsmtrecMmoe, pooled, study, synchronous,
} from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** A weight for each column and each id: logistic regression. */
const linear = mlp({ hidden: [], embedding: 1 })

const size = { embedding: 4, experts: 2, expert: [16], tower: [8] }

export default study(({ full }) => ({
  name: 'pf-msmtrec-dial',
  question: 'Where on the divergence dial do personalised methods beat both FedAvg and staying alone?',
  base: {
    model: mmoe(size),
    local: { epochs: 1, batch: 128, optimizer: adam(1e-2) },
    rounds: synchronous({ count: 10 }),
    evaluate: { start: false },
  },
  conditions: Object.fromEntries(
    (full ? [0, 0.1, 0.2, 0.3, 0.5, 1] : [0, 0.2, 1]).map((divergence) => [
      `divergence ${divergence}`,
      { world: storefronts({ scenarios: 4, impressions: 3000, divergence, shift: 0 }) },
    ]),
  ),
  variants: {
    'fedavg': { strategy: fedAvg() },
    'local-only': { strategy: localOnly() },
    'linear, local-only': { strategy: localOnly(), model: linear },
    'linear, pooled': { strategy: pooled(), model: linear },
    'fedavg, fine-tuned': { strategy: fedAvgFineTuned() },
    'R1': {
      model: pfMsmtrecMmoe({ ...size, taskFactor: false }),
      strategy: pfMsmtrec({ shareEmbeddings: true, shareGates: true, alpha: 0.3, beta: 0.3 }),
    },
  },
  baselines: ['fedavg', 'local-only', 'linear, local-only'],
  seeds: full ? 10 : 3,
  tuning: { configurations: 3, space: { 'local.optimizer.rate': [3e-3, 1e-2, 3e-2] }, seeds: 1 },
}))
