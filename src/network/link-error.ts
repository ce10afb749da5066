import { WindtunnelError, type ExitCode } from '../errors.js'
import { formatMicros, type Micros } from '../time/micros.js'

/** A link of the simulation's own that threw, or gave what it must not. `cause` is what was thrown. */
export class LinkError extends WindtunnelError {
  override readonly exitCode: ExitCode

  constructor(time: Micros, what: string, options?: { readonly cause: unknown }) {
    super(`The simulation's link ${what} (at ${formatMicros(time)})`, options)
    this.exitCode = options?.cause instanceof WindtunnelError ? options.cause.exitCode : 1
  }
}
