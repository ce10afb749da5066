import { join } from 'node:path'

import { quoted } from '../runs/quoted.js'
import { plural } from '../report/format.js'
import { type Failed, failedFile } from '../runs/study/failed.js'
import type { Shard } from '../runs/study/shard.js'

/** The most failures that are told in full. */
const most = 5

/** What a run of a study is called. */
export const runName = ({ condition, variant, seed }: Pick<Failed, 'condition' | 'variant' | 'seed'>): string =>
  `${condition} · ${variant} · seed ${seed}`

/** Why something failed, on one line: what comes below it is where. */
export const firstLine = (why: string): string => why.split('\n', 1)[0]

/** What failed of a study, and why: the first few. Nothing where nothing did. */
export const failures = (failed: readonly Failed[], folder: string, shard?: Shard): string => {
  if (failed.length === 0) return ''
  const told = failed.slice(0, most).map((one) => `  ${runName(one)}: ${firstLine(one.why)}\n`).join('')
  const more = failed.length > most ? `  ... and ${failed.length - most} more\n` : ''
  return `${plural(failed.length, 'run')} failed (${quoted(join(folder, failedFile(shard)))} has all). The same command tries again.\n${told}${more}\n`
}
