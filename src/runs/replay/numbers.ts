import { NondeterminismError } from '../../errors.js'
import type { Flight } from '../../flight/flight.js'
import type { MetricRow } from '../../record/rows.js'
import { compareMetrics, formatMetricDifference } from './compare.js'

/** How far a metric may be off on another kind of processor, whose matrix kernels round differently. */
export const metricTolerance = 0.01

/**
 * Compares the numbers of a replay with those of the run: exactly, or within a tolerance on metrics where there are
 * reasons to differ. Throws a NondeterminismError with the first metric that is off.
 */
export const compareNumbers = (
  expected: { readonly digests: Flight['digests']; readonly metrics: readonly MetricRow[] },
  got: Pick<Flight, 'digests' | 'metrics'>,
  reasons: readonly string[],
): 'same' | 'within tolerance' => {
  if (expected.digests.numbers === got.digests.numbers) return 'same'
  const tolerance = reasons.length > 0 ? metricTolerance : 0
  const difference = compareMetrics(expected.metrics, got.metrics, tolerance)
  if (difference === undefined && reasons.length > 0) return 'within tolerance'
  const what = difference
    ? `The first metric that differs is ${formatMetricDifference(difference)}.`
    : 'All metrics are the same, but the parameters behind them are not.'
  throw new NondeterminismError(
    `The events are the same, the numbers are not (digest ${expected.digests.numbers.slice(0, 16)}, now ` +
      `${got.digests.numbers.slice(0, 16)}). ${what}`,
  )
}
