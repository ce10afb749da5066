import { exitCodes } from '../errors.js'
import { realDisk } from '../runs/disk.js'
import type { Manifest } from '../runs/manifest.js'
import { isFlown } from '../runs/place.js'
import { readTold } from '../runs/told.js'
import { countRun, type CountedRun } from '../runs/count-as/count-run.js'
import type { CostKind } from '../report/costs.js'
import { formatBytes, wrap } from '../report/format.js'
import { quoted } from '../runs/quoted.js'
import { shortest, type Terminal, widthOf } from './run.js'
import { runAt } from './runs-at.js'
import { summarise } from './summary.js'
import { table } from './table.js'
import { report } from './tables.js'

export interface ShowFlags {
  readonly json?: boolean
  /** Whose rule bytes are counted by. */
  readonly countAs?: string
  readonly cost?: readonly CostKind[]
  /** Of what things cost alone: they decide nothing of a run that was flown. */
  readonly set?: readonly string[]
}

/** Why what is shown is not all, or is vouched for by nobody; undefined: it is, and somebody does. */
const reservation = (folder: string, { status, error }: Manifest, unsealed: string | undefined, isStillFlown: boolean): string | undefined => {
  const goOn = `npx windtunnel resume ${folder} flies it to its end`
  switch (status) {
    case 'complete':
      return unsealed && `nobody vouches for the files of ${folder}: ${unsealed}`
    case 'interrupted':
      return `${folder} was interrupted, and holds what had been flown by then; ${goOn}`
    case 'failed':
      return `${folder} failed, and holds what had been flown by then (${error ?? 'it does not say why'}); npx windtunnel shrink ${folder} looks for the simplest that fails so`
    case 'running':
      return isStillFlown
        ? `${folder} is still flown, and holds the rounds that have closed`
        : `${folder} was broken off, and holds the rounds that had closed by then; ${goOn}`
    default:
      return status satisfies never
  }
}

/** By how much a total is a part of another, `0.93`. */
const ratio = (counted: number, ours: number): string => (ours === 0 ? '-' : (counted / ours).toFixed(3))

/** Both totals side by side. */
const countedText = ({ name, sentence, source, leavesOut, ledger, counted }: CountedRun, width: number): string => {
  const row = (title: string, ours: number, theirs: number): string[] => [title, formatBytes(ours), formatBytes(theirs), ratio(theirs, ours)]
  const rows = [
    row('up', ledger.up, counted.up), row('down', ledger.down, counted.down), row('among servers', ledger.inside, 0),
    row('all', ledger.up + ledger.down + ledger.inside, counted.up + counted.down),
  ]
  return [
    `Bytes by the ledger, and as ${name} counts them`,
    table(['direction', 'ledger', name, `${name} / ledger`], ['left', 'right', 'right', 'right'], rows),
    wrap(`${name}: ${sentence}`, width),
    wrap(`not counted: ${leavesOut.join('; ')}.`, width),
    wrap(`read in ${source}`, width),
  ].join('\n')
}

/** `windtunnel show RUN`: what `run` has told at its end, from the folder, or its bytes as another counts them. Returns the exit code. */
export const showRun = async (given: string, flags: ShowFlags, { out, err, cwd }: Terminal): Promise<number> => {
  const at = runAt(given, cwd)
  const { told, examined: { manifest, unsealed } } = readTold(at, realDisk)
  const folder = shortest(cwd, at)
  const costs = { cost: flags.cost, reset: flags.set }
  const counted = flags.countAs === undefined ? undefined : await countRun(flags.countAs, told, cwd)
  if (counted !== undefined) out.write(flags.json ? `${JSON.stringify(counted)}\n` : `${countedText(counted, widthOf(out))}\n`)
  else if (flags.json) out.write(`${JSON.stringify(summarise({ ...told, folder: at }, costs))}\n`)
  else out.write(report({ ...told, folder }, widthOf(out), `npx windtunnel replay ${quoted(folder)}`, costs))
  const why = reservation(quoted(folder), manifest, unsealed, manifest.status === 'running' && isFlown(at, realDisk))
  if (why === undefined) return exitCodes.ok
  err.write(`windtunnel: ${why}.\n`)
  return exitCodes.partly
}
