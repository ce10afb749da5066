import { DivergenceError } from '../errors.js'
import { diverged } from '../metrics/judging.js'
import { names } from '../faults/words.js'
import type { Account } from '../record/account.js'
import type { MetricRow, OddGradientRow } from '../record/rows.js'
import type { Resolved } from '../simulation/specification.js'

/** The close of a round, and the round whose scoring began last by then. */
interface Close {
  readonly round: number
  readonly scoring: number
}

/**
 * Ends a flight whose training diverged, where that is wanted: at the close of a round in which an update was refused
 * because it was not finite, or of the first that was scored after one whose scores were not.
 */
export class Divergence {
  readonly #rate: number
  #first: { readonly round: number; readonly rows: readonly MetricRow[] } | undefined

  constructor({ local: { optimizer } }: Pick<Resolved, 'local'>) {
    this.#rate = optimizer.rate
  }

  /** Takes in what was measured after a round, whenever that is known. */
  scored(round: number, rows: readonly MetricRow[]): void {
    const lost = rows.filter(diverged)
    if (lost.length > 0) this.#first ??= { round, rows: lost }
  }

  /**
   * Throws a `DivergenceError` where there is one. At the close of a round, only scores from before the round that is `scoring`
   * count: its own may be known by now or not, which must not decide anything.
   */
  demandNone({ refused, notFinite, unfit, oddGradients }: Pick<Account, 'refused' | 'notFinite' | 'unfit' | 'oddGradients'>, close?: Close): void {
    if (unfit.size > 0) {
      throw this.#error(`The model diverged: what was folded into ${names([...unfit.keys()].sort())} was not finite`, oddGradients)
    }
    const clients = [...new Set([...refused.keys(), ...notFinite])].sort()
    if (clients.length > 0) {
      const when = close === undefined ? '' : ` by the close of round ${close.round}`
      throw this.#error(`Training diverged: updates of ${names(clients)} were not finite${when}`, oddGradients)
    }
    if (this.#first === undefined || this.#first.round >= (close?.scoring ?? Infinity)) return
    const { round, rows } = this.#first
    const where = [...new Set(rows.map(({ task, scenario }) => `${task} in ${scenario}`))]
    throw this.#error(`The model diverged: scores of ${names(where)} are not finite after round ${round}`, oddGradients)
  }

  #error(what: string, odd: readonly OddGradientRow[]): DivergenceError {
    return new DivergenceError(
      `${what}${blamed(odd)}. Lower local.optimizer.rate (${this.#rate}), clip gradients (local.clip), or fly on with ` +
        'onDivergence: go-on: such updates are refused and counted, such rounds never selected.',
    )
  }
}

/** Tasks whose gradients were not finite, if a balancer looked: that of most steps first, since it spoils the others'. */
const blamed = (odd: readonly OddGradientRow[]): string => {
  const rows = odd.filter(({ what }) => what === 'not finite').sort((a, b) => b.steps - a.steps)
  if (rows.length === 0) return ''
  const [{ first }] = rows
  const tasks = rows.map(({ task, steps }) => `${task} (${steps} ${steps === 1 ? 'step' : 'steps'})`)
  return `; balancing found gradients that are not finite of ${names(tasks)}, first of ${first.client} in round ${first.round}`
}
