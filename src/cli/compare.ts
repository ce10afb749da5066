import { existsSync, readdirSync } from 'node:fs'
import { join, resolve as absolute } from 'node:path'
import { exitCodes, SpecificationError, StorageError } from '../errors.js'
import { metrics } from '../metrics/metric.js'
import { readAnswers } from '../runs/answers.js'
import { compare, type Comparison } from '../runs/comparison/compare.js'
import { gather, type At } from '../runs/comparison/gather.js'
import { userSampling } from '../runs/comparison/users.js'
import { realDisk } from '../runs/disk.js'
import { manifestFile } from '../runs/manifest.js'
import { asCsv } from './comparison/csv.js'
import { asLatex } from './comparison/latex.js'
import { asMarkdown } from './comparison/markdown.js'
import { asText } from './comparison/text.js'
import type { About } from './comparison/columns.js'
import type { Terminal } from './run.js'

export const formats = ['text', 'markdown', 'csv', 'latex', 'json'] as const
export type Format = (typeof formats)[number]

/** Rounds that can be compared. */
export const ats: readonly At[] = ['selected', 'last']

export interface CompareFlags {
  readonly baseline?: readonly string[]
  readonly metric?: string
  readonly at?: At
  readonly level?: number
  readonly samples?: number
  readonly format?: Format
  readonly summary?: boolean
  readonly gain?: boolean
}

/** The run folders at or below a folder, in the order of their names; tuning's are left out. */
const runsIn = (folder: string): string[] => {
  if (existsSync(join(folder, manifestFile))) return [folder]
  const inner = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'tuning')
    .map(({ name }) => name)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return inner.flatMap((name) => runsIn(join(folder, name)))
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

/** Compares complete runs; the first variant is the baseline unless one is named. */
export const comparisonOf = (folders: readonly string[], flags: CompareFlags): { rows: Comparison[]; about: About } => {
  const { metric = 'auc', at = 'selected', level = 0.95 } = flags
  const runs = gather(folders, { metric, at }, realDisk)
  const { title, better } = metrics[metric] ?? { title: metric, better: 'higher' }
  const baselines = flags.baseline ?? [runs[0].variant]
  const scoping = { lowerIsBetter: better === 'lower', gain: flags.gain }
  const answers = (folder: string) => readAnswers(folder, realDisk)
  const usersOf = userSampling(runs, { metric, at, ...scoping, samples: flags.samples ?? 400 }, answers)
  const rows = compare(runs, { baselines, level, ...scoping, usersOf })
  const summarised = new Set(rows.filter(({ scope }) => scope !== 'scenario').map(({ condition }) => condition))
  const shown = flags.summary
    ? rows.filter(({ scope, condition }) => scope !== 'scenario' || !summarised.has(condition))
    : rows
  return { rows: shown, about: { metric: title, at, level } }
}

/** `windtunnel compare RUN...`: a paired comparison of run folders. Returns the exit code. */
export const compareRuns = (given: readonly string[], flags: CompareFlags, { out, cwd }: Terminal): number => {
  const folders = given.flatMap((folder) => {
    const path = absolute(cwd, folder)
    if (!existsSync(path)) throw new StorageError(`${folder} does not exist. Give folders of runs, or one above them.`)
    const found = runsIn(path)
    if (found.length === 0) throw new StorageError(`${folder} holds no run: no ${manifestFile} in it or below it.`)
    return found
  })
  if (folders.length < 2) throw new SpecificationError('One run cannot be compared: give the folders of two or more.')
  const { rows, about } = comparisonOf(folders, flags)
  out.write(formatted(rows, about, flags.format ?? 'text'))
  return exitCodes.ok
}
