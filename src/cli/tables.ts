import { bytesByCodec, bytesByDirection, bytesByFate, bytesStored, roundsByOutcome, trainingsByOutcome } from '../runs/totals.js'
import { diverged } from '../metrics/judging.js'
import { metrics } from '../metrics/metric.js'
import { lastScored, scoreRows } from '../runs/score-rows.js'
import type { Told } from '../runs/told.js'
import { unselectable } from '../runs/warnings.js'
import { askedBill, costCells, type CostFlags } from '../report/costs.js'
import { formatAuc, formatBytes, formatCount, formatScore, formatTime, plural, wrap } from '../report/format.js'
import { privacyBlock } from './privacy-table.js'
import { type Align, table } from './table.js'

/** Losses and distances come after scores. */
const later = (metric: string): number => Number((metrics[metric]?.better ?? 'higher') !== 'higher')

/** Per scenario and task, test scores at the selected and the last round (one column where they are the same). */
export const scoreTable = (run: Pick<Told, 'metrics' | 'selectedRound' | 'manifest'>): string => {
  const rows = scoreRows(run).filter(({ metric }) => metrics[metric]?.final !== true)
  const last = lastScored(run)
  const measured = [...new Set(rows.map(({ metric }) => metric))].sort((a, b) => later(a) - later(b))
  const pairs = [...new Map(rows.map((row) => [JSON.stringify([row.scenario, row.task]), row])).values()]
  const columns = measured.flatMap((metric) => {
    const name = metrics[metric]?.title ?? metric
    const selected = { metric, at: 'selected' as const, title: `${name} (${run.selectedRound})` }
    const end = { metric, at: 'last' as const, title: `${name} (${last})` }
    return run.selectedRound === last ? [end] : [selected, end]
  })
  const { labels = {} } = run.manifest
  const body = pairs.map(({ scenario, task }, i) => {
    const scores = columns.map(({ metric, at }) => {
      const row = rows.find((r) => r.scenario === scenario && r.task === task && r.metric === metric)
      return metric === 'auc' ? formatAuc(row?.[at], labels[scenario]?.[task]) : formatScore(row?.[at])
    })
    return [scenario === pairs[i - 1]?.scenario ? '' : scenario, task].concat(scores)
  })
  // Of what is defined; how many that are is said where it is not all.
  const mean = (task: string, { metric, at }: (typeof columns)[number]): string => {
    if (rows.some((row) => diverged({ metric: row.metric, value: row[at] }))) return formatScore(null)
    const own = rows.filter((row) => row.metric === metric && row.task === task)
    const values = own.flatMap((row) => (row[at] === null ? [] : [row[at]]))
    if (values.length === 0) return formatScore(null)
    const score = formatScore(values.reduce((a, b) => a + b, 0) / values.length)
    return values.length === own.length ? score : `${score} (${values.length} of ${own.length})`
  }
  const head = ['scenario', 'task', ...columns.map(({ title }) => title)]
  const align: Align[] = ['left', 'left', ...columns.map((): Align => 'right')]
  // A mean over tasks, one of them perhaps the product of two others, would be of nothing.
  const tasks = [...new Set(rows.map(({ task }) => task))]
  const means = tasks.map((task, i) => [i === 0 ? 'mean' : '', task, ...columns.map((column) => mean(task, column))])
  return table(head, align, [...body, ...means])
}

/** Has it come to what is known at the end alone: what was selected, what became of each training? */
const hasEnded = ({ status }: Pick<Told, 'status'>): boolean => status === 'complete' || status === 'interrupted'

/** What the rounds in the heads of the score table are. */
const scoreTitle = (run: Told): string => {
  const last = lastScored(run)
  if (!hasEnded(run)) return `Test scores after round ${last}, the last that was scored`
  if (unselectable(run.metrics)) return `Test scores after round ${last}, the last: no round could be selected`
  if (!run.metrics.some(({ split, round }) => split === 'validation' && round > 0)) {
    return `Test scores after round ${last}, the last: nothing was validated`
  }
  return run.selectedRound === last
    ? `Test scores after round ${last}: the last, and the best on validation`
    : `Test scores after round ${run.selectedRound}, the best on validation, and round ${last}, the last`
}

/** Bytes per direction, kind of message and fate. */
export const bytesTable = (run: Pick<Told, 'ledger'>): string => {
  const rows = bytesByFate(run.ledger)
  const named = { up: 'up', down: 'down', inside: 'among servers' }
  const body = rows.map(({ direction, kind, fate, copies, bytes, travelled }, i) => [
    direction === rows[i - 1]?.direction ? '' : named[direction],
    kind,
    fate,
    formatCount(copies),
    formatBytes(bytes),
    formatBytes(travelled),
  ])
  const head = ['direction', 'message', 'fate', 'copies', 'encoded', 'on the wire']
  return table(head, ['left', 'left', 'left', 'right', 'right', 'right'], body)
}

/** Bytes of coded messages by who wrote them; undefined where nothing is coded. */
export const codecTable = (run: Pick<Told, 'ledger'>): string | undefined => {
  const rows = bytesByCodec(run.ledger)
  if (rows.length === 0) return undefined
  const whole = rows.reduce((sum, { bytes }) => sum + bytes, 0)
  const body = rows.map(({ direction, kind, writer, copies, bytes }, i) => [
    kind === rows[i - 1]?.kind && direction === rows[i - 1]?.direction ? '' : `${kind} ${direction}`,
    writer, formatCount(copies), formatBytes(bytes), `${((100 * bytes) / whole).toFixed(1)} %`,
  ])
  return table(['message', 'written by', 'copies', 'encoded', 'of all'], ['left', 'left', 'right', 'right', 'right'], body)
}

/** Trainings by what came of them. */
export const trainingTable = (run: Pick<Told, 'trainings'>): string =>
  table(
    ['training', 'times', 'examples', 'virtual time'],
    ['left', 'right', 'right', 'right'],
    trainingsByOutcome(run.trainings).map(({ outcome, trainings, examples, time }) => [
      outcome,
      formatCount(trainings),
      formatCount(examples),
      formatTime(time),
    ]),
  )

/** What it was spent on, useful and wasted. */
export const costTable = ({ bill, kinds }: NonNullable<ReturnType<typeof askedBill>>): string => {
  const { head, body } = costCells(bill, kinds)
  const free = kinds.includes('money') && !bill.charged ? '\nnothing costs money: no tariff is given (costs.tariff, costs.servers.egress)' : ''
  return table(head, head.map((_, i) => (i === 0 ? 'left' : 'right')), body) + free
}

/** Every fault, how often it fired and what became of it. */
export const faultTable = (run: Pick<Told, 'faults'>, width: number): string => {
  const fired = 7
  const rest = width - fired - 4
  const left = Math.floor(rest * 0.5)
  const rows = run.faults.map(({ text, fired: times, outcome }) => [text, formatCount(times), outcome])
  return table(['fault', 'fired', 'what became of it'], ['left', 'right', 'left'], rows, [left, fired, rest - left])
}

/** What was tried of the protocol, and which marks were passed. */
const coverageLine = ({ handled, exist }: NonNullable<Told['coverage']>, marks: Told['marks']): string => {
  const passed = Object.entries(marks).filter(([, times]) => times > 0).map(([name, times]) => `${name} ${formatCount(times)}`)
  return [`handled ${handled} of ${exist}`, ...passed].join(' · ')
}

const cutOffs = { running: 'NOT ENDED', interrupted: 'INTERRUPTED', failed: 'FAILED' } as const

/** The end of a run, for people: tables, totals, warnings and where everything is. */
export const report = (run: Told, width: number, replayCommand: string, costs: CostFlags = {}): string => {
  const asked = askedBill(run, costs)
  const { closed, aborted } = roundsByOutcome(run.rounds)
  const bytes = bytesByDirection(run.ledger)
  const wasted = trainingsByOutcome(run.trainings).filter(({ outcome }) => outcome !== 'used')
  const vain = wasted.reduce((sum, row) => sum + row.time, 0)
  const vainExamples = wasted.reduce((sum, row) => sum + row.examples, 0)
  const { spent, coverage, virtualTime } = run
  const engine = `${run.resolved.engine}, ${plural(run.resolved.workers, 'worker')}`
  const coded = codecTable(run)
  const cutOff = run.status === 'complete' ? '' : `${cutOffs[run.status]} after `
  const blocks = [
    (hasEnded(run) || run.metrics.length > 0) && `${scoreTitle(run)}\n${scoreTable(run)}`,
    `Messages\n${bytesTable(run)}`,
    coded !== undefined && `What is coded\n${coded}`,
    run.trainings.length > 0 && `Local training\n${trainingTable(run)}`,
    asked && `Costs\n${costTable(asked)}${hasEnded(run) ? '' : '\nwhat came of trainings is known when a run has ended: until then they count as wasted'}`,
    run.privacy !== undefined && privacyBlock(run.privacy, width),
    run.faults.length > 0 && `Faults\n${faultTable(run, width)}`,
    [
      run.reached !== undefined && `reached ${run.resolved.evaluate?.until} at the close of round ${run.reached}`,
      `${cutOff}${plural(closed, 'round')} closed, ${aborted} aborted${virtualTime === undefined ? '' : ` · virtual time ${formatTime(virtualTime)}`}`,
      `up ${formatBytes(bytes.up)} · down ${formatBytes(bytes.down)} · among servers ${formatBytes(bytes.inside)}${run.checkpoints.length > 0 ? ` · checkpoints ${formatBytes(bytesStored(run.checkpoints))}` : ''}`,
      hasEnded(run) && `trained in vain: ${formatCount(vainExamples)} examples, ${formatTime(vain)} of virtual time`,
      (spent ? `real time ${spent.realSeconds.toFixed(1)} s · processor time ${spent.cpuSeconds.toFixed(1)} s · ` : '') + `engine ${engine}`,
      coverage && wrap(`protocol: ${coverageLine(coverage, run.marks)}`, width),
      ...Object.entries(run.compared).map(([name, told]) => wrap(`check ${name}: ${told}`, width)),
      run.digest && `digest ${run.digest}`,
      run.folder && `run    ${run.folder}`,
      run.folder && run.digest && `replay ${replayCommand}`,
    ]
      .filter(Boolean)
      .join('\n'),
    run.warnings
      .map((warning) => wrap(`warning: ${warning}`, width))
      .join('\n'),
  ]
  return `${blocks.filter(Boolean).join('\n\n')}\n`
}
