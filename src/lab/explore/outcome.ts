import { Violation } from '../../checks/check.js'
import { asError, LivenessError, NondeterminismError, SafetyError } from '../../errors.js'
import type { CoverageReport } from '../../checks/coverage.js'
import type { Flight } from '../../flight/flight.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'

/**
 * How a flight can fail: a check was violated, it could never end, something was thrown that nobody had foreseen, or it was
 * another when it was flown again.
 */
export type FailureKind = 'safety' | 'liveness' | 'crash' | 'nondeterminism'

/** A flight that failed. Plain JSON. */
export interface Failure {
  readonly kind: FailureKind
  /** What failures are told apart by: the name of a check, or of an error. */
  readonly what: string
  readonly message: string
  readonly time?: Micros
  readonly round?: number | undefined
  readonly actors?: readonly Name[]
  /** Envelopes that a violation is about. */
  readonly envelopes?: readonly number[]
}

/** What came of a case. */
export type Outcome =
  | {
      readonly failed: false
      readonly digest: string
      readonly events: string
      /** How often each mark was passed. */
      readonly marks: Readonly<Record<string, number>>
      readonly coverage: CoverageReport
      /** Ids of faults that struck. */
      readonly fired: readonly string[]
    }
  | { readonly failed: true; readonly failure: Failure }

/** What came of a flight that has ended. */
export const ended = ({ digest, digests, marks, coverage, faults }: Flight): Outcome => ({
  failed: false, digest, events: digests.events, marks, coverage, fired: faults.filter(({ fired }) => fired > 0).map(({ id }) => id),
})

const kindOf = (error: Error): FailureKind => {
  if (error instanceof SafetyError) return 'safety'
  if (error instanceof LivenessError) return 'liveness'
  return error instanceof NondeterminismError ? 'nondeterminism' : 'crash'
}

/** What is behind an error that actors and the kernel have passed on. */
const rootOf = (error: Error): Error => (error.cause instanceof Error ? rootOf(error.cause) : error)

/** What came of a flight that threw. */
export const failed = (thrown: unknown): Outcome => {
  const error = asError(thrown)
  const root = error instanceof Violation ? error : rootOf(error)
  const kind = kindOf(error) === 'crash' ? kindOf(root) : kindOf(error)
  if (root instanceof Violation) {
    const { check, message, time, round, actors, envelopes } = root
    return { failed: true, failure: { kind: 'safety', what: check, message, time, round, actors, envelopes } }
  }
  // A crash is told apart by its error and the place in the program, not by names and numbers in its words.
  return { failed: true, failure: { kind, what: kind === 'crash' ? `${root.name}${placeOf(root)}` : root.name, message: error.message } }
}

const placeOf = ({ stack = '' }: Error): string => {
  const place = /\n\s+at (?:async )?(?:new )?([\w#.<>[\] ]+) \(/.exec(stack)?.[1]
  return place === undefined ? '' : ` in ${place}`
}

/** Did two flights fail in the same way? What shrinks keeps to that. */
export const isSame = (one: Failure, other: Failure): boolean => one.kind === other.kind && one.what === other.what
