import { DataError } from '../errors.js'

/**
 * The named columns of a CSV text with a header, as numbers, one array per column. Plain fields without quotes, as the
 * public traces have them. Throws `DataError` with file and line for a missing column or a field that is no number.
 */
export const numberColumns = (
  text: string,
  columns: readonly string[],
  file: string,
): readonly Float64Array[] => {
  const lines = text.split(/\r?\n/)
  while (lines.length > 0 && lines[lines.length - 1] === '') lines.pop()
  const header = (lines[0] ?? '').split(',')
  const places = columns.map((column) => {
    const place = header.indexOf(column)
    if (place >= 0) return place
    throw new DataError(`${file}:1: no column '${column}'. It has: ${header.join(', ')}.`)
  })
  const values = columns.map(() => new Float64Array(Math.max(0, lines.length - 1)))
  for (let i = 1; i < lines.length; i++) {
    const fields = lines[i].split(',')
    places.forEach((place, c) => {
      const field = fields[place]
      const value = Number(field)
      if (field === undefined || field.trim() === '' || !Number.isFinite(value)) {
        throw new DataError(`${file}:${i + 1}: column '${columns[c]}' must be a number, got '${field ?? ''}'.`)
      }
      values[c][i - 1] = value
    })
  }
  return values
}

/** Reads a text file that a specification names. Given by the caller, so that nothing here touches the disk. */
export type ReadText = (path: string) => string
