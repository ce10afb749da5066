import { billOf } from '../../costs/bill.js'
import { SpecificationError } from '../../errors.js'
import type { LedgerRow, TrainingRow } from '../../record/rows.js'
import type { Disk } from '../disk.js'
import { rowFiles } from '../files.js'
import type { Manifest } from '../manifest.js'
import { pricesFrom } from '../priced.js'
import { readRows } from '../rows.js'
import { demandSound } from '../seal.js'

/** What of a bill runs are compared by: the whole flight's, and of that what was of use and what came to nothing. */
export interface CostMetric {
  readonly cost: 'joules' | 'money'
}

/** `joules`, `money`; undefined for anything else. */
export const parseCostMetric = (text: string): CostMetric | undefined => (text === 'joules' || text === 'money' ? { cost: text } : undefined)

/** What a run cost, in three lines. Refuses money where nothing costs any. */
export const costScores = (folder: string, manifest: Manifest, { cost }: CostMetric, disk: Disk): { readonly scenario: string; readonly task: string; readonly value: number }[] => {
  const prices = pricesFrom(manifest)
  if (cost === 'money' && !prices.charged) {
    throw new SpecificationError(`${folder}: nothing costs money there. Give its specification costs.tariff, and fly it again: its events stay as they are.`)
  }
  for (const file of [rowFiles.ledger, rowFiles.trainings]) demandSound(folder, file, manifest, disk)
  const bill = billOf({
    ledger: readRows<LedgerRow>(folder, rowFiles.ledger, disk), trainings: readRows<TrainingRow>(folder, rowFiles.trainings, disk), virtualTime: manifest.virtualTime,
  }, prices)
  const [all, wasted] = cost === 'joules' ? [bill.joules, bill.wastedJoules] : [bill.money, bill.wastedMoney]
  const name = cost === 'joules' ? 'joules' : prices.currency
  const values = { 'in all': all, useful: all - wasted, wasted }
  return Object.entries(values).map(([what, value]) => ({ scenario: 'all', task: `${name} ${what}`, value }))
}
