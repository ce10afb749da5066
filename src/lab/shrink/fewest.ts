/** Does what is kept of a list still fail? */
export type StillFails<T> = (kept: readonly T[]) => Promise<boolean>

/** From how many on chances are counted first. */
const many = 10

const pieces = <T>(from: readonly T[], count: number): T[][] => {
  const size = Math.ceil(from.length / count)
  return Array.from({ length: Math.ceil(from.length / size) }, (_, i) => from.slice(i * size, (i + 1) * size))
}

const without = <T>(from: readonly T[], gone: readonly T[]): T[] => from.filter((one) => !gone.includes(one))

/**
 * Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002): a part alone, or all
 * but a part, in ever smaller parts. One-minimal.
 */
const halving = async <T>(items: readonly T[], fails: StillFails<T>): Promise<readonly T[]> => {
  let kept = items
  let count = 2
  while (kept.length >= 2) {
    const parts = pieces(kept, count)
    const alone = count === 2 || parts.length > 2 ? await firstOf(parts, fails) : undefined
    if (alone !== undefined) {
      kept = alone
      count = 2
      continue
    }
    const rest = count === 2 ? undefined : await firstOf(parts.map((part) => without(kept, part)), fails)
    if (rest !== undefined) {
      kept = rest
      count = Math.max(2, count - 1)
      continue
    }
    if (parts.length >= kept.length) break
    count = Math.min(kept.length, 2 * count)
  }
  return kept.length === 1 && (await fails([])) ? [] : kept
}

const firstOf = async <T>(candidates: readonly (readonly T[])[], fails: StillFails<T>): Promise<readonly T[] | undefined> => {
  for (const candidate of candidates) if (await fails(candidate)) return candidate
  return undefined
}

/** What an entry's chance of being needed is at first, and by what it grows each time that it was not left out. */
const first = 0.1
const growth = 1 / (1 - Math.exp(-1))

/**
 * Counter-based delta debugging (arXiv 2408.04735): as good as the probabilistic kind on long lists. Parts of the size that
 * is likely to take out most are left out, the last first, and get smaller from pass to pass. Not one-minimal.
 */
const counting = async <T>(items: readonly T[], fails: StillFails<T>): Promise<readonly T[]> => {
  let kept = items
  for (let pass = 0, size = Infinity; size > 1; pass++) {
    const chance = Math.min(0.99, first * growth ** pass)
    size = Math.max(1, Math.min(kept.length, Math.floor(-1 / Math.log(1 - chance))))
    for (let end = kept.length; end > 0; end -= size) {
      const fewer = [...kept.slice(0, Math.max(0, end - size)), ...kept.slice(end)]
      if (await fails(fewer)) kept = fewer
    }
  }
  return kept
}

/**
 * As few of a list as still fail, in their order: no single one can be left out. What is given is known to fail. Long lists
 * are thinned out first.
 */
export const fewest = async <T>(items: readonly T[], fails: StillFails<T>): Promise<readonly T[]> => {
  if (items.length === 0) return items
  let kept = await halving(items.length < many ? items : await counting(items, fails), fails)
  // Failing need not be monotone: what is left is tried one by one, until none can go.
  for (let i = kept.length - 1; i >= 0; i--) {
    const fewer = kept.filter((_, j) => j !== i)
    if (!(await fails(fewer))) continue
    kept = fewer
    i = kept.length
  }
  return kept
}
