import { fedPer, mbps, mmoe, ms, ringAllReduce, seconds, sgd, simulation, synchronous } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** The same clients as in the plain federation, as peers in a ring. */
export default simulation({
  world: storefronts({ scenarios: 6, impressions: 600 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedPer(),
  topology: ringAllReduce({ patience: seconds(5) }),
  rounds: synchronous({ count: 6 }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
})
