import { existsSync } from 'node:fs'
import { basename, resolve as absolute } from 'node:path'

import { exitCodes, StorageError } from '../errors.js'
import { formatBytes, plural } from '../report/format.js'
import { writeReport } from '../report/page/write-report.js'
import { shortest, type Terminal } from './run.js'
import { runsAt } from './runs-at.js'

export interface ReportFlags {
  readonly out?: string
  readonly force?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export const reportHelp = `
One HTML file that needs nothing beside it and sends nothing anywhere: what was flown, what came out, what it cost, what went wrong,
whether it can be trusted; of several runs, or of the folder of a study or sweep, whether they differ and what conditions do to them. It
reads without JavaScript; with it, charts answer, zoom (Ctrl and the wheel, or the slider) and hide lines (a click in the legend).

Examples:
  npx windtunnel report runs/first-flight-1
  npx windtunnel report runs/first-flight-1 --out first-flight.html
  npx windtunnel report runs/strategies
  npx windtunnel report runs/a runs/b --out both.html`

/** `windtunnel report RUN...`: one page about them. Returns the exit code. */
export const reportRuns = async (given: readonly string[], flags: ReportFlags, { out, cwd }: Terminal): Promise<number> => {
  const folders = runsAt(given, cwd)
  const file = flags.out === undefined ? absolute(cwd, given.length === 1 ? `${given[0].replace(/[\\/]+$/, '')}.html` : `${basename(absolute(cwd, given[0]))}-and-${given.length - 1}.html`) : absolute(cwd, flags.out)
  if (flags.out !== undefined && existsSync(file) && flags.force !== true) {
    throw new StorageError(`${shortest(cwd, file)} is there already. Give another place with --out, or --force to replace it.`)
  }
  const written = await writeReport(folders, file)
  if (flags.json) out.write(`${JSON.stringify(written)}\n`)
  else if (flags.quiet !== true) out.write(`${shortest(cwd, file)}: a report of ${plural(written.runs, 'run')}, ${formatBytes(written.bytes)}; open it in a browser\n`)
  return exitCodes.ok
}
