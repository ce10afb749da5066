import { type Charge, charge, type Priced, type Purpose, purposes } from './charge.js'
import type { Prices } from './prices.js'

/** What was spent, and what of it came to nothing. */
export interface Amounts {
  readonly joules: number
  readonly wastedJoules: number
  readonly money: number
  readonly wastedMoney: number
}

type Sum = { -readonly [Amount in keyof Amounts]: Amounts[Amount] }

const nothing = (): Sum => ({ joules: 0, wastedJoules: 0, money: 0, wastedMoney: 0 })

const add = (sum: Sum, { joules, money, useful }: Charge): void => {
  sum.joules += joules
  sum.money += money
  if (useful) return
  sum.wastedJoules += joules
  sum.wastedMoney += money
}

const addTo = <Key>(sums: Map<Key, Sum>, key: Key, one: Charge): void => {
  let sum = sums.get(key)
  if (sum === undefined) sums.set(key, (sum = nothing()))
  add(sum, one)
}

/** Sums of charges by a key of theirs, in the order in which keys came up. */
export const sumsBy = <Key>(flight: Priced, prices: Prices, keyOf: (charge: Charge) => Key): ReadonlyMap<Key, Amounts> => {
  const sums = new Map<Key, Sum>()
  charge(flight, prices, (one) => addTo(sums, keyOf(one), one))
  return sums
}

export interface Bill extends Amounts {
  readonly currency: string
  /** Does anything cost money? */
  readonly charged: boolean
  /** What it was spent on: purposes that came up, in their order. */
  readonly byPurpose: readonly (Amounts & { readonly purpose: Purpose })[]
  /** Who pays, by name. */
  readonly byPayer: readonly (Amounts & { readonly payer: string; readonly role: Charge['role'] })[]
}

const byName = (a: { readonly payer: string }, b: { readonly payer: string }): number => (a.payer < b.payer ? -1 : 1)

/** What a flight costs. */
export const billOf = (flight: Priced, prices: Prices): Bill => {
  const total = nothing()
  const roles = new Map<string, Charge['role']>()
  const payers = new Map<string, Sum>()
  const sums = sumsBy(flight, prices, (one) => {
    add(total, one)
    roles.set(one.payer, one.role)
    addTo(payers, one.payer, one)
    return one.purpose
  })
  return {
    currency: prices.currency,
    charged: prices.charged,
    ...total,
    byPurpose: purposes.flatMap((purpose) => (sums.has(purpose) ? [{ purpose, ...sums.get(purpose)! }] : [])),
    byPayer: [...payers].map(([payer, amounts]) => ({ payer, role: roles.get(payer)!, ...amounts })).sort(byName),
  }
}
