const closed = new AbortController()

/** Aborted when nobody reads any more what is written: `windtunnel run ... | head`. */
export const closedPipe: AbortSignal = closed.signal

/** Takes the errors of a stream that the process writes to: a pipe that was closed is none. */
export const watchPipe = (stream: NodeJS.WriteStream, failed: (error: unknown) => void): void => {
  stream.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? closed.abort() : failed(error)))
}
