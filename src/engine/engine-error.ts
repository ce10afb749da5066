import { WindtunnelError } from '../errors.js'

/** Training or scoring could not be carried out: a job threw, workers kept dying, or a runtime cannot be loaded. */
export class EngineError extends WindtunnelError {}
