import { exitCodes } from '../errors.js'
import { exportWorld } from '../runs/export-world.js'
import { loadSpecification } from '../runs/load.js'
import { plural } from '../report/format.js'
import type { Terminal } from './run.js'

export interface ExportFlags {
  readonly out: string
  readonly data?: string
  readonly seed?: string
  readonly json?: boolean
  readonly set?: readonly string[]
}

export const exportHelp = `
Writes rows.csv: a line per row with its scenario, its split (train, validation, test), its user and time where they are
known, ids of categorical columns (0 is unknown), numeric columns as scaled and clipped, and labels (empty where a task
does not apply). export.json says what they are; by schema.json the folder can be flown on with --data.

Examples:
  npx windtunnel data export simulations/twenty-lines.ts --out exports/twenty-lines --seed 7
  npx windtunnel data export simulations/first-flight.ts --data path/to/kuairand_pure --set world.table=small --out exports/small`

/** `windtunnel data export SCRIPT --out DIR`. Returns the exit code. */
export const exportData = async (script: string, flags: ExportFlags, { out, cwd }: Terminal): Promise<number> => {
  const loaded = await loadSpecification(script, cwd)
  const { seed, set, data } = flags
  const about = await exportWorld(loaded.specification, {
    seed, set, data, out: flags.out, cwd, source: loaded.source, name: loaded.name,
  })
  const { columns: { categorical, numeric, labels }, rows } = about
  if (flags.json) out.write(`${JSON.stringify(about)}\n`)
  else {
    const counts = `${plural(categorical.length, 'categorical column')}, ${plural(numeric.length, 'numeric one')}`
    out.write(`${about.world}: ${plural(rows, 'row')}, ${counts}, ${plural(labels.length, 'task')}, in ${flags.out}\n`)
  }
  return exitCodes.ok
}
