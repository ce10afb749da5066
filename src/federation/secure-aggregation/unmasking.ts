import type { Message } from '../../actors/actor.js'
import { type Element } from './field.js'
import { addInRing, unpackRing } from './fixed-point.js'
import { type SecureTerms, signOf } from './masking.js'
import { type PublicKeys, readHidden, readKeys, readShares, writeHidden, writeNumbers, writeRoster } from './messages.js'
import { Interpolation } from './shamir.js'
import { agree, maskOf, publicOf } from './simulated.js'

/** The steps of the protocol, in their order: what its clients do in each. */
export const phases = ['advertise', 'share', 'mask', 'unmask'] as const
export type Phase = (typeof phases)[number]

/** Who waits for a step has waited long enough. */
export interface StepTimer extends Message {
  readonly kind: 'step'
  readonly round: number
  readonly step: Phase
}

/** Too few have come through a step: the round aborts, and nothing is learnt of anybody's input. */
export class BelowThreshold extends Error {
  constructor(readonly phase: Phase, readonly there: number, readonly threshold: number) {
    super(`secure aggregation: ${there} of at least ${threshold} clients came through '${phase}'`)
    this.name = 'BelowThreshold'
  }
}

/** The server in a round of the protocol: what has come so far, by client. Plain data. */
export interface Unmasking {
  readonly keys: Map<number, PublicKeys>
  readonly hidden: Map<number, ReadonlyMap<number, Uint8Array>>
  readonly masked: Map<number, Uint8Array>
  readonly shares: Map<number, ReadonlyMap<number, Element>>
}

export const newUnmasking = (): Unmasking => ({ keys: new Map(), hidden: new Map(), masked: new Map(), shares: new Map() })

/** The same with maps of its own; what is in them is never changed. */
export const copyUnmasking = ({ keys, hidden, masked, shares }: Unmasking): Unmasking => ({
  keys: new Map(keys), hidden: new Map(hidden), masked: new Map(masked), shares: new Map(shares),
})

/** Takes in what a client has sent for a step. `false`: it is damaged, or no longer or not yet expected of it. */
export const takeIn = (state: Unmasking, phase: Phase, from: number, bytes: Uint8Array): boolean => {
  switch (phase) {
    case 'advertise': {
      const keys = readKeys(bytes)
      if (keys === undefined || state.keys.has(from)) return false
      state.keys.set(from, keys)
      return true
    }
    case 'share': {
      const hidden = readHidden(bytes)
      const whole = hidden?.size === state.keys.size - 1 && [...hidden.keys()].every((to) => to !== from && state.keys.has(to))
      if (!whole || !state.keys.has(from) || state.hidden.has(from)) return false
      state.hidden.set(from, hidden)
      return true
    }
    case 'mask':
      if (!state.hidden.has(from) || state.masked.has(from)) return false
      state.masked.set(from, bytes)
      return true
    case 'unmask': {
      const shares = readShares(bytes)
      const whole = shares?.size === state.hidden.size && [...shares.keys()].every((of) => state.hidden.has(of))
      if (!whole || !state.masked.has(from) || state.shares.has(from)) return false
      state.shares.set(from, shares)
      return true
    }
    default:
      return phase satisfies never
  }
}

const inOrder = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b)

const demand = (phase: Phase, there: number, { threshold }: SecureTerms): void => {
  if (there < threshold) throw new BelowThreshold(phase, there, threshold)
}

/** Ends the first step: what everybody is sent who has advertised keys. Throws `BelowThreshold`. */
export const roster = ({ keys }: Unmasking, terms: SecureTerms): Uint8Array => {
  demand('advertise', keys.size, terms)
  return writeRoster(new Map(inOrder(keys.keys()).map((number) => [number, keys.get(number)!])))
}

/** Ends the second step: what each is sent who has shared its keys. Throws `BelowThreshold`. */
export const forwarded = ({ hidden }: Unmasking, terms: SecureTerms): ReadonlyMap<number, Uint8Array> => {
  demand('share', hidden.size, terms)
  const who = inOrder(hidden.keys())
  return new Map(who.map((to) => [to, writeHidden(new Map(who.filter((from) => from !== to).map((from) => [from, hidden.get(from)!.get(to)!])))]))
}

/** Ends the third step: what everybody is sent whose masked input has come. Throws `BelowThreshold`. */
export const survivors = ({ masked }: Unmasking, terms: SecureTerms): Uint8Array => {
  demand('mask', masked.size, terms)
  return writeNumbers(inOrder(masked.keys()))
}

/**
 * Ends the last step: the sum of the inputs that have come, [length], by taking away the masks of their senders alone and of
 * pairs with clients whose input has not come; all others cancel. Throws `BelowThreshold`.
 *
 * Bonawitz et al., CCS 2017, figure 4, round 4.
 */
export const sumOf = ({ keys, hidden, masked, shares }: Unmasking, length: number, terms: SecureTerms): Uint32Array => {
  demand('unmask', shares.size, terms)
  const { threshold, ring } = terms
  const places = new Map(inOrder(keys.keys()).map((number, i) => [number, i + 1]))
  const holders = inOrder(shares.keys()).slice(0, threshold)
  const interpolation = new Interpolation(holders.map((number) => places.get(number)!))
  const secretOf = (of: number): Element =>
    interpolation.secret(holders.map((number) => ({ x: places.get(number)!, y: shares.get(number)!.get(of)! })))
  const sum = new Uint32Array(length)
  for (const bytes of masked.values()) addInRing(sum, unpackRing(bytes, length, ring), 1, ring)
  for (const number of hidden.keys()) {
    const secret = secretOf(number)
    if (masked.has(number)) {
      addInRing(sum, maskOf(secret, length, ring), -1, ring)
      continue
    }
    if (publicOf(secret) !== keys.get(number)!.s) throw new RangeError(`shares of client ${number}'s key do not make it up`)
    for (const other of masked.keys()) {
      addInRing(sum, maskOf(agree(secret, keys.get(other)!.s), length, ring), signOf(other, number) === 1 ? -1 : 1, ring)
    }
  }
  return sum
}
