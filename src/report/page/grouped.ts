/** Neighbours that stand as one column. */
export interface Group {
  readonly name: string
  /** Places from `first` up to `last`, both among them. */
  readonly first: number
  readonly last: number
}

/** Rounds as at most so many columns: where there are more, neighbours stand as one. */
export const groupsOf = (rounds: readonly number[], most: number): Group[] => {
  const size = Math.ceil(rounds.length / most)
  return Array.from({ length: Math.ceil(rounds.length / Math.max(1, size)) }, (_, i) => {
    const [first, last] = [i * size, Math.min(rounds.length, (i + 1) * size) - 1]
    return { name: first === last ? String(rounds[first]) : `${rounds[first]}-${rounds[last]}`, first, last }
  })
}

/** The mean of each group. */
export const meansIn = (groups: readonly Group[], values: readonly number[]): number[] =>
  groups.map(({ first, last }) => values.slice(first, last + 1).reduce((sum, value) => sum + value, 0) / (last - first + 1))

/** What is said of columns that stand for several rounds; empty where none does. */
export const saidOfGroups = (groups: readonly Group[]): string => {
  const [one] = groups
  return one === undefined || one.first === one.last ? '' : ` A column is the mean of ${one.last - one.first + 1} rounds that follow each other.`
}
