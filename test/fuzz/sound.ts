import { stringify } from 'yaml'

/** Plain data, as a file holds it. */
export type Data = null | boolean | number | string | readonly Data[] | { readonly [name: string]: Data }

const world = { kind: 'storefronts', scenarios: 3, impressions: 60, users: 20, items: 10 }
const plain = {
  world,
  model: { kind: 'mlp', hidden: [4], embedding: 2 },
  local: { epochs: 1, batch: 16, optimizer: { kind: 'sgd', rate: 0.05 } },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'synchronous', count: 2 },
}

/** Specifications that fly, which together say most of what can be said. */
export const sound: readonly Data[] = [
  plain,
  {
    ...plain,
    name: 'everything',
    labels: 'as-is',
    model: { kind: 'mmoe', embedding: 2, experts: 2, expert: [4], tower: [2], dropout: 0.1 },
    local: {
      epochs: 1, batch: 16, optimizer: { kind: 'adam', rate: 1e-3, beta1: 0.9, weightDecay: 0.01 }, optimizerState: 'keep',
      l2: { embedding: 1e-4 }, weights: { ctr: { positive: 2, negative: 1 } }, balance: { kind: 'fixed', weights: { ctr: 1, ctcvr: 2 } },
      clients: [{ who: 'one', epochs: 2, batch: 8 }],
    },
    rounds: { kind: 'deadline', count: 2, after: '5 s', quorum: 1, select: 2, overSelect: 0.5, patience: '1 s', missing: 'last' },
    network: {
      up: '5 Mbps', down: 20e6, latency: '40 ms', inside: '1 ms', jitter: { kind: 'lognormal', sigma: 0.3 },
      overrides: [{ who: 'one', up: '100 kbps', jitter: { kind: 'uniform', upTo: '5 ms' } }],
    },
    devices: { gflops: 10, memoryGBps: 4, stepOverhead: '1 ms', overrides: [{ who: { select: 'one' }, gflops: 2 }] },
    schedule: [
      { kind: 'periods', who: 'client', on: '10 s', off: '1 s', phase: 'random' },
      { kind: 'diurnal', who: 'one', available: 0.9, period: '1 min', spread: '5 s' },
      { kind: 'windows', who: 'one', windows: [['0 s', '30 s']], every: '1 min' },
      { kind: 'always', who: 'one' },
    ],
    evaluate: { every: 1, on: ['validation', 'test'], until: 'auc .9', start: true, final: true, answers: true },
    onDivergence: 'go-on',
    seeds: { world: 3, initialisation: 'a', batches: 'b', selection: 'c', faults: 'd' },
  },
  {
    ...plain,
    model: { kind: 'mmoe', embedding: 2, experts: 2, expert: [4], tower: [2] },
    rounds: { kind: 'deadline', count: 3, after: '5 s', quorum: 1, patience: '1 s' },
    faults: [
      { kind: 'away', who: { select: 'fraction', of: 0.5 }, phase: 'training', rounds: [1, 2], probability: 0.5 },
      { kind: 'away', who: { select: 'share', share: 0.5 }, phase: 'upload', for: '1 s', rounds: [2, 2] },
      { kind: 'slow', who: { select: 'one' }, by: 8, from: '1 ms', until: '1 s' },
      { kind: 'slow', who: { select: 'one' }, profile: [['100 ms', 2], ['300 ms', 0.5]] },
      { kind: 'partial', who: { select: 'all' }, epochs: 0.5, probability: 0.3 },
      { kind: 'delay', id: 'd', link: { from: 'expert', to: 'client' }, by: '40 ms', jitter: '10 ms', probability: 0.2 },
      { kind: 'lose', link: { from: 'client', to: 'aggregator', message: 'update', part: 'trunk' }, probability: 0.05, travelled: 0.5 },
      { kind: 'duplicate', link: { direction: 'up' }, probability: 0.1, after: '1 s', times: 2 },
      { kind: 'crash', who: { select: 'one' }, when: { round: 2, after: 1 }, restartAfter: '3 s', keeps: 'checkpoint' },
      { kind: 'crash', who: 'one', at: '10 ms', restartAfter: '20 ms', keeps: 'nothing' },
      { kind: 'narrow', who: { select: 'one' }, by: 10, direction: 'up', rounds: [1, 2] },
      { kind: 'corrupt', link: { direction: 'up' }, bits: 3, probability: 0.05 },
      { kind: 'poison', who: { select: 'one' }, send: { attack: 'scale', by: -2 }, rounds: [1, 2], probability: 0.5 },
      { kind: 'mislabel', who: { select: 'one' }, flip: 0.3 },
    ],
  },
  {
    ...plain,
    world: { ...world, impressions: [40, 60, 80], divergence: 0.5, correlation: 0.7, rates: { ctr: 0.3, ctcvr: 0.1 }, ids: 4, clip: 'none' },
    model: { kind: 'ple', embedding: 2, levels: [[3]], shared: 1, specific: 1, tower: [2] },
    local: { optimizer: { kind: 'adagrad', rate: 0.01, epsilon: 1e-7 }, balance: { kind: 'pcgrad' } },
    strategy: { kind: 'fedprox', mu: 0.1 },
    rounds: { kind: 'quorum', count: 2, quorum: 2, after: '10 s', missing: 'sit-out' },
  },
  {
    ...plain,
    world: { kind: 'mmoe-synthetic', correlation: 0.5, columns: 4, sines: 2, scenarios: 2, rows: 40 },
    model: { kind: 'shared-bottom', embedding: 2, bottom: [4], tower: [2] },
    strategy: { kind: 'fedadam', eta: 0.01, tau: 1e-3 },
    rounds: { kind: 'buffered', count: 3, buffer: 2, timeout: '5 s', maxStaleness: 2 },
    evaluate: { until: 'rmse .01' },
  },
  {
    ...plain,
    world: { kind: 'fedprox-synthetic', alpha: 0.5, beta: 0.5, clients: 4, columns: 5, classes: 3, most: 60 },
    model: { kind: 'mlp', hidden: [] },
    strategy: { kind: 'krum' },
    rounds: { kind: 'asynchronous', count: 4, timeout: '5 s', concurrency: 2, alpha: 0.5 },
  },
]

/** JSON that keeps what `JSON.stringify` would not write: numbers that are not finite. */
const json = (value: Data): string => {
  if (typeof value === 'number' && !Number.isFinite(value)) return value > 0 ? '1e999' : value < 0 ? '-1e999' : 'NaN'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(json).join(', ')}]`
  return `{ ${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${json(inner as Data)}`).join(', ')} }`
}

/** The text of a file that holds this. */
export const written = (value: Data, ending: 'yaml' | 'json'): string =>
  ending === 'json' ? json(value) : stringify(value, { aliasDuplicateObjects: false })

/** The value of a `--set` that says this. */
export const onOneLine = json
