import { deadline, fedPer, mbps, minutes, mmoe, ms, sgd, simulation } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** The same federation as the plain one, with updates that are summed under masks. */
export default simulation({
  world: storefronts({ scenarios: 6, impressions: 600 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedPer(),
  rounds: deadline({ count: 6, after: minutes(1), missing: 'sit-out' }),
  secureAggregation: { threshold: 0.5 },
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
})
