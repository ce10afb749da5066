import { diverged } from '../metrics/judging.js'
import type { Direction, MessageKind, Fate } from '../record/message.js'
import type { CheckpointRow, LedgerRow, MetricRow, RoundRow, TrainingRow } from '../record/rows.js'
import type { Micros } from '../time/micros.js'

/** Copies and bytes of one direction, kind of message and fate. */
export interface BytesRow {
  readonly direction: Direction
  readonly kind: MessageKind
  readonly fate: Fate
  readonly copies: number
  /** Encoded bytes. */
  readonly bytes: number
  /** Bytes that left the sender's link: less than `bytes` for what was lost on the way. */
  readonly travelled: number
}

const directions: readonly Direction[] = ['up', 'down', 'inside']
const order = (row: BytesRow): string => `${directions.indexOf(row.direction)} ${row.kind} ${row.fate}`

/** Bytes that checkpoints took to the store. */
export const bytesStored = (checkpoints: readonly Pick<CheckpointRow, 'bytes'>[]): number => checkpoints.reduce((sum, { bytes }) => sum + bytes, 0)

/** Bytes by direction, kind and fate: up before down before inside, then by name. */
export const bytesByFate = (ledger: readonly LedgerRow[]): BytesRow[] => {
  const groups = new Map<string, BytesRow>()
  for (const { direction, kind, fate, bytes, travelled } of ledger) {
    const key = `${direction} ${kind} ${fate}`
    const sum = groups.get(key) ?? { direction, kind, fate, copies: 0, bytes: 0, travelled: 0 }
    const more = { copies: sum.copies + 1, bytes: sum.bytes + bytes, travelled: sum.travelled + travelled }
    groups.set(key, { ...sum, ...more })
  }
  return [...groups.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** Bytes of messages that are coded, of one direction, kind of message and who wrote them. */
export interface CodecBytes {
  readonly direction: Direction
  readonly kind: MessageKind
  /** A kind of codec; `names`: what is coded how; `frame`: head, checksum, number. */
  readonly writer: string
  /** Messages of which it wrote some. */
  readonly copies: number
  readonly bytes: number
}

/** Encoded bytes by who wrote them, up before down, the frame first, then in the order in which they first wrote. Empty where nothing is coded. */
export const bytesByCodec = (ledger: readonly LedgerRow[]): CodecBytes[] => {
  const groups = new Map<string, CodecBytes>()
  for (const { direction, kind, codecs = {} } of ledger) {
    for (const [writer, bytes] of Object.entries(codecs)) {
      const key = `${direction} ${kind} ${writer}`
      const sum = groups.get(key) ?? { direction, kind, writer, copies: 0, bytes: 0 }
      groups.set(key, { ...sum, copies: sum.copies + 1, bytes: sum.bytes + bytes })
    }
  }
  const place = ({ direction, kind }: CodecBytes): string => `${directions.indexOf(direction)} ${kind}`
  return [...groups.values()].sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0))
}

/** Bytes that left a link, by direction. */
export const bytesByDirection = (ledger: readonly LedgerRow[]): Readonly<Record<Direction, number>> => {
  const sums = { up: 0, down: 0, inside: 0 }
  for (const { direction, travelled } of ledger) sums[direction] += travelled
  return sums
}

/** Training of one outcome. */
export interface WasteRow {
  readonly outcome: TrainingRow['outcome']
  readonly trainings: number
  readonly examples: number
  /** Virtual time that it took, summed over clients. */
  readonly time: Micros
}

const sumOf = (outcome: TrainingRow['outcome'], rows: readonly TrainingRow[]): WasteRow => ({
  outcome,
  trainings: rows.length,
  examples: rows.reduce((sum, row) => sum + row.examples, 0),
  time: rows.reduce((sum, row) => sum + row.end - row.start, 0),
})

/** Training by outcome: `used` first, then what was charged in vain, largest first. */
export const trainingsByOutcome = (trainings: readonly TrainingRow[]): WasteRow[] => {
  const outcomes = [...new Set(trainings.map(({ outcome }) => outcome))]
  const sums = outcomes.map((outcome) => sumOf(outcome, trainings.filter((row) => row.outcome === outcome)))
  const first = (row: WasteRow): number => (row.outcome === 'used' ? 0 : 1)
  return sums.sort((a, b) => first(a) - first(b) || b.time - a.time || (a.outcome < b.outcome ? -1 : 1))
}

/** Rounds by outcome. */
export const roundsByOutcome = (rounds: readonly RoundRow[]): { readonly closed: number; readonly aborted: number } => {
  const aborted = rounds.filter(({ outcome }) => outcome === 'aborted').length
  return { closed: rounds.length - aborted, aborted }
}

/** The mean over scenarios and tasks of what is defined; null where nothing is, or where a model diverged. */
export const meanMetric = (
  metrics: readonly MetricRow[],
  at: Pick<MetricRow, 'round' | 'split' | 'metric'>,
): number | null => {
  const own = metrics.filter((row) => row.round === at.round && row.split === at.split)
  if (own.some(diverged)) return null
  const values = own.flatMap(({ metric, value }) => (metric !== at.metric || value === null ? [] : [value]))
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
