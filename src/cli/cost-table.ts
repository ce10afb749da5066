import { InvalidArgumentError } from 'commander'

import type { Bill } from '../costs/bill.js'
import { type CostKind, costKinds } from '../report/costs.js'
import { oneOf } from './options.js'

/** `energy,money`. */
export const costKindsOf = (text: string): CostKind[] => {
  const kinds = text.split(',').map((word) => word.trim())
  if (kinds.every((word) => word === '')) throw new InvalidArgumentError(`Give ${costKinds.join(', ')}, or both with a comma.`)
  return [...new Set(kinds.map(oneOf(costKinds)))]
}

/** A table of costs as plain data. */
export const costData = ({ currency, joules, wastedJoules, money, wastedMoney, byPurpose, byPayer }: Bill, kinds: readonly CostKind[]): Record<string, unknown> => {
  const asked = (of: { readonly joules: number; readonly wastedJoules: number; readonly money: number; readonly wastedMoney: number }) => ({
    ...(kinds.includes('energy') && { joules: of.joules, wastedJoules: of.wastedJoules }),
    ...(kinds.includes('money') && { money: of.money, wastedMoney: of.wastedMoney }),
  })
  return {
    ...(kinds.includes('money') && { currency }),
    ...asked({ joules, wastedJoules, money, wastedMoney }),
    byPurpose: byPurpose.map((row) => ({ purpose: row.purpose, ...asked(row) })),
    byPayer: byPayer.map((row) => ({ payer: row.payer, role: row.role, ...asked(row) })),
  }
}
