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

/** Who was selected in which round: told when a round opens. */
export class Selections {
  readonly #selected = new Map<number, readonly Name[]>()

  open(round: number, selected: readonly Name[]): void {
    this.#selected.set(round, selected)
  }

  /**
   * A share of those that each round selects, drawn anew for each: the nearest number. A client that was asked after the
   * round had opened, as where rounds overlap, tosses a coin of the same bias.
   */
  share(share: number, draws: Draws): (client: Name, round: number) => boolean {
    /** Of each round: whether each of those selected is drawn. */
    const drawn = new Map<number, ReadonlyMap<Name, boolean>>()
    const lot = (client: Name, round: number): number => draws.visit(client, round, LOT)
    const draw = (round: number): ReadonlyMap<Name, boolean> => {
      const selected = this.#selected.get(round) ?? []
      const many = shareNearest(share, selected.length)
      const lots = selected.map((client) => ({ client, lot: lot(client, round) })).sort((a, b) => a.lot - b.lot)
      return new Map(lots.map(({ client }, place) => [client, place < many]))
    }
    return (client, round) => {
      let own = drawn.get(round)
      if (own === undefined) drawn.set(round, (own = draw(round)))
      return own.get(client) ?? lot(client, round) < share
    }
  }
}
