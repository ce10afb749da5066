import type { LedgerRow, TrainingRow } from '../../record/rows.js'
import type { Name } from '../../roster/participant.js'

type Message = Pick<LedgerRow, 'sent' | 'delivered' | 'from' | 'to' | 'kind' | 'round' | 'part' | 'fate'>

/** Is it of the part by which rounds are counted? */
export const isMain = ({ part }: Pick<LedgerRow, 'part'>): boolean => part === 'trunk' || part === 'whole'

/** Messages that a round may wait for: updates of the part by which rounds are counted, and the steps of secure aggregation. */
export const isAwaited = ({ kind, part, fate }: Pick<LedgerRow, 'kind' | 'part' | 'fate'>): boolean =>
  (kind === 'update' && fate === 'used' && isMain({ part })) || ((kind === 'keys' || kind === 'shares' || kind === 'unmask') && fate === 'control')

const add = <Row>(to: Map<string, Row[]>, key: string, row: Row): void => {
  const own = to.get(key)
  if (own === undefined) to.set(key, [row])
  else own.push(row)
}

const keyOf = (round: number, who: Name): string => `${round} ${who}`

/** The rows of a flight by their round and whose they are, in their order. */
export class RoundRows {
  readonly #models = new Map<string, Message[]>()
  readonly #sent = new Map<string, Message[]>()
  readonly #received = new Map<string, Message[]>()
  readonly #trainings = new Map<string, TrainingRow[]>()

  constructor(ledger: readonly Message[], trainings: readonly TrainingRow[]) {
    for (const row of ledger) {
      if (row.kind === 'model') add(this.#models, keyOf(row.round, row.to), row)
      if (row.kind !== 'update') continue
      add(this.#sent, keyOf(row.round, row.from), row)
      add(this.#received, keyOf(row.round, row.to), row)
    }
    for (const row of trainings) add(this.#trainings, keyOf(row.round, row.client), row)
  }

  /** Models that it was sent. */
  models(round: number, to: Name): readonly Message[] {
    return this.#models.get(keyOf(round, to)) ?? []
  }

  /** Updates that it has sent. */
  updates(round: number, from: Name): readonly Message[] {
    return this.#sent.get(keyOf(round, from)) ?? []
  }

  /** Updates that it was sent. */
  received(round: number, to: Name): readonly Message[] {
    return this.#received.get(keyOf(round, to)) ?? []
  }

  /** In the order of time. */
  trainings(round: number, client: Name): readonly TrainingRow[] {
    return (this.#trainings.get(keyOf(round, client)) ?? []).toSorted((a, b) => a.start - b.start)
  }
}
