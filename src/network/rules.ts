import { Observable, type OperatorFunction } from 'rxjs'

import type { Verdict } from '../faults/weather.js'
import type { Envelope } from './envelope.js'

/** An envelope with what the rules decided about it. */
export interface Flight<E extends Envelope = Envelope> {
  readonly envelope: E
  readonly verdict: Verdict
}

/**
 * The fates: every envelope leaves as one flight, and once more for each copy that a rule makes. A copy is an envelope
 * of its own (`copyOf` numbers it) and is judged for itself, but never copied again.
 */
export const fates =
  <E extends Envelope>(
    judge: (envelope: E) => Verdict,
    copyOf: (envelope: E, copy: number) => E,
  ): OperatorFunction<E, Flight<E>> =>
  (envelopes$) =>
    new Observable((subscriber) =>
      envelopes$.subscribe({
        next: (envelope) => {
          const verdict = judge(envelope)
          subscriber.next({ envelope, verdict })
          for (let i = 0; i < verdict.copies.length; i++) {
            const copy = copyOf(envelope, i + 1)
            const own = judge(copy)
            const delay = own.delay + verdict.copies[i].delay
            subscriber.next({ envelope: copy, verdict: { ...own, delay, copies: [] } })
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    )
