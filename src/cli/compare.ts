import { exitCodes, SpecificationError } from '../errors.js'
import type { Comparison } from '../runs/comparison/compare.js'
import { type About, comparisonOf, type ComparisonWishes } from '../runs/comparison/tabulate.js'
import { asCsv } from './comparison/csv.js'
import { asLatex } from './comparison/latex.js'
import { asMarkdown } from './comparison/markdown.js'
import { asText } from './comparison/text.js'
import { runsAt } from './runs-at.js'
import type { Terminal } from './run.js'

export const formats = ['text', 'markdown', 'csv', 'latex', 'json'] as const
export type Format = (typeof formats)[number]

export interface CompareFlags extends ComparisonWishes {
  readonly format?: Format
}

/** The comparison in a format. */
export const formatted = (rows: readonly Comparison[], about: About, format: Format): string => {
  switch (format) {
    case 'text':
      return asText(rows, about)
    case 'markdown':
      return asMarkdown(rows, about)
    case 'csv':
      return asCsv(rows)
    case 'latex':
      return asLatex(rows, about)
    case 'json':
      return `${JSON.stringify(rows)}\n`
  }
}

/** `windtunnel compare RUN...`: a paired comparison of run folders. Returns the exit code. */
export const compareRuns = (given: readonly string[], flags: CompareFlags, { out, cwd }: Terminal): number => {
  const folders = runsAt(given, cwd)
  if (folders.length < 2) throw new SpecificationError('One run cannot be compared: give the folders of two or more.')
  const { rows, about } = comparisonOf(folders, flags)
  out.write(formatted(rows, about, flags.format ?? 'text'))
  return exitCodes.ok
}
