import { deadline, fedPer, hierarchical, mbps, minutes, mmoe, ms, sgd, simulation } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** The same federation as the plain one, with regional aggregators. */
export default simulation({
  world: storefronts({ scenarios: 6, impressions: 600 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedPer(),
  topology: hierarchical({ regions: 2, every: 2 }),
  rounds: deadline({ count: 6, after: minutes(1) }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
})
