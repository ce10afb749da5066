/** Edit distance in which swapping two neighbouring letters counts once (optimal string alignment). */
export const editDistance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      let best = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, change)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) best = Math.min(best, rows[i - 2][j - 2] + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length][b.length]
}

/**
 * The known name that was most likely meant, or undefined when none is close: letter case and separators are free, and
 * about a third of the letters may be wrong. Ties go to the first.
 */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  const plain = (s: string): string => s.toLowerCase().replace(/[-_ .]/g, '')
  const wanted = plain(name)
  let best: string | undefined
  let least = Infinity
  for (const candidate of known) {
    const there = plain(candidate)
    const starts = wanted.length >= 3 && (there.startsWith(wanted) || wanted.startsWith(there)) ? 1 : Infinity
    const distance = Math.min(editDistance(wanted, there), starts)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return least <= Math.max(1, Math.floor(wanted.length / 3)) ? best : undefined
}

/** ` Did you mean "count"?`, or nothing. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const meant = nearest(name, known)
  return meant === undefined || meant === name ? '' : ` Did you mean "${meant}"?`
}
