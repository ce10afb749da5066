import { exitCodes } from '../errors.js'
import { closedPipe } from './closed-pipe.js'

/** A flight's end on demand. */
export interface Interrupt {
  readonly signal: AbortSignal
  /** Gives Ctrl-C back. */
  readonly release: () => void
}

/**
 * Turns Ctrl-C into an abort signal: the first ends the flight at its next event, so that the run folder is closed
 * properly; the second ends the process at once. So does a pipe that nobody reads any more, without a word. A process that is
 * ended meanwhile as if all were well, by a script that calls `process.exit`, says so, and not with exit code 0.
 */
export const onInterrupt = (tell: (text: string) => void): Interrupt => {
  const stop = new AbortController()
  const listener = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
    tell('interrupted: closing the run (Ctrl-C again to quit at once)')
  }
  const quietly = (): void => stop.abort()
  const onExit = (code: number): void => {
    if (code !== exitCodes.ok) return
    process.stderr.write('windtunnel: the process was ended before the command was: does something in the script call process.exit()? What was flown until then is not complete.\n')
    process.exitCode = exitCodes.crash
  }
  process.on('exit', onExit)
  process.on('SIGINT', listener)
  process.on('SIGTERM', listener)
  closedPipe.addEventListener('abort', quietly)
  return {
    signal: stop.signal,
    release() {
      process.off('exit', onExit)
      process.off('SIGINT', listener)
      process.off('SIGTERM', listener)
      closedPipe.removeEventListener('abort', quietly)
    },
  }
}
