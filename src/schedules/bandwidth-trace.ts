import { DataError } from '../errors.js'
import type { Micros } from '../time/micros.js'
import { numberColumns } from './csv.js'

/** Throughput over time: `bitsPerSecond[i]` holds from `times[i]` to `times[i + 1]`; all comes again after `length`. */
export interface BandwidthTrace {
  readonly times: Float64Array
  readonly bitsPerSecond: Float64Array
  readonly length: Micros
}

/** Which traces an index (CSV with `trace,family,...`) puts into a family. */
export const parseFamily = (text: string, family: string, file: string): ReadonlySet<number> => {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  const [header, ...rows] = lines.map((line) => line.split(','))
  const place = (column: string) => {
    const found = (header ?? []).indexOf(column)
    if (found < 0) throw new DataError(`${file}:1: no column '${column}'. ${header === undefined || header.join('') === '' ? 'It is empty' : `It has: ${header.join(', ')}`}.`)
    return found
  }
  const traceAt = place('trace')
  const familyAt = place('family')
  const members = rows.filter((row) => row[familyAt] === family).map((row) => Number(row[traceAt]))
  if (members.length > 0) return new Set(members)
  const known = [...new Set(rows.map((row) => row[familyAt]))].sort()
  throw new DataError(`${file}: no trace is of family '${family}'. ${known.length === 0 ? 'It holds no traces' : `There are: ${known.join(', ')}`}.`)
}

/**
 * Throughput traces, in the order of their numbers. CSV with `trace,t_s,mbps`. The last sample holds as long as the
 * one before it, and then the trace begins again.
 */
export const parseBandwidth = (
  text: string,
  members: ReadonlySet<number> | undefined,
  file: string,
): readonly BandwidthTrace[] => {
  const [trace, seconds, mbps] = numberColumns(text, ['trace', 't_s', 'mbps'], file)
  const rows = new Map<number, number[]>()
  trace.forEach((number, i) => {
    if (members !== undefined && !members.has(number)) return
    const list = rows.get(number)
    if (list === undefined) rows.set(number, [i])
    else list.push(i)
  })
  if (rows.size === 0) throw new DataError(`${file}: it holds no trace that was asked for.`)
  return [...rows]
    .sort(([a], [b]) => a - b)
    .map(([number, list]) => {
      const first = seconds[list[0]]
      const times = Float64Array.from(list, (i) => Math.round((seconds[i] - first) * 1e6))
      const bitsPerSecond = Float64Array.from(list, (i) => Math.round(mbps[i] * 1e6))
      times.forEach((time, i) => {
        if (i > 0 && time <= times[i - 1]) {
          throw new DataError(`${file}:${list[i] + 2}: t_s must increase within trace ${number}.`)
        }
      })
      if (!bitsPerSecond.some((rate) => rate > 0) || bitsPerSecond.some((rate) => rate < 0)) {
        throw new DataError(`${file}: trace ${number} must hold no negative throughput, and some above 0.`)
      }
      const n = times.length
      const length = n === 1 ? 1e6 : times[n - 1] + (times[n - 1] - times[n - 2])
      return { times, bitsPerSecond, length }
    })
}

/** The throughput of a trace at `at`, begun at `phase`, and until when it holds. */
export const bandwidthAt = (
  trace: BandwidthTrace,
  phase: Micros,
  at: Micros,
): { readonly bitsPerSecond: number; readonly until: Micros } => {
  const start = at - ((((at + phase) % trace.length) + trace.length) % trace.length)
  const within = at - start
  let low = 0
  let high = trace.times.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (trace.times[middle] <= within) low = middle
    else high = middle - 1
  }
  const end = low + 1 < trace.times.length ? trace.times[low + 1] : trace.length
  return { bitsPerSecond: trace.bitsPerSecond[low], until: start + end }
}
