import type { MetricRow } from '../record/rows.js'
import { formatMicros } from '../time/micros.js'

/** The first event in which two runs part. `undefined`: that run has no event there. */
export interface Difference {
  /** Counted from 0. */
  readonly index: number
  readonly expected: string | undefined
  readonly got: string | undefined
}

/**
 * Compares canonical events as they are made with those of an earlier run, and remembers the first that differs.
 * `whole` says that the earlier run was flown to its end; otherwise it may stop at any event.
 */
export class EventComparison {
  readonly #expected: readonly string[]
  #seen = 0
  #difference: Difference | undefined

  readonly #whole: boolean

  constructor(expected: readonly string[], whole = true) {
    this.#expected = expected
    this.#whole = whole
  }

  /** Has every event of the earlier run come again? */
  get complete(): boolean {
    return this.#difference === undefined && this.#seen === this.#expected.length
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
      if (this.#difference || (this.complete && !this.#whole)) return
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
    return line === undefined ? {} : (JSON.parse(line) as { at?: number; actor?: string })
  } catch {
    return {}
  }
}

/** `event 12 at 1:02.500 of client-2 differs`, with what was expected and what came. */
export const formatDifference = ({ index, expected, got }: Difference): string => {
  const about = { ...told(got), ...told(expected) }
  const at = about.at === undefined ? '' : ` at ${formatMicros(about.at)} of virtual time`
  const actor = about.actor === undefined ? '' : `, actor ${about.actor}`
  return [
    `The first event that differs is number ${index + 1}${at}${actor}:`,
    `  expected ${expected ?? 'nothing: the run ended here'}`,
    `  got      ${got ?? 'nothing: the replay ended here'}`,
  ].join('\n')
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
