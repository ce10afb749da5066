import { type Charge, charge, type Priced, type Purpose, purposes } from './charge.js'
import type { Prices } from './prices.js'

/** What was spent, and what of it came to nothing. */
export interface Amounts {
  readonly joules: number
  readonly wastedJoules: number
  readonly money: number
  readonly wastedMoney: number
}

const nothing: Amounts = { joules: 0, wastedJoules: 0, money: 0, wastedMoney: 0 }

const plus = (sum: Amounts, { joules, money, useful }: Pick<Charge, 'joules' | 'money' | 'useful'>): Amounts => ({
  joules: sum.joules + joules,
  wastedJoules: sum.wastedJoules + (useful ? 0 : joules),
  money: sum.money + money,
  wastedMoney: sum.wastedMoney + (useful ? 0 : money),
})

/** Sums of charges by a key of theirs, in the order in which keys came up. */
export const sumsBy = <Key>(flight: Priced, prices: Prices, keyOf: (charge: Charge) => Key): ReadonlyMap<Key, Amounts> => {
  const sums = new Map<Key, Amounts>()
  charge(flight, prices, (one) => {
    const key = keyOf(one)
    sums.set(key, plus(sums.get(key) ?? nothing, one))
  })
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
  let total = nothing
  const roles = new Map<string, Charge['role']>()
  const payers = new Map<string, Amounts>()
  const sums = sumsBy(flight, prices, (one) => {
    total = plus(total, one)
    roles.set(one.payer, one.role)
    payers.set(one.payer, plus(payers.get(one.payer) ?? nothing, one))
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
