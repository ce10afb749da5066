import type { Bill } from '../costs/bill.js'
import { costOf, saysCosts } from '../runs/priced.js'
import type { Told } from '../runs/told.js'

/** What a table of costs can be of. */
export const costKinds = ['energy', 'money'] as const
export type CostKind = (typeof costKinds)[number]

/** What somebody asks to see of costs. */
export interface CostFlags {
  /** `--cost`; what the specification asks for when absent. */
  readonly cost?: readonly CostKind[]
  /** `--set` of a run that was flown: what things cost, in place of what its specification says. */
  readonly reset?: readonly string[]
}

/** The bill of a run, and what of it is to be shown: what is asked for, or, where the specification says what things cost, all that it prices. */
export const askedBill = (
  run: Pick<Told, 'ledger' | 'trainings' | 'virtualTime' | 'manifest'>, { cost, reset = [] }: CostFlags,
): { readonly bill: Bill; readonly kinds: readonly CostKind[] } | undefined => {
  if (cost === undefined && reset.length === 0 && !saysCosts(run.manifest)) return undefined
  const bill = costOf(run, reset)
  return { bill, kinds: cost ?? (bill.charged ? costKinds : ['energy']) }
}

const steps = [['MJ', 1e6], ['kJ', 1e3], ['J', 1], ['mJ', 1e-3], ['µJ', 1e-6]] as const

/** `812 mJ`, `3.40 kJ`: three digits. */
export const formatJoules = (joules: number): string => {
  if (joules === 0) return '0 J'
  const [unit, size] = steps.find(([, least]) => joules >= least) ?? steps[steps.length - 1]
  const value = joules / size
  return `${value >= 999.5 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)} ${unit}`
}

/** With two decimals; of less than a hundredth, two digits. */
export const formatMoney = (money: number): string => {
  if (money === 0 || money >= 0.01) return money.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  return money.toLocaleString('en', { maximumSignificantDigits: 2 })
}

/** The heads and the cells of a table of costs: what was of use beside what came to nothing. */
export const costCells = ({ byPurpose, currency, ...total }: Bill, kinds: readonly CostKind[]): { readonly head: readonly string[]; readonly body: readonly (readonly string[])[] } => {
  const energy = kinds.includes('energy')
  const money = kinds.includes('money')
  const spent = byPurpose.filter((row) => (energy && row.joules > 0) || (money && row.money > 0))
  const rows = [...spent, { purpose: 'in all', ...total }]
  return {
    head: ['spent on', ...(energy ? ['energy, useful', 'wasted'] : []), ...(money ? [`${currency}, useful`, 'wasted'] : [])],
    body: rows.map(({ purpose, joules, wastedJoules, money: paid, wastedMoney }) => [
      purpose,
      ...(energy ? [formatJoules(joules - wastedJoules), formatJoules(wastedJoules)] : []),
      ...(money ? [formatMoney(paid - wastedMoney), formatMoney(wastedMoney)] : []),
    ]),
  }
}
