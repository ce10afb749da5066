import { exitCodes, WindtunnelError } from '../errors.js'

/** What people are told of an error, and the exit code. */
export const says = (error: unknown): { readonly text: string; readonly code: number } => {
  if (error instanceof WindtunnelError) {
    const thrown = error.exitCode === exitCodes.crash && error.cause instanceof Error ? `\n${error.cause.stack}` : ''
    return { text: `${error.message}${thrown}`, code: error.exitCode }
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const cause = error instanceof Error && error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : ''
  const ask = 'This was not foreseen. If the script is not the cause, please report it with the lines above.'
  return { text: `${stack}${cause}\n${ask}`, code: exitCodes.crash }
}
