import fc from 'fast-check'

import type { FaultInput } from '../../src/faults/registry.js'
import {
  asynchronous, away, battery, buffered, churn, clog, corrupt, crash, deadline, delay, duplicate, forget, full, joins, lose, mbps,
  mislabel, mmoe, ms, narrow, oort, partial, partition, pause, poison, proportional, quits, quorum, reorder, roundRobin, semiAsynchronous,
  sgd, skew, slow, type Specification, tiers,
} from '../../src/simulation/script.js'

/*
 * Storms: faults of every kind on actors of every role, at times and on events, under every kind of rounds, with and
 * without acknowledgements and checkpoints. Everything flies in a second and a half of virtual time or so.
 */

const servers = ['aggregator', 'expert-1', 'expert-2'] as const
const clients = ['client-DE', 'client-ES', 'client-FR', 'client-NL'] as const
const anyone = fc.constantFrom(...servers, ...clients)
const client = fc.constantFrom(...clients)
const role = fc.constantFrom('client', 'expert', 'aggregator')
const time = (least: number, most: number): fc.Arbitrary<number> => fc.integer({ min: ms(least), max: ms(most) })
const chance = fc.integer({ min: 0, max: 10 }).map((tenth) => tenth / 20)
const keeps = fc.constantFrom('nothing', 'checkpoint')
const event = fc.record({
  event: fc.constantFrom('sent', 'arrived', 'lost', 'opened', 'closed', 'folded', 'trained', 'died', 'returned', 'recovered', 'struck'),
  nth: fc.integer({ min: 1, max: 20 }),
})
const often = fc.record({ times: fc.integer({ min: 2, max: 4 }) })
const window = fc.oneof(
  fc.tuple(time(0, 700), time(1, 800)).map(([from, long]) => ({ from, until: from + long })),
  fc.record({ when: event, until: event, repeat: often }),
  fc.record({ until: event }),
)

const fault: fc.Arbitrary<FaultInput> = fc.oneof(
  fc.record({ who: anyone, at: time(0, 1500), restartAfter: time(0, 300), keeps }).map(({ who, ...about }) => crash(who, about)),
  fc.record({ who: anyone, when: event, repeat: often, until: event, restartAfter: time(0, 50), keeps }).map(({ who, ...about }) => crash(who, about)),
  fc.record({ who: anyone, when: event, restartWhen: event, keeps }).map(({ who, ...about }) => crash(who, about)),
  fc.record({ who: anyone, at: time(0, 1500), for: time(1, 300) }).map(({ who, ...about }) => pause(who, about)),
  fc.record({ who: anyone, when: event, repeat: often, for: time(1, 100) }).map(({ who, ...about }) => pause(who, about)),
  fc.record({ who: anyone, by: fc.integer({ min: 1, max: 3 }) }).map(({ who, by }) => forget(who, { by })),
  chance.map((probability) => lose({}, { probability })),
  window.map((when) => lose({ message: 'update' }, when)),
  role.map((from) => lose({ from }, { burst: { p: 0.2, r: 0.4 } })),
  fc.record({ probability: chance, after: time(0, 100) }).map((about) => duplicate({}, about)),
  fc.record({ by: time(1, 200), jitter: time(0, 200), probability: chance }).map((about) => delay({}, about)),
  time(1, 200).map((by) => reorder({}, { by, gap: 2, share: 0.5 })),
  fc.record({ to: role, when: window, release: fc.constantFrom({ release: 'together' as const }, { release: 'one by one' as const, gap: ms(5) }) })
    .map(({ to, when, release }) => clog({ to }, { ...when, ...release })),
  fc.record({ who: client, when: window }).map(({ who, when }) => partition([who, ['aggregator', 'expert']], when)),
  window.map((when) => partition(['aggregator', 'expert'], when)),
  chance.map((probability) => corrupt({}, { bits: 2, probability })),
  fc.record({ who: client, send: fc.constantFrom('sign-flip', 'nan', 'a-little-is-enough'), when: window }).map(({ who, send, when }) => poison(who, { send, ...when })),
  client.map((who) => mislabel(who, { flip: 0.5 })),
  fc.constantFrom(...servers).map((who) => full(who, { service: ms(3), inbox: 2 })),
  fc.constantFrom(...servers).map((who) => full(who, { service: ms(3), inbox: 1, beyond: 'wait' })),
  fc.record({ who: client, behind: time(1, 200) }).map(({ who, behind }) => skew(who, { behind })),
  client.map((who) => battery(who, { capacity: 3, training: 60, charge: { watts: 10 } })),
  client.map((who) => churn(who, { births: 18_000, deaths: 18_000, horizon: '10 s' })),
  client.map((who) => quits(who, { round: 3 })),
  client.map((who) => joins(who, { round: 2 })),
  client.map((who) => slow(who, { by: 4 })),
  client.map((who) => narrow(who, { by: 4 })),
  client.map((who) => partial(who, { epochs: 0.5 })),
  fc.record({ who: client, phase: fc.constantFrom('download', 'training', 'before-upload', 'upload') })
    .map(({ who, phase }) => away(who, { phase, probability: 0.5 })),
  fc.record({ who: client, when: window }).map(({ who, when }) => away(who, when)),
)

const patience = fc.constantFrom({}, { patience: ms(100) })

const rounds: fc.Arbitrary<Specification['rounds']> = fc.oneof(
  fc.record({ patience, stop: fc.boolean(), late: fc.constantFrom('send', 'give-up', 'train-less') }).map(({ patience: own, stop, late }) =>
    deadline({ count: 5, after: ms(300), quorum: 1, late, ...own, ...(stop && { leftBehind: 'stop' }) })),
  patience.map((own) => quorum({ count: 5, quorum: 2, after: ms(400), ...own })),
  fc.constant(asynchronous({ count: 9, timeout: ms(300), patience: ms(80) })),
  fc.constantFrom('refuse', 'wait').map((beyond) =>
    buffered({ count: 6, buffer: 2, timeout: ms(300), patience: ms(80), ...(beyond === 'wait' && { beyond, maxStaleness: 1 }) })),
  patience.map((own) => semiAsynchronous({ count: 6, after: ms(150), lag: 2, ...own })),
  patience.map((own) => tiers({ count: 5, tiers: 2, by: 'answers', adapt: { every: 1 }, credits: [3, 3], after: ms(300), ...own })),
)

const selection = fc.constantFrom(oort(), proportional(), roundRobin())

const strategy = fc.constantFrom(...(['fedavg', 'scaffold', 'ditto', 'fedper', 'pf-msmtrec'] as const)).map((kind) => ({ kind }))

const delivery = fc.constantFrom(0, 2, 10).map((retries) => ({ acknowledge: true, retries, timeout: ms(50) }))

const checkpoint: fc.Arbitrary<NonNullable<Specification['checkpoint']>> = fc.constantFrom(
  { every: 'message' }, { every: 1, patience: ms(100) }, { every: 2, cost: ms(5), patience: ms(200) },
  { every: 3, rate: '1 Mbps', patience: ms(100) },
)

/** A specification without its world, which is given. */
export const storm: fc.Arbitrary<Specification> = fc
  .record(
    {
      faults: fc.array(fault, { minLength: 1, maxLength: 5 }).map((all) => all.map((one, i) => ({ ...one, id: `fault-${i}` }))),
      rounds, selection, strategy, inside: fc.constantFrom(0, ms(1)), delivery, checkpoint,
    },
    { requiredKeys: ['faults', 'rounds', 'strategy', 'inside'] },
  )
  .map(({ inside, selection: chosen, ...about }): Specification => ({
    world: { kind: 'storefronts' },
    model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
    local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
    network: { up: mbps(2), down: mbps(4), latency: ms(10), inside },
    devices: { stepOverhead: 8000 },
    onDivergence: 'go-on',
    evaluate: { every: 100, start: false, final: false },
    ...about,
    // Rounds of tiers choose by themselves.
    ...(chosen !== undefined && (about.rounds as { readonly kind: string }).kind !== 'tiers' && { selection: chosen }),
  }))
