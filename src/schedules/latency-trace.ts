import { DataError } from '../errors.js'
import { ms, type Micros } from '../time/micros.js'

/**
 * Round-trip times among real hosts: a square matrix of milliseconds without a header, such as the 490 PlanetLab nodes
 * of Zhu et al. (IEEE/ACM Transactions on Networking 2017). Returns one-way latencies (half the round trip) as
 * `[from][to]`; the diagonal is 0.
 */
export const parseLatencies = (text: string, file: string): readonly (readonly Micros[])[] => {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  return lines.map((line, i) => {
    const fields = line.split(',')
    if (fields.length !== lines.length) {
      throw new DataError(`${file}:${i + 1}: ${fields.length} columns in a matrix of ${lines.length} rows.`)
    }
    return fields.map((field, j) => {
      const roundTrip = Number(field)
      if (field.trim() === '' || !(roundTrip >= 0)) {
        throw new DataError(`${file}:${i + 1}: column ${j + 1} must be milliseconds of at least 0, got '${field}'.`)
      }
      return ms(roundTrip / 2)
    })
  })
}
