import type { Draws } from '../../codecs/coding/draws.js'
import { addInRing, packRing } from './fixed-point.js'
import type { Element } from './field.js'
import { hide, type HiddenShares, type PublicKeys, readHidden, readNumbers, readRoster, reveal, writeHidden, writeKeys, writeShares } from './messages.js'
import { share } from './shamir.js'
import { agree, drawKey, maskOf, publicOf } from './simulated.js'

/** What everybody in a round of the protocol has agreed on. */
export interface SecureTerms {
  /** Clients without whose shares nothing is unmasked: fewer learn nothing, and below it a round aborts. */
  readonly threshold: number
  /** Bits of the ring. */
  readonly ring: number
}

/** A client in a round of the protocol: plain data. */
export interface Masking {
  readonly number: number
  /** Secret keys: of what it shares (c), of masks with others (s); and the seed of its own mask (b). */
  readonly c: Element
  readonly s: Element
  readonly b: Element
  /** Everybody's public keys, itself among them, once they are known. */
  readonly keys: ReadonlyMap<number, PublicKeys>
  /** Its own shares of its own secrets, and those of others once they have come: by whose they are. */
  readonly shares: ReadonlyMap<number, Pick<HiddenShares, 's' | 'b'>>
}

/** What a client cannot go on with: its server sees that it sends nothing. */
export type Stuck = 'damaged' | 'too few' | 'left out'

/** A client's next step: what it has come to, and what it sends. */
export type Step = { readonly state: Masking; readonly bytes: Uint8Array } | { readonly stuck: Stuck }

/** Advertises keys: round 0 of figure 4. */
export const advertise = (number: number, draws: Draws): { readonly state: Masking; readonly bytes: Uint8Array } => {
  const [c, s, b] = [drawKey(draws), drawKey(draws), drawKey(draws)]
  return { state: { number, c, s, b, keys: new Map(), shares: new Map() }, bytes: writeKeys({ c: publicOf(c), s: publicOf(s) }) }
}

/** Shares its key and its seed among all who have advertised theirs: round 1. */
export const shareKeys = (state: Masking, roster: Uint8Array, { threshold }: SecureTerms, draws: Draws): Step => {
  const keys = readRoster(roster)
  if (keys === undefined) return { stuck: 'damaged' }
  if (keys.size < threshold) return { stuck: 'too few' }
  // Keys of an earlier life of its own are others: what is hidden under those it could not read.
  const listed = keys.get(state.number)
  if (listed?.c !== publicOf(state.c) || listed.s !== publicOf(state.s)) return { stuck: 'left out' }
  // The place among all is the point of a share; the same for everybody.
  const others = [...keys.keys()].toSorted((a, b) => a - b)
  const [ofKey, ofSeed] = [share(state.s, threshold, others.length, draws), share(state.b, threshold, others.length, draws)]
  const hidden = new Map<number, Uint8Array>()
  let own = { s: 0n, b: 0n }
  others.forEach((to, i) => {
    const pair = { s: ofKey[i].y, b: ofSeed[i].y }
    if (to === state.number) own = pair
    else hidden.set(to, hide({ from: state.number, to, ...pair }, agree(state.c, keys.get(to)!.c)))
  })
  return { state: { ...state, keys, shares: new Map([[state.number, own]]) }, bytes: writeHidden(hidden) }
}

/** The sign of the mask that two clients have in common: one adds what the other takes away. */
export const signOf = (number: number, other: number): 1 | -1 => (number > other ? 1 : -1)

/**
 * Sends its input with the masks of all pairs with those whose shares it has, and with one of its own: round 2.
 *
 *     y_u = x_u + PRG(b_u) + sum over v of +-PRG(s_uv)
 */
export const maskInput = (state: Masking, forwarded: Uint8Array, input: Uint32Array, { threshold, ring }: SecureTerms): Step => {
  const hidden = readHidden(forwarded)
  if (hidden === undefined) return { stuck: 'damaged' }
  if (hidden.size + 1 < threshold) return { stuck: 'too few' }
  const shares = new Map(state.shares)
  const masked = input.slice()
  addInRing(masked, maskOf(state.b, input.length, ring), 1, ring)
  for (const [from, sealed] of hidden) {
    const keys = state.keys.get(from)
    const shown = keys && reveal(sealed, agree(state.c, keys.c))
    if (shown?.from !== from || shown.to !== state.number) return { stuck: 'damaged' }
    shares.set(from, shown)
    addInRing(masked, maskOf(agree(state.s, keys!.s), input.length, ring), signOf(state.number, from), ring)
  }
  return { state: { ...state, shares }, bytes: packRing(masked, ring) }
}

/** Gives the shares by which the sum is unmasked: of seeds of those whose input has come, of keys of the others. Never both. Round 4. */
export const unmask = (state: Masking, survivors: Uint8Array, { threshold }: SecureTerms): Step => {
  const came = readNumbers(survivors)
  if (came === undefined) return { stuck: 'damaged' }
  if (came.size < threshold) return { stuck: 'too few' }
  if (!came.has(state.number) || [...came].some((number) => !state.shares.has(number))) return { stuck: 'left out' }
  return { state, bytes: writeShares(new Map([...state.shares].map(([number, { s, b }]) => [number, came.has(number) ? b : s]))) }
}
