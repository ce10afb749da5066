import { normal, streams } from '../../src/random/streams.js'

/** The published sizes of the 16 vocabularies. */
export const vocabularySizes = [11, 4, 7, 2, 33, 7, 50, 8, 8, 2, 2, 2, 2, 2, 2, 2]

export interface LookAlike {
  readonly country: string
  readonly which: 'train' | 'test'
  readonly rows: number
  /** Added to every categorical id, as some prepared versions do. */
  readonly offset?: number
  /** The header's names; by default those of MTReclib. */
  readonly header?: readonly string[]
}

const numbered = (stem: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${stem}_${i + 1}`)

export const mtreclibHeader = [
  'search_id', ...numbered('categorical', 16), ...numbered('numerical', 63), 'click', 'conversion',
]

/** A CSV text in MTReclib's layout: ids within the published vocabularies, standard normal numbers, and a funnel whose
 * click and conversion lean on the first number. Denser than the real rates, so that small files have positives. */
export const aliexpressText = ({ country, which, rows, offset = 0, header = mtreclibHeader }: LookAlike): string => {
  const draw = streams('look-alike')(country, which)
  const lines = [header.join(',')]
  for (let row = 0; row < rows; row++) {
    const ids = vocabularySizes.map((size) => offset + Math.floor(draw() * size))
    const numbers = Array.from({ length: 63 }, () => normal(draw))
    const click = draw() < 1 / (1 + Math.exp(1.5 - numbers[0])) ? 1 : 0
    const conversion = click === 1 && draw() < 0.3 ? 1 : 0
    lines.push([1e6 + row, ...ids, ...numbers.map((x) => x.toFixed(5)), click, conversion].join(','))
  }
  return `${lines.join('\n')}\n`
}
