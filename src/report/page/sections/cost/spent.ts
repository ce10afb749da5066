import { trainingsByOutcome } from '../../../../runs/totals.js'
import { askedBill, costCells, type CostKind } from '../../../costs.js'
import { formatCount, formatTime } from '../../../format.js'
import type { Drawer } from '../../chart.js'
import { html, type Content } from '../../html.js'
import { table, tabs } from '../../pieces.js'
import type { RunFacts } from '../../read-run.js'
import { lyingBars, type Stack, type Unit, wastedColours } from '../../stacked.js'

const hasEnded = ({ status }: RunFacts): boolean => status === 'complete' || status === 'interrupted'

/** Local training by what came of it, in examples and in virtual time. */
export const trainingsBlock = (run: RunFacts, drawer: Drawer): Content => {
  const rows = trainingsByOutcome(run.trainings)
  if (rows.length === 0) return html`<p>Nobody trained.</p>`
  const bars = rows.map(({ outcome }) => outcome)
  const isUsed = (outcome: string): boolean => outcome === 'used'
  const stacksOf = (value: (row: (typeof rows)[number]) => number): Stack[] => [true, false].flatMap((used): Stack[] => {
    const own = rows.map((row) => (isUsed(row.outcome) === used ? value(row) : 0))
    return own.every((one) => one === 0) ? [] : [{ name: used ? 'in a model' : 'in vain', colour: used ? 'var(--c1)' : wastedColours[0], wasted: !used, values: own }]
  })
  const numbers = table(['what came of it', ...['trainings', 'examples', 'virtual time'].map((title) => ({ title, isNumber: true }))],
    rows.map(({ outcome, trainings, examples, time }) => [outcome, formatCount(trainings), formatCount(examples), formatTime(time)]))
  const chart = (unit: Unit, counted: string, value: (row: (typeof rows)[number]) => number): Content => drawer.figure(lyingBars({
    caption: `Local training by what came of it, in ${counted}${unit === 'time' ? ', summed over clients' : ''}. Hatched: what was charged and is in no model.`,
    bars, unit, counted, stacks: stacksOf(value), table: numbers,
  }))
  const vain = rows.filter(({ outcome }) => !isUsed(outcome)).reduce((sum, { examples }) => sum + examples, 0)
  const all = rows.reduce((sum, { examples }) => sum + examples, 0)
  return html`<p>Of ${formatCount(all)} examples that were trained on, ${formatCount(vain)} (${all === 0 ? '0' : ((100 * vain) / all).toFixed(1)} %) are in no model.${!hasEnded(run) && ' What came of trainings is known when a run has ended: until then they count as in vain.'}</p>
${tabs('trainings', 'What training is counted in', [
    { title: 'in examples', content: chart('count', 'examples', ({ examples }) => examples) },
    { title: 'in virtual time', content: chart('time', 'virtual time', ({ time }) => time) },
  ])}`
}

/** Joules and money, where the specification says what things cost. */
export const billBlock = (run: RunFacts, drawer: Drawer): Content => {
  const asked = askedBill(run, {})
  if (asked === undefined) {
    return html`<p>The specification does not say what things cost in joules or money. <code>npx windtunnel show RUN --cost energy</code> prices the run all the same, and <code>--set costs.radio=lte</code> by other rates.</p>`
  }
  const { bill, kinds } = asked
  const { head, body } = costCells(bill, kinds)
  const numbers = table(head.map((title, i) => ({ title, isNumber: i > 0 })), body)
  const chart = (kind: CostKind): Content => {
    const of = kind === 'energy' ? (['joules', 'wastedJoules'] as const) : (['money', 'wastedMoney'] as const)
    const rows = bill.byPurpose.filter((row) => row[of[0]] > 0)
    if (rows.length === 0) return html`<p>Nothing costs ${kind}.</p>`
    const stacks: Stack[] = [
      { name: 'useful', colour: 'var(--c1)', wasted: false, values: rows.map((row) => row[of[0]] - row[of[1]]) },
      { name: 'wasted', colour: wastedColours[0], wasted: true, values: rows.map((row) => row[of[1]]) },
    ]
    return drawer.figure(lyingBars({
      caption: `${kind === 'energy' ? 'Energy' : `Money (${bill.currency})`} by what it was spent on. Hatched: on trainings and messages of which nothing came.`,
      bars: rows.map(({ purpose }) => purpose), unit: kind === 'energy' ? 'joules' : 'money', counted: kind === 'energy' ? 'joules' : bill.currency, stacks,
    }))
  }
  return html`${tabs('bill', 'What is paid', kinds.map((kind) => ({ title: kind, content: chart(kind) })))}${numbers}`
}
