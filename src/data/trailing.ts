/** How many pseudo-rows at the overall rate a rate is smoothed with. */
export const priorRows = 10

/** What was known of each row's key on the morning of the row's day. */
export interface Trailing {
  /** Earlier rows of the key. */
  readonly count: Float64Array
  /** Per label: `(positives + 10 r) / (count + 10)`, r the rate over all rows of earlier days; NaN on the first day. */
  readonly rates: readonly Float64Array[]
}

/** Statistics per key (a video, an author, a user) over rows of **strictly earlier days**, so that no row sees its own
 * label, another of its day, or a later one. Give it one client's rows only: what it says is then the client's own. */
export const trailing = (
  day: ArrayLike<number>, key: ArrayLike<number>, labels: readonly ArrayLike<number>[],
): Trailing => {
  const rows = day.length
  const byDay = Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => day[a] - day[b] || a - b)
  const slots = new Map<number, number>()
  const slot = Int32Array.from({ length: rows }, (_, row) => {
    const known = slots.get(key[row])
    if (known !== undefined) return known
    slots.set(key[row], slots.size)
    return slots.size - 1
  })
  const seen = new Float64Array(slots.size)
  const positives = labels.map(() => new Float64Array(slots.size))
  const totals = labels.map(() => 0)
  const count = new Float64Array(rows)
  const rates = labels.map(() => new Float64Array(rows))
  for (let from = 0; from < rows; ) {
    let to = from
    while (to < rows && day[byDay[to]] === day[byDay[from]]) to++
    for (let i = from; i < to; i++) {
      const row = byDay[i]
      count[row] = seen[slot[row]]
      for (let t = 0; t < labels.length; t++) {
        const rate = from > 0 ? totals[t] / from : NaN
        rates[t][row] = (positives[t][slot[row]] + priorRows * rate) / (count[row] + priorRows)
      }
    }
    for (let i = from; i < to; i++) {
      const row = byDay[i]
      seen[slot[row]]++
      for (let t = 0; t < labels.length; t++) {
        positives[t][slot[row]] += labels[t][row]
        totals[t] += labels[t][row]
      }
    }
    from = to
  }
  return { count, rates }
}
