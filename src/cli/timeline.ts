import { existsSync } from 'node:fs'
import { resolve as absolute } from 'node:path'

import { exitCodes, StorageError } from '../errors.js'
import { writeTimeline } from '../report/timeline/write-timeline.js'
import { formatBytes } from '../report/format.js'
import { shortest, type Terminal } from './run.js'
import { runAt } from './runs-at.js'

export interface TimelineFlags {
  readonly out?: string
  readonly force?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

export const timelineHelp = `
The file is a trace of Perfetto's TrackEvents: open it at ui.perfetto.dev, which reads it in the browser and sends it nowhere, or
ask it with trace_processor. A row for each actor: what it computes, when it is dead or asleep, what it sends; an arrow from each
message to its arrival, on to the training that it led to and to the answer. Beside them rounds, faults, scores, bytes on their
way and clients training. Virtual time is the time of the trace.

Examples:
  npx windtunnel timeline runs/first-flight-1
  npx windtunnel timeline runs/first-flight-1 --out first.pftrace`

/** `windtunnel timeline RUN`: its trace, for Perfetto. Returns the exit code. */
export const timeline = async (given: string, flags: TimelineFlags, { out, err, cwd }: Terminal): Promise<number> => {
  const folder = runAt(given, cwd)
  const file = flags.out === undefined ? `${folder}.pftrace` : absolute(cwd, flags.out)
  if (flags.out !== undefined && existsSync(file) && flags.force !== true) {
    throw new StorageError(`${shortest(cwd, file)} is there already. Give another place with --out, or --force to replace it.`)
  }
  const tells = flags.quiet !== true && flags.json !== true
  const written = await writeTimeline(folder, file, (events) => tells && err.write(`${events} events written\n`))
  const { events, bytes, reservation } = written
  if (reservation !== undefined) err.write(`${reservation}\n`)
  if (flags.json) out.write(`${JSON.stringify(written)}\n`)
  else if (flags.quiet !== true) out.write(`${shortest(cwd, file)}: ${events} events, ${formatBytes(bytes)}; open it at ui.perfetto.dev\n`)
  return exitCodes.ok
}
