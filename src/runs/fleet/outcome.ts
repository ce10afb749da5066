import { asError, exitCodes, WindtunnelError } from '../../errors.js'
import type { Outcome } from './fleet.js'

/** What an error comes to: a crash is told with where it was. */
export const failed = (thrown: unknown): Extract<Outcome, { status: 'failed' }> => {
  const error = asError(thrown)
  if (error instanceof WindtunnelError) return { status: 'failed', code: error.exitCode, why: error.message }
  return { status: 'failed', code: exitCodes.crash, why: error.stack ?? `${error.name}: ${error.message}` }
}
