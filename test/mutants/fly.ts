import {
  away, buffered, corrupt, crash, deadline, duplicate, fraction, full, gossip, hierarchical, lose, ms, named, one, partial, pause, ringAllReduce, seconds, simulate, slow, synchronous,
} from '../../src/index.js'
import { flights } from '../frozen/flights.js'

/*
 * Flies flights of the checkout that it lies in, frozen ones and some more, until a check is violated: prints its name and what it says, or
 * that nothing was caught.
 */

const names = ['FedPer', 'crashes', 'messages delayed, lost and doubled', 'deadline', 'quorum', 'buffered', 'asynchronous', 'synchronous']
const plain = flights.deadline
const stormy = [
  ...names.map((name) => flights[name]),
  { ...plain, rounds: buffered({ count: 8, buffer: 1, maxStaleness: 1 }), faults: [slow(one(), { by: 6 })] },
  { ...plain, faults: [duplicate({ message: 'model' }, { after: ms(3) })] },
  { ...plain, delivery: { acknowledge: true, retries: 2, timeout: ms(60) }, faults: [lose({}, { probability: 0.3 })] },
  {
    ...plain,
    delivery: { acknowledge: true, retries: 30, timeout: ms(100) },
    rounds: synchronous({ count: 5 }),
    faults: [
      lose({}, { probability: 0.3 }),
      crash('aggregator', { when: { round: 2, after: 1 }, restartAfter: ms(40), keeps: 'checkpoint' }),
      crash('expert-1', { when: { round: 4, after: 1 }, restartAfter: ms(40), keeps: 'checkpoint' }),
    ],
  },
  {
    ...plain,
    rounds: deadline({ count: 9, after: seconds(1), patience: ms(60) }),
    checkpoint: { every: 1, patience: ms(50) },
    faults: [crash('expert-1', { when: { round: 2, after: 1 }, keeps: 'checkpoint' })],
    calm: { round: 3 },
  },
  {
    ...plain,
    rounds: deadline({ count: 9, after: seconds(1), patience: ms(60) }),
    checkpoint: { every: 1, patience: ms(50) },
    faults: [crash('expert-1', { when: { round: 2, after: 3, part: 'expert-1' }, keeps: 'checkpoint' })],
    calm: { round: 3, core: fraction(0.5), rest: 'mute' as const },
  },
  { ...plain, faults: [pause('aggregator', { when: { round: 2, after: 1 }, for: ms(30) }), pause(one(), { when: { event: 'began training', nth: 5 }, for: ms(30) })] },
  { ...plain, faults: [corrupt({ message: 'update' }, { bits: 1, probability: 0.5 })] },
  { ...plain, faults: [full('aggregator', { service: ms(40), inbox: 1 })] },
  ...[gossip(), ringAllReduce()].map((topology) => ({ ...plain, faults: [], topology, rounds: synchronous({ count: 3 }) })),
  ...['gossip, with a death and losses', 'a ring all-reduce, with a death'].map((name) => flights[name]),
  ...['summed under masks', 'summed under masks and acknowledged, with deaths'].map((name) => flights[name]),
  { ...plain, faults: [full('aggregator', { service: ms(40), inbox: 1, beyond: 'wait' })] },
  {
    ...plain,
    topology: hierarchical({ every: 2, rounds: { kind: 'deadline', after: ms(400) } }),
    rounds: deadline({ count: 4, after: seconds(2) }),
    network: { ...plain.network, regions: { north: [named('client-store-1'), named('client-store-2')], south: [named('client-store-3'), named('client-store-4')] } },
    faults: [away(named('client-store-1'), { rounds: [3, 6] }), away(named('client-store-2'), { rounds: [5, 6] })],
  },
]
const told = (error: unknown): { readonly check: string | null; readonly says: string } => {
  const { check = null, message } = error as { readonly check?: string; readonly message: string }
  return { check, says: message.split('\n')[0] }
}

/** Those whose flights are compared with others, too. */
const compared = [flights.FedPer, { ...plain, faults: [partial(one(), { epochs: 0.3 })] }]

let found: ReturnType<typeof told> = { check: null, says: 'nothing was caught' }
for (const [flight, watch] of [...stormy.map((one) => [one, ['all']] as const), ...compared.map((one) => [one, ['all', 'reference', 'isolation']] as const)]) {
  try {
    await simulate(flight, { seed: 11, workers: 1, watch })
  } catch (error) {
    found = told(error)
    break
  }
}
process.stdout.write(`${JSON.stringify(found)}\n`)
process.exit(0)
