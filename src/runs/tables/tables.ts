import { rowFiles } from '../files.js'

/** A column of a table: what DuckDB has it as, and what is in it. */
export interface Column {
  readonly type: string
  readonly sentence: string
}

/** A table that can be asked about runs. */
export interface RunTable {
  readonly sentence: string
  /** The file of a run whose lines are its rows; undefined: it is put together otherwise. */
  readonly file: string | undefined
  readonly columns: Readonly<Record<string, Column>>
}

const micros = 'virtual microseconds'
const round = { type: 'BIGINT', sentence: 'round' } as const

/**
 * What there is to ask, by table. Beside these columns each has `run`, the name of the run's folder. docs/seeing.md shows them; a test
 * holds the page and this equal.
 */
export const runTables = {
  events: {
    sentence: 'Canonical events, in their order',
    file: rowFiles.events,
    columns: {
      at: { type: 'BIGINT', sentence: `when, in ${micros}` },
      event: { type: 'VARCHAR', sentence: 'round-open, round-close, region-open, region-close, send, arrive, drop, settle, train, trained, life' },
      actor: { type: 'VARCHAR', sentence: 'who acted, or to whom it happened' },
      id: { type: 'BIGINT', sentence: 'of messages: the copy, as in `ledger`' },
      to: { type: 'VARCHAR', sentence: 'of `send`: the receiver' },
      message: { type: 'VARCHAR', sentence: 'of `send`: the kind' },
      round: { ...round, sentence: 'of rounds, `send` and trainings' },
      part: { type: 'VARCHAR', sentence: 'of `send`: the part' },
      bytes: { type: 'BIGINT', sentence: 'of `send`: its size' },
      travelled: { type: 'BIGINT', sentence: 'of `drop`: bytes that had left the sender' },
      fate: { type: 'VARCHAR', sentence: 'of `settle`' },
      until: { type: 'BIGINT', sentence: `of \`train\`: when it is to end, in ${micros}` },
      outcome: { type: 'VARCHAR', sentence: 'of `trained` and `round-close`' },
      examples: { type: 'BIGINT', sentence: 'of trainings' },
      selected: { type: 'BIGINT', sentence: 'of `round-open`: how many clients' },
      folded: { type: 'BIGINT', sentence: 'of `round-close`: how many updates of the trunk' },
      reason: { type: 'VARCHAR', sentence: 'of `round-close`' },
      what: { type: 'VARCHAR', sentence: 'of `life`: crash, restart, pause, resume' },
    },
  },
  ledger: {
    sentence: 'Every copy of a message, by (sent, id)',
    file: rowFiles.ledger,
    columns: {
      id: { type: 'BIGINT', sentence: 'number of the copy' },
      sent: { type: 'BIGINT', sentence: `when it left, in ${micros}` },
      delivered: { type: 'BIGINT', sentence: `when it arrived, in ${micros}; NULL: never` },
      from: { type: 'VARCHAR', sentence: 'sender' },
      to: { type: 'VARCHAR', sentence: 'receiver' },
      direction: { type: 'VARCHAR', sentence: 'up, down, inside' },
      kind: { type: 'VARCHAR', sentence: 'model, update, ...' },
      round,
      part: { type: 'VARCHAR', sentence: 'trunk, expert-1, ...; empty where it is of none' },
      roles: { type: 'VARCHAR[]', sentence: 'roles of the segments inside' },
      attempt: { type: 'BIGINT', sentence: 'how often it was sent before' },
      copy: { type: 'BIGINT', sentence: '0 for the original, 1.. for copies that a fault made' },
      bytes: { type: 'BIGINT', sentence: 'its size, framing included' },
      travelled: { type: 'BIGINT', sentence: 'bytes that had left the sender when it was lost; `bytes` otherwise' },
      fate: { type: 'VARCHAR', sentence: 'what became of it (docs/ledger.md)' },
      because: { type: 'VARCHAR', sentence: 'why it was rejected' },
      codecs: { type: 'MAP(VARCHAR, BIGINT)', sentence: 'bytes by the kind of codec that wrote them' },
    },
  },
  trainings: {
    sentence: 'Every local training that was charged',
    file: rowFiles.trainings,
    columns: {
      client: { type: 'VARCHAR', sentence: 'who trained' },
      round,
      start: { type: 'BIGINT', sentence: `in ${micros}` },
      end: { type: 'BIGINT', sentence: `in ${micros}` },
      examples: { type: 'BIGINT', sentence: 'that were trained on' },
      outcome: { type: 'VARCHAR', sentence: 'what came of it' },
    },
  },
  metrics: {
    sentence: 'Every number that was measured',
    file: rowFiles.metrics,
    columns: {
      round: { ...round, sentence: 'round at whose close; 0 is before any training' },
      virtualTime: { type: 'BIGINT', sentence: `in ${micros}` },
      scenario: { type: 'VARCHAR', sentence: 'whose rows' },
      task: { type: 'VARCHAR', sentence: 'click, ...' },
      split: { type: 'VARCHAR', sentence: 'validation, test' },
      metric: { type: 'VARCHAR', sentence: 'auc, log-loss, ...' },
      value: { type: 'DOUBLE', sentence: 'NULL where it is undefined' },
    },
  },
  rounds: {
    sentence: 'Every round',
    file: rowFiles.rounds,
    columns: {
      round,
      opened: { type: 'BIGINT', sentence: `in ${micros}` },
      closed: { type: 'BIGINT', sentence: `in ${micros}` },
      selected: { type: 'VARCHAR[]', sentence: 'clients that were asked' },
      folded: { type: 'VARCHAR[]', sentence: 'clients whose trunk update counted' },
      refused: { type: 'VARCHAR[]', sentence: 'clients whose update was not finite' },
      excused: { type: 'VARCHAR[]', sentence: 'clients that could not answer' },
      outcome: { type: 'VARCHAR', sentence: 'closed, aborted' },
      reason: { type: 'VARCHAR', sentence: 'why it ended' },
      up: { type: 'BIGINT', sentence: 'bytes that left clients' },
      down: { type: 'BIGINT', sentence: 'bytes that left servers for clients' },
      inside: { type: 'BIGINT', sentence: 'bytes among servers' },
      trainings: { type: 'BIGINT', sentence: 'that ended in it' },
      examples: { type: 'BIGINT', sentence: 'of these' },
      joules: { type: 'DOUBLE', sentence: 'where they were asked for' },
      money: { type: 'DOUBLE', sentence: 'where it was asked for' },
    },
  },
  faults: {
    sentence: 'Every fault of the plan, and what became of it',
    file: undefined,
    columns: {
      id: { type: 'VARCHAR', sentence: 'its name' },
      kind: { type: 'VARCHAR', sentence: 'lose, crash, ...' },
      text: { type: 'VARCHAR', sentence: 'in words' },
      targets: { type: 'VARCHAR[]', sentence: 'whom it is about' },
      fired: { type: 'BIGINT', sentence: 'how often it struck' },
      outcome: { type: 'VARCHAR', sentence: 'what came of it' },
    },
  },
  predictions: {
    sentence: 'Every test row’s scores, of runs with `evaluate: { answers: true }`',
    file: undefined,
    columns: {
      which: { type: 'VARCHAR', sentence: 'the model of the selected round, or of the last' },
      round,
      scenario: { type: 'VARCHAR', sentence: 'whose row' },
      task: { type: 'VARCHAR', sentence: 'click, ...' },
      row: { type: 'INTEGER', sentence: 'its place among the scenario’s test rows, from 0' },
      user: { type: 'INTEGER', sentence: 'NULL where users are not known' },
      label: { type: 'FLOAT', sentence: 'NULL where the task does not apply' },
      class: { type: 'INTEGER', sentence: 'of several classes: whose score it is; NULL where there are two' },
      score: { type: 'FLOAT', sentence: 'logit, or the number itself of a regression' },
    },
  },
} as const satisfies Readonly<Record<string, RunTable>>

export type TableName = keyof typeof runTables
export const tableNames = Object.keys(runTables) as TableName[]

/** The file of a table in a run that keeps them. */
export const tableFile = (table: TableName): string => `${table}.parquet`
