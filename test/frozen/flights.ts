import { concatMap, delay as later, filter, of } from 'rxjs'

import { storefronts } from '../../scenarios/index.js'
import { mixed } from '../../simulations/own-strategy.js'
import {
  asynchronous, away, buffered, crash, deadline, delay, delta, deviceTrace, ditto, duplicate, fedAmp, fedAvg, fedAvgFineTuned,
  fedFomo, fedHca2, fedPer, fedProx, fedRep, fp16, fraction, gossip, hierarchical, int8, krum, kbps, localOnly, lose, lognormal, mbps, mifa, mlp, mmoe, ms,
  named, narrow, one, partial, partition, periods, pfMsmtrec, pooled, quorum, randomK, region, ringAllReduce, role, scaffold, seconds, sgd, sign, slow, splitAggregator, synchronous, uniform,
  windows, type Specification,
} from '../../src/index.js'

const traces = 'test/frozen/traces'

const plain = {
  world: storefronts({ scenarios: 4, impressions: [130, 210, 90, 160], divergence: 0.5 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.05) },
  strategy: fedAvg(),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
  devices: { stepOverhead: ms(8) },
  evaluate: { start: false, every: 100, final: false },
} satisfies Partial<Specification>

const patient = deadline({ count: 4, after: seconds(1), quorum: 1, patience: ms(150) })

/** Messages and devices alone. */
const calmer: NonNullable<Specification['faults']> = [
  slow(one(), { by: 3 }),
  lose({ from: 'client', to: 'aggregator' }, { probability: 0.2 }),
  lose({ from: 'expert', to: 'client' }, { probability: 0.15 }),
  duplicate({ from: 'client' }, { probability: 0.3, after: ms(3) }),
  delay({ from: 'client', to: 'expert' }, { by: ms(25), jitter: ms(10), probability: 0.5 }),
]

/** Most kinds of fault at once; `every-fault.ts` has them all for all strategies. */
const stormy: Specification['faults'] = [away(fraction(0.3), { phase: 'training', rounds: [2, 3] }), ...calmer]

const flight = (own: Partial<Specification>): Specification => ({ ...plain, rounds: patient, ...own }) as Specification

/**
 * Small flights, one of each kind of thing, whose numbers steer no event: their **events** digests are the same on every
 * machine. Whoever moves code must not change one; whoever changes one says why in the same commit.
 */
export const flights: Readonly<Record<string, Specification>> = {
  // Rounds, calm and in bad weather.
  synchronous: flight({ rounds: synchronous({ count: 3, select: 3 }), model: mlp({ hidden: [4], embedding: 2 }) }),
  deadline: flight({ rounds: deadline({ count: 4, after: ms(220), quorum: 2, select: 3, overSelect: 0.34 }), faults: stormy }),
  quorum: flight({ rounds: quorum({ count: 4, quorum: 2, after: seconds(1), patience: ms(100), missing: 'sit-out' }), faults: stormy }),
  asynchronous: flight({ rounds: asynchronous({ count: 12, timeout: ms(400), patience: ms(100), concurrency: 3 }), faults: [...calmer, away(one(), { phase: 'training', rounds: [2, 9] })] }),
  buffered: flight({ rounds: buffered({ count: 6, buffer: 2, timeout: ms(400), patience: ms(100), maxStaleness: 2 }), faults: stormy }),
  'rounds of one’s own': flight({
    rounds: (round, before) => deadline({
      count: 4, after: ms(200 + 100 * round), quorum: 1, patience: ms(40), select: Math.min(4, 1 + before.length),
    }),
    faults: [away(fraction(0.3), { phase: 'training', rounds: [2, 4] }), ...calmer],
  }),
  // Faults, kind by kind.
  'away, not selected': flight({ faults: [away(fraction(0.5), { rounds: [2, 3] }), away(one(), { from: ms(200), until: ms(320) })] }),
  'away in download': flight({ faults: [away(fraction(0.5), { phase: 'download', probability: 0.7 })] }),
  'away before the upload, and in it': flight({
    faults: [away(one(), { phase: 'before-upload', rounds: [1, 2], for: ms(300) }), away(fraction(0.5), { phase: 'upload', rounds: [2, 4] })],
  }),
  'slow and partial': flight({
    faults: [
      slow(one(), { by: 8, rounds: [2, 3] }), slow(fraction(0.5), { profile: [[ms(100), 2], [ms(300), 0.5]] }),
      partial(fraction(0.5), { epochs: 0.5, probability: 0.6 }),
    ],
  }),
  'messages delayed, lost and doubled': flight({
    faults: [
      delay({ direction: 'down' }, { by: ms(5), jitter: ms(20), probability: 0.5 }),
      lose({ message: 'update' }, { probability: 0.3, travelled: 0.4 }),
      lose({ direction: 'inside', message: 'close' }, { probability: 0.4 }),
      duplicate({ direction: 'inside' }, { probability: 0.3 }), duplicate({ from: 'client' }, { times: 2, after: ms(2), probability: 0.4 }),
    ],
  }),
  crashes: flight({
    faults: [
      crash(one(), { at: ms(30), restartAfter: ms(150), keeps: 'checkpoint' }), crash(one(), { at: ms(120), restartAfter: ms(400) }),
      crash(fraction(0.25), { when: { round: 2, after: 1 } }), crash(one(), { when: { round: 3, after: 0, part: 'expert-1' }, restartAfter: ms(10) }),
    ],
  }),
  'narrow lines': flight({
    faults: [narrow(one(), { to: kbps(100), rounds: [2, 3] }), narrow(fraction(0.5), { by: 3, direction: 'down', from: ms(80), until: ms(500) })],
  }),
  // Strategies of every family.
  FedProx: flight({ strategy: fedProx({ mu: 0.1 }), faults: stormy }),
  SCAFFOLD: flight({ strategy: scaffold(), faults: stormy }),
  Ditto: flight({ strategy: ditto(), faults: stormy }),
  FedPer: flight({ strategy: fedPer(), faults: stormy }),
  FedRep: flight({ strategy: fedRep(), faults: stormy }),
  FedFomo: flight({ strategy: fedFomo(), faults: stormy }),
  FedAMP: flight({ strategy: fedAmp(), faults: stormy }),
  'FedHCA2, buffered': flight({ strategy: fedHca2(), rounds: buffered({ count: 5, buffer: 3, timeout: ms(400), patience: ms(100) }), faults: stormy }),
  Krum: flight({ strategy: krum(), faults: stormy }),
  MIFA: flight({ strategy: mifa(), faults: stormy }),
  'fine-tuned FedAvg': flight({ strategy: fedAvgFineTuned(), faults: stormy }),
  'local-only': flight({ strategy: localOnly(), faults: [slow(one(), { by: 3 }), lose({ from: 'client' }, { probability: 0.3 })] }),
  pooled: flight({ strategy: pooled() }),
  'PF-MSMTrec': flight({ strategy: pfMsmtrec(), model: { kind: 'pf-msmtrec', embedding: 2, experts: 2, expert: [4], tower: [2] }, faults: stormy }),
  'a strategy of one’s own': flight({ strategy: mixed(0.5), faults: stormy }),
  // Links, lines, devices and schedules.
  'a link of one’s own': flight({
    link: (envelopes$, { scheduler, usual }) => usual(envelopes$.pipe(
      filter(({ id }) => id % 17 !== 5), concatMap((envelope) => of(envelope).pipe(later(ms(1), scheduler))))),
    faults: [lose({ message: 'update' }, { probability: 0.2 }), duplicate({ message: 'model' }, { probability: 0.2 })],
  }),
  'a link instead of the usual one': flight({
    link: (envelopes$, { scheduler, streams }) =>
      envelopes$.pipe(concatMap((e) => of(e).pipe(later(Math.floor(streams('lag', e.from, e.to, e.round)() * 5000), scheduler)))),
  }),
  'schedules from traces': flight({
    rounds: deadline({ count: 4, after: seconds(2), quorum: 1 }),
    schedule: [
      { kind: 'trace', path: `${traces}/availability.csv`, length: seconds(12) },
      windows({ who: one(), windows: [[0, ms(500)], [ms(700), seconds(2)]], every: seconds(3) }),
    ],
    network: {
      ...plain.network,
      bandwidthTrace: { path: `${traces}/bandwidth.csv`, uplink: 0.5 }, latencyTrace: { path: `${traces}/latency.csv` },
      jitter: lognormal(0.4),
    },
    devices: deviceTrace({ path: `${traces}/devices.csv` }, { stepOverhead: ms(8) }),
  }),
  'periods, own lines and habits': flight({
    schedule: periods({ on: ms(300), off: ms(200), phase: 'random' }),
    network: { ...plain.network, inside: ms(2), jitter: uniform(ms(4)), overrides: [{ who: one(), up: kbps(300), latency: ms(60) }] },
    local: { ...plain.local, clients: [{ who: fraction(0.5), epochs: 2, batch: 16 }] },
    rounds: quorum({ count: 4, quorum: 2, select: 3, overSelect: 0.34, after: seconds(1), patience: ms(200) }),
  }),
  'asynchronous, with nobody there for a while': flight({
    rounds: asynchronous({ count: 6, timeout: ms(300) }),
    schedule: [windows({ windows: [[0, ms(120)], [ms(300), ms(700)]], every: seconds(1) })],
    faults: [crash(named('client-store-2'), { at: ms(60), restartAfter: ms(300) })],
  }),
  // Codecs whose sizes no number changes, and lines that are shared.
  'coded both ways': flight({
    rounds: deadline({ count: 4, after: seconds(1), quorum: 1, patience: ms(150) }),
    codec: { all: fp16(), down: { experts: int8() }, up: randomK({ share: 0.2 }).then(fp16()), some: [{ rounds: [2, 2], all: { kind: 'fp32' } }] },
    faults: calmer,
  }),
  'coded and acknowledged, with deaths': flight({
    rounds: synchronous({ count: 4, select: 3 }),
    codec: { up: sign(), down: delta().then(int8()) },
    delivery: { acknowledge: true },
    faults: [
      crash(named('client-store-2'), { at: ms(150), restartAfter: ms(60), keeps: 'nothing' }),
      crash('expert-1', { at: ms(260), restartAfter: ms(30), keeps: 'checkpoint' }),
      lose({ from: 'client', to: 'aggregator' }, { probability: 0.2 }),
    ],
  }),
  'lines shared fairly': flight({
    rounds: quorum({ count: 4, quorum: 2, after: seconds(2), patience: ms(400) }),
    network: {
      ...plain.network, sharing: 'fair', servers: { up: mbps(1), down: kbps(800) }, regions: { eu: ['client-store-1', 'client-store-2'] },
      regional: { eu: { up: kbps(900), down: kbps(700) } }, backbone: mbps(2), overrides: [{ who: one(), weight: 3 }],
    },
    faults: [away(one(), { phase: 'training', rounds: [2, 3] }), narrow({ line: 'servers' }, { by: 3, rounds: [3, 3] })],
  }),
  // Sums under masks: who is left out at each step, and owners and clients that die with their keys.
  'summed under masks': flight({
    rounds: deadline({ count: 5, after: ms(600), quorum: 2, missing: 'sit-out' }),
    secureAggregation: { threshold: 0.5, ring: 24, patience: ms(60) },
    faults: [
      lose({ message: 'keys' }, { probability: 0.08 }), lose({ message: 'shares' }, { probability: 0.08 }),
      lose({ from: 'client', message: 'unmask' }, { probability: 0.2 }), away(one(), { phase: 'training', rounds: [2, 3] }),
    ],
  }),
  'summed under masks and acknowledged, with deaths': flight({
    rounds: synchronous({ count: 5, missing: 'sit-out' }),
    secureAggregation: { threshold: 2, patience: ms(150) },
    delivery: { acknowledge: true, retries: 4, timeout: ms(40) },
    faults: [
      crash(named('client-store-2'), { at: ms(60), restartAfter: ms(60), keeps: 'checkpoint' }),
      crash('expert-1', { when: { event: 'arrived', to: 'expert-1', message: 'shares', nth: 6 }, restartAfter: ms(30), keeps: 'checkpoint' }),
      crash('aggregator', { when: { event: 'arrived', to: 'aggregator', message: 'update', nth: 9 }, restartAfter: ms(30), keeps: 'checkpoint' }),
      lose({ from: 'client', to: 'aggregator' }, { probability: 0.2 }),
    ],
  }),
  'expert networks on hosts of their own': flight({
    rounds: synchronous({ count: 3, select: 3 }),
    network: { ...plain.network, sharing: 'fair', servers: { up: kbps(600), down: kbps(600), apart: true } },
  }),
  // Peers, without a server.
  'gossip, with a death and losses': flight({
    topology: gossip({ graph: 'ring', redraw: true, patience: ms(120) }),
    rounds: synchronous({ count: 6 }),
    faults: [
      crash(named('client-store-2'), { when: { event: 'closed', round: 2 }, restartAfter: ms(90), keeps: 'checkpoint' }),
      lose({ from: 'client' }, { probability: 0.1 }), away(one(), { phase: 'training', rounds: [4, 5] }),
      partition([['client-store-1', 'client-store-3']], { from: ms(60), until: ms(150) }),
    ],
  }),
  'a ring all-reduce, with a death': flight({
    topology: ringAllReduce({ patience: ms(150) }),
    rounds: synchronous({ count: 6 }),
    faults: [
      crash(named('client-store-3'), { when: { event: 'closed', round: 2 }, restartAfter: ms(90), keeps: 'checkpoint' }),
      lose({ from: 'client' }, { probability: 0.06, rounds: [4, 6] }),
    ],
  }),
  'an aggregator that is split, with deaths of shards': flight({
    topology: splitAggregator(),
    rounds: deadline({ count: 4, after: seconds(2), quorum: 1 }),
    faults: [crash('shard-embedding', { when: { round: 2, after: 1 }, restartAfter: ms(200) }), lose({ from: 'shard' }, { probability: 0.3, rounds: [3, 4] })],
  }),
  'regions with rounds of their own, a death and a region cut off': flight({
    topology: hierarchical({ every: 2, rounds: { kind: 'deadline', after: ms(250) } }),
    rounds: deadline({ count: 5, after: seconds(2), quorum: 1, patience: ms(150) }),
    network: {
      ...plain.network, sharing: 'fair', backbone: kbps(400),
      regions: { north: [named('client-store-1'), named('client-store-2')], south: [named('client-store-3'), named('client-store-4')] },
    },
    faults: [
      crash('regional-north', { when: { round: 2, after: 0 }, restartAfter: ms(200), keeps: 'checkpoint' }), away(named('client-store-3'), { phase: 'training', rounds: [3, 4] }),
      partition([[region('south')], ['aggregator', role('expert')]], { rounds: [4, 4] }), lose({ from: 'client', to: 'regional' }, { probability: 0.2 }),
    ],
  }),
}
