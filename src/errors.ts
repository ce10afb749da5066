/** Exit codes of the command, one per kind of failure. Documented in docs/errors.md. */
export const exitCodes = {
  ok: 0,
  /** Anything unforeseen: a bug of ours or of a script. */
  crash: 1,
  /** Wrong flags, a specification that breaks its schema, a script that cannot be loaded. */
  specification: 2,
  /** Data that is missing or malformed. */
  data: 3,
  /** A safety check failed while running. */
  safety: 4,
  /** The run could not go on, or nowhere: a round that can never close, or all of them aborted. */
  liveness: 5,
  /** A replay gave other events or numbers. */
  nondeterminism: 6,
  /** The run folder could not be written. */
  storage: 7,
  /** Nothing that must be the same differs, but not all could be compared or vouched for: a run that was broken off, another processor. */
  partly: 8,
  /** Parameters or scores were not finite, and the specification did not ask to go on. */
  diverged: 9,
  /** A claimed ranking was refuted. */
  refuted: 10,
  /** A claimed ranking is not so, or not shown to be so, without any fault. */
  unfounded: 11,
  /** Ctrl-C: what was flown so far is in the run folder. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Control characters but for tab and line feed, and what turns the direction of a text or breaks a line unseen. */
const unprintable = /(?![\t\n])[\p{Cc}\u{61c}\u{200e}\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}]/gu

/** A text that a terminal shows as it is: what would move its cursor or turn its direction is written as `\\u001b`, as JSON does. */
export const printable = (text: string): string =>
  text.replace(unprintable, (sign) => `\\u${(sign.codePointAt(0) as number).toString(16).padStart(4, '0')}`)

/**
 * Words longer than anybody reads, such as a path of a hundred folders, with their middle left out. A row of JSON is not
 * one word.
 */
export const abridged = (text: string): string =>
  text.replace(/([^\s"{}[\],:]{100})[^\s"{}[\],:]{60,}([^\s"{}[\],:]{20})/gu, '$1…$2')

/** The base of every error that a user can act on: what was wrong, where, and what to do. */
export class WindtunnelError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(abridged(printable(message)), options)
  }

  readonly exitCode: ExitCode = exitCodes.crash
  override get name(): string {
    return this.constructor.name
  }
}

/** A specification that breaks a rule. `where` is a path such as `rounds.quorum`, with file and line where known. */
export class SpecificationError extends WindtunnelError {
  override readonly exitCode = exitCodes.specification
}

/** Data that is missing or malformed, with file, line and column where known. */
export class DataError extends WindtunnelError {
  override readonly exitCode = exitCodes.data
}

/** A check that watches the run was violated. */
export class SafetyError extends WindtunnelError {
  override readonly exitCode = exitCodes.safety
}

/** Nothing is left to happen, and yet the run is not over. */
export class LivenessError extends WindtunnelError {
  override readonly exitCode = exitCodes.liveness

  /** `stuck`: when nothing was left to happen, in which round, and who had not answered. */
  constructor(message: string, readonly stuck: { readonly time?: number; readonly round?: number; readonly actors?: readonly string[] } = {}) {
    super(message)
  }
}

/**
 * The same of rounds that by their own words wait for somebody whom a calm phase leaves out of its core: nothing of the core is
 * at fault.
 */
export class ExcusedStallError extends LivenessError {}

/** It goes on for ever: more happened than any run that ends needs, at one instant or in all. */
export class EndlessError extends LivenessError {}

/** Training gave parameters, or a model scores, that are not finite. */
export class DivergenceError extends WindtunnelError {
  override readonly exitCode = exitCodes.diverged
}

/** Two runs that must be equal are not. */
export class NondeterminismError extends WindtunnelError {
  override readonly exitCode = exitCodes.nondeterminism
}

/** The run folder could not be read or written. */
export class StorageError extends WindtunnelError {
  override readonly exitCode = exitCodes.storage
}

/** `object`, the name of a class, or the type of what is no object. */
const kindOf = (value: unknown): string => {
  if (typeof value !== 'object') return typeof value
  const name = (value?.constructor as { readonly name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== 'Object' ? name : 'object'
}

/** What it is and what it says, of anything: `string "no luck"`, `object {"code":17}`, `Refusal {"code":17}`, `undefined`. */
const toldOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'bigint' || typeof value === 'symbol') return `${typeof value} ${value.toString()}`
  try {
    return `${kindOf(value)} ${typeof value === 'function' ? value.name : JSON.stringify(value)}`
  } catch {
    return `${kindOf(value)} that cannot be told`
  }
}

/** What stands for something that was thrown and is no error. It does not say where: only errors know. */
export class NoError extends Error {
  /** What it is and what it says. */
  readonly told: string

  constructor(readonly thrown: unknown) {
    const told = toldOf(thrown)
    super(`something was thrown that is no error: ${told.length > 200 ? `${told.slice(0, 199)}…` : told}`, { cause: thrown })
    this.told = told
  }
}

/** What was thrown, as an error: scripts may throw anything. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new NoError(thrown))
