import { storefronts } from '@windtunnel/windtunnel/scenarios'
import { crash, fedAvg, gossip, lose, mmoe, one, seconds, simulation, synchronous } from '@windtunnel/windtunnel'

/*
 * No server: eight stores train on their own, each exchanges models with four others that are drawn anew for every round, and
 * goes on after ten seconds without those that have not come.
 */
export default simulation({
  world: storefronts({ scenarios: 8, impressions: 2_000, divergence: 0.5 }),
  model: mmoe({ embedding: 8, experts: 2, expert: [32], tower: [16] }),
  strategy: fedAvg(),
  topology: gossip({ graph: 'regular', degree: 4, redraw: true, patience: seconds(10) }),
  rounds: synchronous({ count: 10 }),
  faults: [
    lose({ from: 'client', to: 'client' }, { probability: 0.05 }),
    crash(one(), { when: { event: 'closed', nth: 3 }, restartAfter: seconds(15), keeps: 'checkpoint' }),
  ],
})
