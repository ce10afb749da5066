import type { Flight } from '../../src/flight/flight.js'
import type { LedgerRow, MetricRow, RoundRow, TrainingRow } from '../../src/record/rows.js'
import type { Manifest } from '../../src/runs/manifest.js'

/** Rows of a flight of two clients and two rounds, made by hand: small enough to add up on paper. */
export const ledgerRow = (row: Partial<LedgerRow>): LedgerRow => ({
  id: 1,
  sent: 0,
  delivered: 10,
  from: 'aggregator',
  to: 'client-a',
  direction: 'down',
  kind: 'model',
  round: 1,
  part: 'trunk',
  roles: ['tower'],
  attempt: 0,
  copy: 0,
  bytes: 100,
  travelled: 100,
  fate: 'used',
  ...row,
})

const up = { from: 'client-a', to: 'aggregator', direction: 'up', kind: 'update' } as const

const eight = { bytes: 8, travelled: 8 }

export const ledger: readonly LedgerRow[] = [
  ledgerRow({ id: 1 }),
  ledgerRow({ id: 2, to: 'client-b', fate: 'fruitless' }),
  ledgerRow({ id: 3, ...up, sent: 20 }),
  ledgerRow({ id: 4, ...up, from: 'client-b', sent: 25, delivered: null, travelled: 40, fate: 'lost' }),
  ledgerRow({ id: 5, sent: 30, to: 'expert-1', direction: 'inside', kind: 'close', ...eight, fate: 'control' }),
  ledgerRow({ id: 6, ...up, sent: 40, round: 2 }),
]

export const trainings: readonly TrainingRow[] = [
  { client: 'client-a', round: 1, start: 10, end: 20, examples: 64, outcome: 'used' },
  { client: 'client-b', round: 1, start: 10, end: 25, examples: 96, outcome: 'lost' },
  { client: 'client-a', round: 2, start: 35, end: 40, examples: 64, outcome: 'used' },
  { client: 'client-b', round: 2, start: 35, end: 38, examples: 10, outcome: 'interrupted' },
]

const selected = ['client-a', 'client-b']

export const rounds: readonly RoundRow[] = [
  { round: 1, opened: 0, closed: 30e6, selected, folded: ['client-a'], outcome: 'closed', reason: 'deadline' },
  { round: 2, opened: 30e6, closed: 60e6, selected, folded: [], outcome: 'aborted', reason: 'deadline' },
]

const metric = (round: number, scenario: string, value: number | null): MetricRow => ({
  round, virtualTime: round * 30e6, scenario, task: 'ctr', split: 'test', metric: 'auc', value,
})

export const metrics: readonly MetricRow[] = [
  metric(0, 'a', 0.5),
  metric(1, 'a', 0.625),
  metric(1, 'b', 0.75),
  metric(2, 'a', 0.6),
  metric(2, 'b', null),
]

export const events: readonly string[] = [
  '{"at":0,"event":"round-open","actor":"aggregator","round":1,"selected":2}',
  '{"at":10,"event":"arrive","actor":"client-a","id":1}',
  '{"at":62500000,"event":"arrive","actor":"client-b","id":2}',
]

export const flight: Flight = {
  digest: 'd1',
  digests: { events: 'e1', numbers: 'n1' },
  virtualTime: 60e6,
  rounds,
  metrics,
  ledger,
  trainings,
  checkpoints: [],
  faults: [
    { id: 'lose-1', kind: 'lose', text: 'lose 50% from clients', targets: [], fired: 1, outcome: '1 message lost' },
    { id: 'slow-1', kind: 'slow', text: 'slow client-a by 8', targets: [], fired: 0, outcome: 'never fired' },
  ],
  marks: { 'stale update': 2 },
  coverage: { handled: 3, exist: 9, triples: { 'client idle model': 4 } },
  refused: {}, unfit: {},
  oddGradients: [],
  selectedRound: 1,
  parts: {},
  states: {},
  kept: {},
  personal: {},
  events,
  status: 'complete',
}

export const manifest: Manifest = {
  format: 'windtunnel-run',
  version: 1,
  status: 'running',
  name: 'tiny',
  seed: '7',
  seeds: { world: '1', initialisation: '2', batches: '3', selection: '4', faults: '5' },
  engine: 'onnx',
  workers: 2,
  specification: { rounds: { kind: 'synchronous', count: 2 } },
  functions: [],
  script: null,
  settings: [],
  data: null,
  world: { name: 'made', scenarios: [], tasks: ['ctr'], origins: [], split: 'by time', notes: [] },
  traces: [],
  warnings: [],
  versions: { node: '20.20.2', 'onnxruntime-node': '1.30.0', '@tensorflow/tfjs': '4.22.0' },
  processor: { kind: 'x64-avx2', model: 'test' },
}
