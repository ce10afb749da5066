import { aucError } from '../metrics/auc.js'
import type { Micros } from '../time/micros.js'

const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `812 B`, `3.4 KiB`, `12.0 MiB`. */
export const formatBytes = (bytes: number): string => {
  let [value, step] = [bytes, 0]
  while (value >= 1024 && step < steps.length - 1) [value, step] = [value / 1024, step + 1]
  return step === 0 ? `${value} B` : `${value.toFixed(1)} ${steps[step]}`
}

const two = (n: number): string => String(n).padStart(2, '0')

/** Virtual time at the precision that a person reads: `850 ms`, `12.3 s`, `5:07`, `1:02:03`. */
export const formatTime = (time: Micros): string => {
  if (time < 1e6) return `${Math.round(time / 1e3)} ms`
  if (time < 60e6) return `${(time / 1e6).toFixed(1)} s`
  const total = Math.round(time / 1e6)
  const [h, m, s] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** `.7123`-style numbers line up: always four decimals; a dash where there is none. */
export const formatScore = (value: number | null | undefined): string => (value == null ? '-' : value.toFixed(4))

/** With fewer rows of one label, an AUC's last two digits say nothing. */
const fewRows = 50

/** Rows of either label. */
export interface Labels {
  readonly positives: number
  readonly negatives: number
}

/** An AUC: with four decimals, or, over few rows of one label, with two and half its 95 % interval, `0.71 ± 0.12`. */
export const formatAuc = (value: number | null | undefined, labels: Labels | undefined): string => {
  if (value == null || labels === undefined) return formatScore(value)
  const { positives, negatives } = labels
  if (Math.min(positives, negatives) >= fewRows || Math.min(positives, negatives) === 0) return formatScore(value)
  return `${value.toFixed(2)} ± ${(1.96 * aucError(value, positives, negatives)).toFixed(2)}`
}

/** `12,345`. */
export const formatCount = (count: number): string => count.toLocaleString('en')

/** `1 round`, `2 rounds`. */
export const plural = (count: number, word: string): string => `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`

/** Cut to `width` characters, with an ellipsis where something is missing. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`

/** Broken at spaces into lines of at most `width` characters; all but the first are indented. */
export const wrap = (text: string, width: number, indent = '  '): string => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line === '') line = word
    else if (line.length + 1 + word.length <= width) line += ` ${word}`
    else {
      lines.push(line)
      line = indent + word
    }
  }
  return [...lines, line].join('\n')
}
