import { fedAvg } from './fedavg.js'
import type { Strategy } from './strategy.js'

/**
 * FedProx: clients minimise their loss + (mu / 2) |theta - theta_server|^2 and may send partial work; the server
 * averages as FedAvg does.
 *
 * Li, Sahu, Zaheer, Sanjabi, Talwalkar, Smith, "Federated Optimization in Heterogeneous Networks", MLSys 2020, eq. 2.
 * The paper averages uniformly over clients sampled by size; here all are asked and weighted by size.
 */
export const fedProx = ({ mu }: { readonly mu: number }): Strategy => ({
  ...fedAvg(),
  name: 'fedprox',
  source: 'Li et al., MLSys 2020, eq. 2 and algorithm 2',
  mu,
})
