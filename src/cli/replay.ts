import { exitCodes } from '../errors.js'
import { replay as replayRun } from '../runs/replay/replay.js'
import { formatCount } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { silent, type Progress } from './progress.js'
import { progressFor, type RunFlags, type Terminal } from './run.js'

const numbers = {
  same: 'so are all numbers, bit by bit, and every row of every file',
  'within tolerance': 'metrics are the same within .01 (see the notes)',
  'not compared': 'numbers were not compared',
} as const

/** `windtunnel replay RUN`. Returns the exit code; a difference is thrown. */
export const replay = async (
  folder: string,
  flags: Pick<RunFlags, 'workers' | 'json' | 'quiet'> & { readonly jobs?: boolean },
  streams: Terminal,
): Promise<number> => {
  let progress: Progress = silent
  const interrupt = onInterrupt((text) => {
    progress.clear()
    streams.err.write(`\n${text}\n`)
  })
  try {
    const result = await replayRun(
      folder,
      { workers: flags.workers, jobs: flags.jobs, cwd: streams.cwd, signal: interrupt.signal },
      {
        onReady({ resolved }) {
          progress = progressFor(streams, flags, resolved)
        },
        onEvent: (event) => progress.event(event),
      },
    )
    progress.end()
    const { events, notes, digest, entire, failure, notCompared } = result
    const same = interrupt.signal.aborted ? 'interrupted' : entire ? 'same' : 'same as far as compared'
    const digests = { digest: digest ?? null, was: result.manifest.digest ?? null }
    const summary = { run: folder, result: same, events, numbers: result.numbers, ...digests, ...(failure && { failure }), notes, notCompared }
    if (flags.json) streams.out.write(`${JSON.stringify(summary)}\n`)
    else if (!flags.quiet) {
      const again = failure === undefined ? [] : [`It fails so again: ${failure.message}`]
      const lines = [`${folder}: ${formatCount(events)} events are the same; ${numbers[result.numbers]}.`, ...again]
      const said = `of manifest.json, ${notCompared.join(', ')} are what the run says of itself: not compared`
      streams.out.write(`${[...lines, ...[...notes, said].map((note) => `note: ${note}`)].join('\n')}\n`)
    }
    if (interrupt.signal.aborted) return exitCodes.interrupted
    return entire ? exitCodes.ok : exitCodes.partly
  } finally {
    progress.end()
    interrupt.release()
  }
}
