import { resolve } from 'node:path'
import type { Command } from 'commander'
import { loadWorld, worldKinds, type WorldSpec } from '../../scenarios/registry.js'
import { exitCodes } from '../errors.js'
import { inspectWorld } from '../inspection/inspect.js'
import { worldOfFolder } from '../runs/world-of-folder.js'
import { derivedSeed } from '../simulation/resolve.js'
import { applySettings, parseSetting } from '../simulation/set.js'
import { exportData, exportHelp, type ExportFlags } from './export.js'
import { inspectionText } from './inspection-text.js'
import { gather, seed } from './options.js'
import type { Terminal } from './run.js'

interface InspectFlags {
  readonly seed?: string
  readonly json?: boolean
  readonly set?: readonly string[]
}

const help = `
Says what a folder of data holds, before anything is flown on it: rows, dates and label rates per scenario and split,
vocabularies, how far scenarios and test rows are from each other, and features that may look ahead. It loads the data
as a simulation would, with every column of it where the kind of world has a choice.

Examples:
  npx windtunnel data inspect docs/examples/shop
  npx windtunnel data inspect path/to/kuairand_pure --set features=trailing
  npx windtunnel data inspect path/to/kuairand_pure --json > inspection.json`

/** `windtunnel data inspect DIR`. Returns the exit code. */
export const inspect = async (dir: string, flags: InspectFlags, { out, cwd }: Terminal): Promise<number> => {
  const dataDir = resolve(cwd, dir)
  const found = worldOfFolder(dataDir, undefined)
  const { inspectedWith } = worldKinds[found.kind] as { inspectedWith?: object }
  const spec = applySettings({ ...found, ...inspectedWith }, (flags.set ?? []).map(parseSetting), () => undefined) as
    WorldSpec
  // The split that a run of this seed draws.
  const inspection = inspectWorld(await loadWorld(spec, { seed: derivedSeed(flags.seed ?? '1', 'world'), dataDir, cwd }))
  if (flags.json) out.write(`${JSON.stringify({ specification: spec, ...inspection })}\n`)
  else out.write(inspectionText(inspection, spec, Math.min(140, out.isTTY ? Math.max(80, out.columns ?? 100) : 120)))
  return exitCodes.ok
}

/** Adds `data inspect` and `data export` to the command. */
export const addDataCommand = (root: Command, streams: Terminal, done: (code: number) => void): void => {
  const data = root.command('data').description('look at data before a simulation flies on it, and take it elsewhere')
  data
    .command('inspect')
    .argument('<dir>', 'folder of the data, as for --data')
    .description('print what a folder holds: rows, rates, vocabularies, drift, columns that may look ahead')
    .option('--seed <seed>', 'for splits and samples that are drawn (default: 1)', seed)
    .option('--set <path=value>', 'set an option of the world; may be given again', gather)
    .option('--json', 'print one JSON object, and nothing else, on standard output')
    .addHelpText('after', help)
    .action(async (dir: string, flags: InspectFlags) => done(await inspect(dir, flags, streams)))
  data
    .command('export')
    .argument('<script>', 'simulation whose rows to write (.ts, .mts, .js, .mjs, .yaml, .yml, .json)')
    .description('write the rows that a simulation trains and is judged on, as its models see them, as CSV')
    .requiredOption('--out <dir>', 'folder to write: rows.csv, export.json, schema.json')
    .option('--data <dir>', 'rows of the data in this folder instead of the script’s world')
    .option('--seed <seed>', 'as for run (default: 1)', seed)
    .option('--set <path=value>', 'set a field of the specification; may be given again', gather)
    .option('--json', 'print what was written as one JSON object, and nothing else, on standard output')
    .addHelpText('after', exportHelp)
    .action(async (script: string, flags: ExportFlags) => done(await exportData(script, flags, streams)))
  data.commands.forEach((command) => command.exitOverride().showSuggestionAfterError(true).copyInheritedSettings(root))
}
