import { relative } from 'node:path'

import { exitCodes } from '../errors.js'
import { realDisk } from '../runs/disk.js'
import { type Examined, examine, formatBroken, formatStrays } from '../runs/seal.js'
import { plural } from '../report/format.js'
import type { Terminal } from './run.js'
import { runsAt } from './runs-at.js'

export interface VerifyFlags {
  readonly json?: boolean
  readonly quiet?: boolean
}

const verdictOf = ({ broken, unsealed, strays }: Examined): 'sound' | 'broken' | 'unsealed' | 'beside' =>
  broken.length > 0 ? 'broken' : unsealed !== undefined ? 'unsealed' : strays.length > 0 ? 'beside' : 'sound'

const textOf = (run: string, examined: Examined): string => {
  const { manifest: { status }, sound, broken, unsealed } = examined
  const flown = status === 'complete' ? '' : ` (${status})`
  switch (verdictOf(examined)) {
    case 'sound':
      return `${run}${flown}: ${plural(sound.length, 'file')}, all as they were written`
    case 'broken':
      return `${run}${flown}: ${formatBroken(broken)}`
    case 'beside':
      return `${run}${flown}: ${plural(sound.length, 'file')}, all as they were written; ${formatStrays(examined)}`
    case 'unsealed':
      return `${run}${flown}: nobody vouches for the files: ${unsealed}`
  }
}

/** `windtunnel verify RUN...`: compares files with the hashes in their manifests. Returns the exit code. */
export const verify = (given: readonly string[], flags: VerifyFlags, { out, err, cwd }: Terminal): number => {
  const runs = runsAt(given, cwd).map((folder) => ({
    run: relative(cwd, folder).startsWith('..') ? folder : relative(cwd, folder) || '.', examined: examine(folder, realDisk),
  }))
  const verdicts = new Set(runs.map(({ examined }) => verdictOf(examined)))
  if (flags.json) {
    const told = runs.map(({ run, examined: { manifest, ...rest } }) => ({ run, status: manifest.status, ...rest }))
    out.write(`${JSON.stringify({ runs: told })}\n`)
  } else {
    for (const { run, examined } of runs) {
      const wrong = verdictOf(examined) !== 'sound'
      if (wrong || !flags.quiet) (wrong ? err : out).write(`${textOf(run, examined)}\n`)
    }
  }
  if (verdicts.has('broken')) return exitCodes.storage
  return verdicts.has('unsealed') || verdicts.has('beside') ? exitCodes.partly : exitCodes.ok
}
