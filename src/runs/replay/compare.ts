import type { MetricRow } from '../../record/rows.js'
import { formatMicros } from '../../time/micros.js'

/** The first event in which two runs part. `undefined`: that run has no event there. */
export interface Difference {
  /** Counted from 0. */
  readonly index: number
  readonly expected: string | undefined
  readonly got: string | undefined
}

/** Compares canonical events, line by line, with those of an earlier run, as they come. */
export class EventComparison {
  readonly #expected: readonly string[]
  #seen = 0
  #difference: Difference | undefined

  constructor(expected: readonly string[]) {
    this.#expected = expected
  }

  /** How many events were the same until now. */
  get same(): number {
    return this.#difference?.index ?? this.#seen
  }

  get difference(): Difference | undefined {
    return this.#difference
  }

  take(lines: readonly string[]): void {
    for (const got of lines) {
      if (this.#difference) return
      const expected = this.#expected[this.#seen]
      if (expected === got) this.#seen++
      else this.#difference = { index: this.#seen, expected, got }
    }
  }

  /** Nothing more will come: an event that the earlier run has and this one has not is a difference too. */
  end(): void {
    if (this.#difference || this.#seen >= this.#expected.length) return
    this.#difference = { index: this.#seen, expected: this.#expected[this.#seen], got: undefined }
  }
}

const told = (line: string | undefined): { readonly at?: number; readonly actor?: string } => {
  try {
    const { at, actor } = (line === undefined ? {} : JSON.parse(line)) as { at?: unknown; actor?: unknown }
    return { ...(typeof at === 'number' && { at }), ...(typeof actor === 'string' && { actor: actor.slice(0, 60) }) }
  } catch {
    return {}
  }
}

/** The most characters of a line that a message holds. */
const most = 200

/** Two lines that differ, or of long ones the piece in which they begin to. */
const pieces = (a: string, b: string): readonly [string, string] => {
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  const from = Math.max(0, same - most / 2)
  const piece = (line: string): string => {
    if (line.length <= most) return line
    return `${from > 0 ? '...' : ''}${line.slice(from, from + most - 6)}${from + most - 6 < line.length ? '...' : ''}`
  }
  return [piece(a), piece(b)]
}

/** `event 12 at 1:02.500 of client-2 differs`, with what was expected and what came. */
export const formatDifference = ({ index, expected, got }: Difference): string => {
  const about = { ...told(got), ...told(expected) }
  const at = about.at === undefined ? '' : ` at ${formatMicros(about.at)} of virtual time`
  const actor = about.actor === undefined ? '' : `, actor ${about.actor}`
  const [then, now] = pieces(expected ?? 'nothing: the run ended here', got ?? 'nothing: the replay ended here')
  return [`The first event that differs is number ${index + 1}${at}${actor}:`, `  expected ${then}`, `  got      ${now}`].join('\n')
}

/** A metric that is not the same in two runs. */
export interface MetricDifference {
  readonly row: MetricRow
  readonly got: number | null | undefined
}

const keyOf = (row: MetricRow): string =>
  JSON.stringify([row.round, row.scenario, row.task, row.split, row.metric])

/** The first metric that is further off than `tolerance` (0: any difference counts), in the order of `expected`. */
export const compareMetrics = (
  expected: readonly MetricRow[],
  got: readonly MetricRow[],
  tolerance: number,
): MetricDifference | undefined => {
  const values = new Map(got.map((row) => [keyOf(row), row.value]))
  for (const row of expected) {
    const value = values.get(keyOf(row))
    const same =
      value === row.value ||
      (typeof value === 'number' && row.value !== null && Math.abs(value - row.value) <= tolerance)
    if (!same) return { row, got: value }
  }
  return undefined
}

/** `auc of ctr in NL (test) after round 3: expected 0.71, got 0.72`. */
export const formatMetricDifference = ({ row, got }: MetricDifference): string =>
  `${row.metric} of ${row.task} in ${row.scenario} (${row.split}) after round ${row.round}, ` +
  `at ${formatMicros(row.virtualTime)} of virtual time: expected ${row.value ?? 'none'}, got ${got ?? 'none'}`

/** The first line in which a file of an earlier run and what it should hold part. `undefined`: there is no such line. */
export interface RowDifference extends Difference {
  readonly file: string
}

/** Compares lines; the first that differs, is missing, or is too many. */
export const compareRows = (file: string, expected: readonly string[], got: readonly string[]): RowDifference | undefined => {
  const longer = Math.max(expected.length, got.length)
  for (let index = 0; index < longer; index++) {
    if (expected[index] !== got[index]) return { file, index, expected: expected[index], got: got[index] }
  }
  return undefined
}

/** `ledger.ndjson:12 is not what was flown`, with what stands there and what came. */
export const formatRowDifference = ({ file, index, expected, got }: RowDifference): string => {
  const [then, now] = pieces(expected ?? 'nothing: the file ends here', got ?? 'nothing: there is no such row')
  return `${file}:${index + 1} is not what was flown:\n  it says   ${then}\n  was flown ${now}`
}

/** Where two values part: the path of the first field, and what stands there. */
export interface FieldDifference {
  readonly path: string
  readonly expected: unknown
  readonly got: unknown
}

const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

/** Compares plain data; the first field that differs, in the order of `expected`. */
export const compareFields = (expected: unknown, got: unknown, path = ''): FieldDifference | undefined => {
  if (!isGroup(expected) || !isGroup(got) || Array.isArray(expected) !== Array.isArray(got)) {
    return Object.is(expected, got) ? undefined : { path, expected, got }
  }
  for (const name of new Set([...Object.keys(expected), ...Object.keys(got)])) {
    const difference = compareFields(expected[name], got[name], path === '' ? name : `${path}.${name}`)
    if (difference) return difference
  }
  return undefined
}

/** A value in a message: at most so much of it as is read. */
export const asText = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > most ? `${text.slice(0, most - 3)}...` : text
}

/** `manifest.json: virtualTime is not what was flown`. */
export const formatFieldDifference = (file: string, { path, expected, got }: FieldDifference): string => {
  const whole = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))
  const [then, now] = pieces(whole(expected), whole(got))
  return `${file}: ${path.slice(0, most)} is not what was flown:\n  it says   ${then}\n  was flown ${now}`
}
