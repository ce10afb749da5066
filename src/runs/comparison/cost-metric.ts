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
  /** `PATH=VALUE` of what things cost, in place of what specifications say. */
  readonly set?: readonly string[]
}

/** `joules`, `money`; undefined for anything else. */
export const parseCostMetric = (text: string, set: readonly string[] = []): CostMetric | undefined => {
  if (text === 'joules' || text === 'money') return { cost: text, set }
  if (set.length === 0) return undefined
  throw new SpecificationError(`--set ${set[0]}: of runs that were flown, only what things cost can be set, which goes with --metric joules or money.`)
}

/** What a run cost, in three lines. Refuses money where nothing costs any. */
export const costScores = (folder: string, manifest: Manifest, { cost, set }: CostMetric, disk: Disk): { readonly scenario: string; readonly task: string; readonly value: number }[] => {
  const prices = pricesFrom(manifest, set)
  if (cost === 'money' && !prices.charged) {
    throw new SpecificationError(`${folder}: nothing costs money there. Say what does: --set costs.tariff.up=4, for 10^9 bytes.`)
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
