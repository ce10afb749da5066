import type { Draws } from '../random/draws.js'
import type { Name } from '../roster/participant.js'
import type { Selector } from '../roster/selectors.js'
import { shareNearest } from '../shares.js'

/** The share of those selected that a fault is about, if it is about one. */
export const shareOf = (fault: object): number | undefined => {
  const { who } = fault as { readonly who?: Selector }
  return who?.select === 'share' ? who.share : undefined
}

/** Of the draws of a client in a round: the lot by which a share is drawn. */
const LOT = 2

/** Who was selected in which round: told when a round opens. Clients who are peers are in every round, whoever sees it open when. */
export class Selections {
  /** By whose rounds they are: undefined for the aggregator's. */
  readonly #selected = new Map<Name | undefined, Map<number, readonly Name[]>>()
  readonly #openerOf: ((name: Name) => Name | undefined) | undefined

  /** `openerOf`: whose rounds one takes part in, where not everybody is in those of the aggregator. `peers`: where there is none, all clients. */
  constructor(openerOf?: (name: Name) => Name | undefined, private readonly peers?: readonly Name[]) {
    this.#openerOf = openerOf
  }

  open(round: number, selected: readonly Name[], opener?: Name): void {
    const rounds = this.#selected.get(opener)
    if (rounds === undefined) this.#selected.set(opener, new Map([[round, selected]]))
    else rounds.set(round, selected)
  }

  /**
   * A share of those that each round selects, drawn anew for each: the nearest number. A client that was asked after the
   * round had opened, as where rounds overlap, tosses a coin of the same bias.
   */
  share(share: number, draws: Draws): (client: Name, round: number) => boolean {
    /** Of each round of each who opens some: whether each of those selected is drawn. */
    const drawn = new Map<Name | undefined, Map<number, ReadonlyMap<Name, boolean>>>()
    const lot = (client: Name, round: number): number => draws.visit(client, round, LOT)
    const draw = (round: number, opener: Name | undefined): ReadonlyMap<Name, boolean> => {
      const selected = this.peers ?? this.#selected.get(opener)?.get(round) ?? []
      const many = shareNearest(share, selected.length)
      const lots = selected.map((client) => ({ client, lot: lot(client, round) })).sort((a, b) => a.lot - b.lot)
      return new Map(lots.map(({ client }, place) => [client, place < many]))
    }
    return (client, round) => {
      const opener = this.#openerOf?.(client)
      let rounds = drawn.get(opener)
      if (rounds === undefined) drawn.set(opener, (rounds = new Map()))
      let own = rounds.get(round)
      if (own === undefined) rounds.set(round, (own = draw(round, opener)))
      return own.get(client) ?? lot(client, round) < share
    }
  }
}
