import { SpecificationError } from '../errors.js'

/** What a specification asks for would happen after the clock has ended; `what` is a sentence that says what. */
export class ClockError extends SpecificationError {
  constructor(what: string) {
    super(
      `${what}, but the clock ends after 8.9 years. ` +
        'Shorten the delays, deadlines or computations of the specification that reach so far, or fly fewer rounds.',
    )
  }
}
