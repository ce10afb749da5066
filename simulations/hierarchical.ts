import {
  crash, deadline, fedAvg, hierarchical, mbps, minutes, mmoe, ms, named, partition, region, role, seconds, sgd, simulation,
} from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** Three regions behind one narrow backbone: each flies two rounds of its own for one of the aggregator, of which the backbone sees one. */
export default simulation({
  world: storefronts({ scenarios: 6, impressions: 1500 }),
  model: mmoe({ embedding: 8, experts: 2, expert: [16], tower: [8] }),
  local: { epochs: 1, batch: 64, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  topology: hierarchical({ rounds: { kind: 'deadline', after: seconds(5) }, every: 2 }),
  rounds: deadline({ count: 8, after: minutes(1), patience: seconds(5) }),
  network: {
    sharing: 'fair', up: mbps(5), down: mbps(20), latency: ms(15), backbone: mbps(2),
    regions: { north: named('client-store-1', 'client-store-2'), south: named('client-store-3', 'client-store-4'), west: named('client-store-5', 'client-store-6') },
    overrides: [{ who: 'regional', up: mbps(50), down: mbps(50), latency: ms(40) }],
  },
  faults: [
    crash(named('regional-north'), { when: { round: 3, after: 0 }, restartAfter: seconds(2), keeps: 'checkpoint' }),
    partition([[region('south')], ['aggregator', role('expert')]], { rounds: [5, 6] }),
  ],
})
