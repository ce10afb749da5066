import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '../../src/runs/manifest.js'
import type { LedgerRow, MetricRow, RoundRow, TrainingRow } from '../../src/record/rows.js'
import { meanMetric } from '../../src/runs/totals.js'

/** What became of one client in one round. */
export type Lot = TrainingRow['outcome'] | 'away' | 'no model'

export interface Visit {
  readonly lot: Lot
  /** Examples trained on, as a share of the most that this client ever trained on in a round. */
  readonly share: number
}

/** A run folder, read for a picture. */
export interface Flown {
  readonly manifest: Manifest
  readonly rounds: readonly RoundRow[]
  /** In the order of their names, without the prefix `client-`. */
  readonly clients: readonly string[]
  visit(client: string, round: number): Visit
  /** Rounds in which it died, and in which it came back. */
  readonly lives: readonly { readonly client: string; readonly round: number; readonly what: 'crash' | 'restart' }[]
  /** Mean validation AUC over scenarios and tasks, by round from 0. */
  readonly auc: readonly { readonly round: number; readonly value: number }[]
  /** Updates lost on the way, by round. */
  lost(round: number): number
}

const short = (name: string): string => name.replace(/^client-/, '')

/** Reads the folder of a run that has ended. */
export const readFlown = (folder: string): Flown => {
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const rows = <Row>(file: string): Row[] =>
    text(file).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Row)
  const manifest = JSON.parse(text('manifest.json')) as Manifest
  const rounds = rows<RoundRow>('rounds.ndjson')
  const trainings = rows<TrainingRow>('trainings.ndjson')
  const metrics = rows<MetricRow>('metrics.ndjson')
  const lost = rows<LedgerRow>('ledger.ndjson')
    .filter(({ fate, kind, copy }) => fate === 'lost' && kind === 'update' && copy === 0)
  const lives = rows<{ at: number; event: string; actor: string; what: 'crash' | 'restart' }>('events.ndjson')
    .filter(({ event }) => event === 'life')
    .map(({ at, actor, what }) => ({
      client: short(actor), what, round: rounds.find(({ closed }) => at <= closed)?.round ?? rounds.length,
    }))
  const visited = new Map(trainings.map((row) => [`${row.client} ${row.round}`, row]))
  const most = new Map<string, number>()
  for (const { client, examples } of trainings) most.set(client, Math.max(most.get(client) ?? 0, examples))
  const names = new Set([...rounds.flatMap(({ selected }) => selected), ...most.keys()])
  return {
    manifest,
    rounds,
    lives,
    clients: [...names].sort().map(short),
    visit: (client, round) => {
      const name = `client-${client}`
      const training = visited.get(`${name} ${round}`)
      if (training) return { lot: training.outcome, share: training.examples / (most.get(name) ?? training.examples) }
      const asked = rounds.find((row) => row.round === round)?.selected.includes(name) ?? false
      return { lot: asked ? 'no model' : 'away', share: 0 }
    },
    auc: [0, ...rounds.map(({ round }) => round)].flatMap((round) => {
      const value = meanMetric(metrics, { round, split: 'validation', metric: 'auc' })
      return value === null ? [] : [{ round, value }]
    }),
    lost: (round) => lost.filter((row) => row.round === round).length,
  }
}
