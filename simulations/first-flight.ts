/*
 * The first flight: a federation of scenario clients that trains through every kind of fault. Selectors have no names,
 * so it flies on any world: --data ../shared/data/kuairand_pure.
 */
import {
  adam, away, crash, deadline, delay, duplicate, fedAvg, fraction, lose, mbps, minutes, mmoe, ms, narrow, one, partial,
  seconds, simulation, slow,
} from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

export default simulation({
  world: storefronts({ scenarios: 6, impressions: 20_000, divergence: 0.5 }),
  model: mmoe({ embedding: 8, experts: 4, expert: [64, 32], tower: [16] }),
  local: { epochs: 1, batch: 256, optimizer: adam(1e-3) },
  strategy: fedAvg(),
  rounds: deadline({ count: 20, after: minutes(5), quorum: 3 }),
  network: { up: mbps(5), down: mbps(20), latency: ms(40) },
  faults: [
    away(fraction(0.3), { phase: 'training', rounds: [5, 12] }),
    slow(one(), { by: 8 }),
    partial(fraction(0.5), { epochs: 0.5, probability: 0.3 }),
    delay({ from: 'expert', to: 'client' }, { by: ms(400), jitter: seconds(1), probability: 0.2 }),
    lose({ from: 'client', to: 'aggregator' }, { probability: 0.05 }),
    duplicate({ message: 'update' }, { probability: 0.1, after: seconds(1) }),
    crash(one(), { when: { round: 8, after: 1 }, restartAfter: minutes(3), keeps: 'checkpoint' }),
    narrow(one(), { by: 10, direction: 'up', rounds: [10, 15] }),
  ],
})
