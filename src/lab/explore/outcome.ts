import type { CoverageReport } from '../../checks/coverage.js'
import { type Failure, failureOf } from '../../flight/failure.js'
import type { Flight } from '../../flight/flight.js'

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

/** What came of a flight that threw. `cwd`: what paths of scripts are relative to. */
export const failed = (thrown: unknown, cwd: string): Outcome => ({ failed: true, failure: failureOf(thrown, cwd) })
