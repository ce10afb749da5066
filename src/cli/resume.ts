import { resolve as absolute, sep } from 'node:path'

import { exitCodes, StorageError } from '../errors.js'
import { realDisk } from '../runs/disk.js'
import { resume as resumeRun } from '../runs/resume.js'
import type { Run } from '../runs/simulate.js'
import { isStudyFolder } from '../runs/study/record.js'
import { nothingLearnt } from '../runs/warnings.js'
import { plural } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { silent, type Progress } from './progress.js'
import { jobsLine, progressFor, show, type RunFlags, type Terminal } from './run.js'
import { resumeStudy } from './resume-study.js'

export type ResumeFlags = Pick<RunFlags, 'workers' | 'json' | 'quiet' | 'keepJobs' | 'parquet'>

/** What of the run was there already, for people. */
const recalledLine = ({ manifest: { resumed } }: Run): string =>
  resumed === undefined ? '' : `note: ${plural(resumed.recalled, 'job')} read from the log, ${resumed.done} done\n`

/** `windtunnel resume RUN`: ends a run that was broken off, or a study. Returns the exit code. */
export const resume = async (given: string, flags: ResumeFlags, streams: Terminal): Promise<number> => {
  const { cwd, out, err } = streams
  const folder = absolute(cwd, given)
  if (isStudyFolder(folder, realDisk)) return resumeStudy(given, flags, streams)
  let progress: Progress = silent
  const interrupt = onInterrupt((text) => {
    progress.clear()
    err.write(`\n${text}\n`)
  })
  try {
    const resumption = await resumeRun(
      folder,
      { workers: flags.workers, cwd, signal: interrupt.signal, tables: flags.parquet, ...(flags.keepJobs && { jobs: 'keep' }) },
      {
        onReady({ resolved, note }) {
          if (note !== undefined && !flags.quiet) err.write(`note: ${note.replaceAll(`${cwd}${sep}`, '')}\n`)
          progress = progressFor(streams, flags, resolved)
        },
        onEvent: (event) => progress.event(event),
      },
    )
    progress.end()
    if ('had' in resumption) {
      const { had: { status, digest } } = resumption
      if (flags.json) out.write(`${JSON.stringify({ run: folder, status, digest, resumed: false })}\n`)
      else if (!flags.quiet) out.write(`${given} is complete: there is nothing to resume.\n`)
      return exitCodes.ok
    }
    const { run } = resumption
    show(run, flags, streams)
    if (!flags.quiet) err.write(`${recalledLine(run)}${jobsLine(run, cwd)}`)
    if (run.status === 'interrupted') return exitCodes.interrupted
    const why = nothingLearnt(run)
    if (why !== undefined && (flags.quiet || flags.json)) streams.err.write(`windtunnel: ${why}\n`)
    return why === undefined ? exitCodes.ok : exitCodes.liveness
  } catch (error) {
    progress.end()
    const kept = error instanceof StorageError ? (error as { run?: Run }).run : undefined
    if (kept) show(kept, flags, streams)
    throw error
  } finally {
    interrupt.release()
  }
}
