import type { Priced } from '../lab/blame/blame.js'
import type { Measure } from '../lab/measures.js'
import { formatBytes, formatCount, formatTime } from './format.js'

type Unit = Pick<Measure, 'unit'>

/** Not less than nothing, in the measure's unit; a dash where nobody knows. */
export const sizeOf = ({ unit }: Unit, size: number): string => {
  if (Number.isNaN(size)) return '-'
  if (unit === 'score') return size.toFixed(4)
  return unit === 'time' ? formatTime(size) : unit === 'bytes' ? formatBytes(Math.round(size)) : formatCount(Math.round(size))
}

/** The same with its sign. */
export const amount = (measure: Unit, value: number): string =>
  Number.isNaN(value) ? '-' : `${value < 0 ? '-' : '+'}${sizeOf(measure, Math.abs(value))}`

/** An interval of a price; `all alike`: it is the same with every seed. */
export const intervalOf = ({ measure, effect: { interval: [low, high] }, alike }: { readonly measure: Unit; readonly effect: { readonly interval: readonly [number, number] }; readonly alike: boolean }): string =>
  alike ? 'all alike' : Number.isNaN(low) ? '-' : `[${amount(measure, low)}, ${amount(measure, high)}]`

/** What is priced, by the ids of its faults. */
export const nameOf = ({ what, faults }: { readonly what: Priced; readonly faults: readonly string[] }): string => {
  switch (what) {
    case 'fault':
      return faults[0]
    case 'pair':
      return faults.join(' + ')
    case 'pair beyond its two':
      return `${faults.join(' + ')}, beyond the two`
    case 'all':
      return 'all faults'
    case 'all beyond each':
      return 'all faults, beyond each'
    case 'share':
      return `${faults[0]}, fair share`
    default:
      return what satisfies never
  }
}
