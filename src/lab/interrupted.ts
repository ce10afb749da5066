import { exitCodes, WindtunnelError } from '../errors.js'

/** Many flights were to be flown, and somebody ended them before the last. */
export class InterruptedError extends WindtunnelError {
  override readonly exitCode = exitCodes.interrupted

  constructor(flown: number) {
    super(`Interrupted after ${flown} ${flown === 1 ? 'flight' : 'flights'}: nothing can be said yet.`)
  }
}
