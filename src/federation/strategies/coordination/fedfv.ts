import { shareDown } from '../../../shares.js'
import { axpy, dot, meanOf, norm, projectOut, type Vector } from './vectors.js'

export interface FedFvOptions {
  /** Share of clients, those of the largest losses, whose deltas stay as they are; in [0, 1]. 0.1 in the paper. */
  readonly keep: number
}

/**
 * FedFV: every delta but those of the worst-served clients is projected off the deltas it conflicts with, in ascending
 * order of loss, so that the last word is with the client of the largest loss; the mean of them loses its conflicts
 * with clients that were asked earlier and are absent now; its length becomes that of the plain mean.
 *
 * Wang, Fan, Qi, Wen, Wang and Yu, "Federated Learning with Fair Averaging", IJCAI 2021, algorithms 1 to 3. `losses`
 * are the clients' training losses before they trained; `earlier` holds the last deltas of absent clients, one list per
 * round, oldest first. Of equal losses the lower of `lots` comes first.
 */
export const fedFv = (
  deltas: readonly Vector[],
  losses: readonly number[],
  lots: readonly number[],
  { keep }: FedFvOptions,
  earlier: readonly (readonly Vector[])[] = [],
): Float64Array => {
  const order = deltas.map((_, k) => k).sort((a, b) => losses[a] - losses[b] || lots[a] - lots[b])
  const kept = new Set(order.slice(order.length - shareDown(keep, order.length)))
  const projected = deltas.map((delta, k) => {
    const own = Float64Array.from(delta)
    if (!kept.has(k)) for (const j of order) if (j !== k) projectOut(own, deltas[j])
    return own
  })
  const fair = meanOf(projected)
  for (const round of earlier) {
    const conflict = new Float64Array(fair.length)
    for (const delta of round) if (dot(fair, delta) < 0) axpy(conflict, 1, delta)
    projectOut(fair, conflict)
  }
  const length = norm(fair)
  if (length === 0) return fair
  const scale = norm(meanOf(deltas)) / length
  return fair.map((value) => value * scale)
}
