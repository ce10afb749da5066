/** CPU seconds of this process, worker threads included. */
export const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** A line of a table: a name and right-aligned cells. */
export const row = (name: string, ...cells: readonly (string | number)[]): string =>
  [name.padEnd(32), ...cells.map((cell) => String(cell).padStart(12))].join('')
