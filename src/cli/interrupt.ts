import { closedPipe } from './closed-pipe.js'

/** A flight's end on demand. */
export interface Interrupt {
  readonly signal: AbortSignal
  /** Gives Ctrl-C back. */
  readonly release: () => void
}

/**
 * Turns Ctrl-C into an abort signal: the first ends the flight at its next event, so that the run folder is closed
 * properly; the second ends the process at once. So does a pipe that nobody reads any more, without a word.
 */
export const onInterrupt = (tell: (text: string) => void): Interrupt => {
  const stop = new AbortController()
  const listener = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
    tell('interrupted: closing the run (Ctrl-C again to quit at once)')
  }
  const quietly = (): void => stop.abort()
  process.on('SIGINT', listener)
  process.on('SIGTERM', listener)
  closedPipe.addEventListener('abort', quietly)
  return {
    signal: stop.signal,
    release() {
      process.off('SIGINT', listener)
      process.off('SIGTERM', listener)
      closedPipe.removeEventListener('abort', quietly)
    },
  }
}
