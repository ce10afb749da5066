import { Observable, type OperatorFunction } from 'rxjs'

import type { Verdict } from './weather.js'

/** Something under way, with what the weather has decided about it. */
export interface Judged {
  readonly verdict: Verdict
}

/**
 * The fates: what is sent goes on as it is, and once more for each copy that its verdict makes. A copy is an envelope of
 * its own, judged for itself; `copyOf` makes the n-th, which comes `delay` later and is never copied again.
 */
export const fates =
  <J extends Judged>(copyOf: (original: J, copy: number, delay: number) => J): OperatorFunction<J, J> =>
  (sent$) =>
    new Observable((subscriber) =>
      sent$.subscribe({
        next: (original) => {
          // An error that is thrown here would go past everybody.
          try {
            subscriber.next(original)
            const { copies } = original.verdict
            for (let i = 0; i < copies.length; i++) subscriber.next(copyOf(original, i + 1, copies[i].delay))
          } catch (error) {
            subscriber.error(error)
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    )
