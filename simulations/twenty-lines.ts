import {
  adam, away, deadline, diurnal, fedAvg, fraction, lose, mbps, minutes, mmoe, ms, one, simulation,
} from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

export default simulation({
  world: storefronts({ scenarios: 6, impressions: 5_000, divergence: 0.5 }),
  model: mmoe({ embedding: 8, experts: 4, expert: [32], tower: [16] }),
  local: { epochs: 1, batch: 64, optimizer: adam(1e-3) },
  strategy: fedAvg(),
  rounds: deadline({ count: 10, after: minutes(5), quorum: 2 }),
  network: { up: mbps(5), down: mbps(20), latency: ms(40) },
  devices: { overrides: [{ who: one(), gflops: 2 }] },
  schedule: diurnal({ period: minutes(30), available: 0.8 }),
  faults: [
    away(fraction(0.3), { phase: 'training', rounds: [4, 7] }),
    lose({ from: 'client', to: 'aggregator' }, { probability: 0.05 }),
  ],
})
