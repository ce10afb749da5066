import type { Order } from '../../random/order.js'

export interface Selecting {
  /** The order in which clients come up, by their index. */
  readonly order: Order
  /** How many clients there are. */
  readonly clients: number
  readonly wanted: number
  /** Clients that may be asked, if not all may: by their index. */
  readonly among: ReadonlySet<number> | undefined
  /** Is this one there, and may it be asked? Asked of one after the other, until there are enough. */
  isThere(client: number): boolean
}

/**
 * The first clients of a drawn order that are there. Since the order is of all clients, one that is away moves up those
 * behind it and changes nothing else. Costs as much as the clients that are looked at: those of the order up to the last
 * that is chosen, or those among whom to choose where they are few.
 */
export const firstThere = ({ order, clients, wanted, among, isThere }: Selecting): number[] => {
  const found: number[] = []
  const take = (place: number): void => {
    const client = order.at(place)
    if ((among === undefined || among.has(client)) && isThere(client)) found.push(client)
  }
  if (among !== undefined && among.size ** 2 < wanted * clients) {
    const places = Float64Array.from(among, (client) => order.placeOf(client)).sort()
    for (let i = 0; i < places.length && found.length < wanted; i++) take(places[i])
    return found
  }
  for (let place = 0; place < clients && found.length < wanted; place++) take(place)
  return found
}
