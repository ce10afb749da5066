import { fedAvg } from './fedavg.js'
import type { Strategy } from './strategy.js'

/**
 * FedBN: FedAvg of all but batch normalisation, which each client keeps: scale, shift and running statistics alike.
 *
 * Li, Jiang, Zhang, Kamp, Dou, "FedBN: Federated Learning on Non-IID Features via Local Batch Normalization", ICLR 2021,
 * algorithm 1.
 */
export const fedBn = (): Strategy => ({
  ...fedAvg(),
  name: 'fedbn',
  source: 'Li et al., ICLR 2021, algorithm 1',
  template: (segment) => (segment.role === 'batch-norm' ? 'private' : 'global'),
})
