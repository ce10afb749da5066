import Table from 'cli-table3'

export type Align = 'left' | 'right'

/** A table without colour or rules between rows, so that it reads the same in a log. */
export const table = (
  head: readonly string[],
  align: readonly Align[],
  rows: readonly (readonly string[])[],
  widths?: number[],
): string => {
  const grid = new Table({
    head: [...head],
    colAligns: [...align],
    ...(widths ? { colWidths: widths, wordWrap: true } : {}),
    style: { head: [], border: [], compact: true },
  })
  grid.push(...rows.map((row) => [...row]))
  return grid.toString()
}
