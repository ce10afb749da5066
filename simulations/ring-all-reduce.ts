import { storefronts } from '@windtunnel/windtunnel/scenarios'
import { crash, fedAvg, mmoe, one, ringAllReduce, seconds, simulation, synchronous } from '@windtunnel/windtunnel'

/*
 * No server: six stores train on their own, and chunks of their models go around a ring twice, until all have the mean. While one of
 * them is dead no round comes to anything, and all go on from what they have trained themselves.
 */
export default simulation({
  world: storefronts({ scenarios: 6, impressions: 2_000, divergence: 0.5 }),
  model: mmoe({ embedding: 8, experts: 2, expert: [32], tower: [16] }),
  strategy: fedAvg(),
  topology: ringAllReduce({ patience: seconds(2) }),
  rounds: synchronous({ count: 12 }),
  faults: [crash(one(), { when: { event: 'closed', nth: 4 }, restartAfter: seconds(5), keeps: 'checkpoint' })],
})
