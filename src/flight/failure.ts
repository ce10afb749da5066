import { Violation } from '../checks/check.js'
import { progress } from '../checks/progress.js'
import { asError, DivergenceError, exitCodes, LivenessError, NoError, NondeterminismError, SafetyError, WindtunnelError } from '../errors.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { scriptPlaceOf } from './script-place.js'

export const failureKinds = ['safety', 'liveness', 'divergence', 'crash', 'nondeterminism'] as const

/**
 * How a flight can fail: a check was violated, it could never end, its numbers were not finite, something was thrown that
 * nobody had foreseen, or it was another when it was flown again.
 */
export type FailureKind = (typeof failureKinds)[number]

/** A flight that failed. Plain JSON. */
export interface Failure {
  readonly kind: FailureKind
  /** What failures are told apart by: the name of a check; of an error its name, and where it was thrown; of what is none its words. */
  readonly what: string
  readonly message: string
  readonly time?: Micros
  readonly round?: number | undefined
  readonly actors?: readonly Name[]
  /** Envelopes that a violation is about. */
  readonly envelopes?: readonly number[]
}

const kindOf = (error: Error): FailureKind => {
  if (error instanceof SafetyError) return 'safety'
  if (error instanceof LivenessError) return 'liveness'
  if (error instanceof DivergenceError) return 'divergence'
  return error instanceof NondeterminismError ? 'nondeterminism' : 'crash'
}

/** What is behind an error that actors and the kernel have passed on; of one that is behind itself, the last that was not met before. */
const rootOf = (error: Error): Error => {
  const met = new Set<Error>()
  let root = error
  while (root.cause instanceof Error && !met.has(root.cause)) {
    met.add(root)
    root = root.cause
  }
  return root
}

/** Where an error came up: in a script file, line and column; elsewhere the function, since lines of it are nobody's. */
const placeOf = (error: Error, cwd: string): string => {
  const own = scriptPlaceOf(error, cwd)
  if (own !== undefined) return ` at ${own}`
  const place = /\n\s+at (?:async )?(?:new )?([\w#.<>[\] ]+) \(/.exec(error.stack ?? '')?.[1]
  return place === undefined ? '' : ` in ${place}`
}

/** The most characters by which failures are told apart. */
const most = 200

/** What is no error knows no place: it is told apart by what it says, but for clients and numbers, which other cases have other ones of. */
const wordsOf = ({ thrown, told }: NoError): string => {
  const alike = typeof thrown === 'number' || typeof thrown === 'bigint' ? told : told.replace(/\bclient-[\w.-]*\w/g, 'client-*').replace(/\d+(?:\.\d+)?/g, '#')
  return `thrown ${alike.slice(0, most)}`
}

/** What crashes are told apart by: an error and its place in the program, not names and numbers in its words. */
const crashOf = (root: Error, cwd: string): string => (root instanceof NoError ? wordsOf(root) : `${root.name}${placeOf(root, cwd)}`)

/** What came of a flight that threw this. `cwd`: what paths of scripts are relative to. */
export const failureOf = (thrown: unknown, cwd: string): Failure => {
  const error = asError(thrown)
  const root = error instanceof Violation ? error : rootOf(error)
  const kind = kindOf(error) === 'crash' ? kindOf(root) : kindOf(error)
  if (root instanceof Violation) {
    const { check, message, time, round, actors, envelopes } = root
    return { kind: check === progress.name ? 'liveness' : 'safety', what: check, message, time, round, actors, envelopes }
  }
  if (error instanceof LivenessError) return { kind, what: error.name, message: error.message, ...error.stuck }
  return { kind, what: kind === 'crash' ? crashOf(root, cwd) : root.name, message: error.message }
}

/** Whether an error is of what was asked for, or of the machine, and not of a flight. */
export const isOutside = (thrown: unknown): boolean =>
  thrown instanceof WindtunnelError && ([exitCodes.specification, exitCodes.data, exitCodes.storage, exitCodes.interrupted] as number[]).includes(thrown.exitCode)

/** Did two flights fail in the same way? What shrinks keeps to that. */
export const isSame = (one: Failure, other: Failure): boolean => one.kind === other.kind && one.what === other.what
