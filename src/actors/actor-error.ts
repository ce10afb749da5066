import { WindtunnelError, type ExitCode } from '../errors.js'
import { formatMicros, type Micros } from '../time/micros.js'
import type { Name } from '../roster/participant.js'

/**
 * An actor that broke a rule, or whose handler threw: who, over which message, when. `cause` is what was thrown; the
 * exit code is the cause's, where it has one.
 */
export class ActorError extends WindtunnelError {
  override readonly exitCode: ExitCode

  constructor(
    readonly actor: Name,
    /** Kind of the message that was being handled. */
    readonly kind: string,
    readonly time: Micros,
    what: string,
    options?: { readonly cause: unknown },
  ) {
    super(`${actor} ${what} ('${kind}' at ${formatMicros(time)})`, options)
    this.exitCode = options?.cause instanceof WindtunnelError ? options.cause.exitCode : 1
  }
}
