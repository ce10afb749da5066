import { DataError } from '../errors.js'
import { seconds, type Micros } from '../time/micros.js'
import { merged, type Window } from './calendar.js'
import { numberColumns } from './csv.js'

/**
 * Real availability, one list of windows per device, in the order of device numbers. CSV with `device,start_s,end_s`
 * (seconds), the format of FLASH's client traces (Yang et al., "Characterizing Impacts of Heterogeneity in Federated
 * Learning upon Large-Scale Smartphone Data", WWW 2021). Windows are cut at `length`; devices without any are left out.
 */
export const parseAvailability = (text: string, length: Micros, file: string): readonly (readonly Window[])[] => {
  const [device, starts, ends] = numberColumns(text, ['device', 'start_s', 'end_s'], file)
  const windows = new Map<number, Window[]>()
  device.forEach((number, i) => {
    const from = seconds(starts[i])
    const until = Math.min(seconds(ends[i]), length)
    if (from < 0) throw new DataError(`${file}:${i + 2}: start_s must not be negative, got ${starts[i]}.`)
    if (from >= until) return
    const list = windows.get(number)
    if (list === undefined) windows.set(number, [{ from, until }])
    else list.push({ from, until })
  })
  if (windows.size === 0) throw new DataError(`${file}: no device is available within the first ${length / 1e6} s.`)
  return [...windows].sort(([a], [b]) => a - b).map(([, list]) => merged(list))
}
