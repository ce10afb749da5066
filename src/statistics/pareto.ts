/** Something that is bought: what it is worth, of which more is better, and what it costs. */
export interface Offer {
  readonly cost: number
  readonly worth: number
}

/** Those that no other beats, which is worth as much for less, or more for as much: in the order of their costs. Equals stay both. */
export const paretoFront = <T extends Offer>(offers: readonly T[]): T[] => {
  const sorted = offers.filter(({ cost, worth }) => Number.isFinite(cost) && Number.isFinite(worth)).toSorted((a, b) => a.cost - b.cost || b.worth - a.worth)
  const front: T[] = []
  for (const offer of sorted) {
    const best = front.at(-1)
    if (best === undefined || offer.worth > best.worth || (offer.worth === best.worth && offer.cost === best.cost)) front.push(offer)
  }
  return front
}
