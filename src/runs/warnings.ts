import { names } from '../faults/words.js'
import type { Flight } from '../flight/flight.js'
import { diverged } from '../metrics/judging.js'
import type { MetricRow } from '../record/rows.js'

const roundsOf = (rows: readonly MetricRow[]): number[] =>
  [...new Set(rows.map(({ round }) => round))].sort((a, b) => a - b)

/** Where scores were not finite, and since when. */
const divergence = (rows: readonly MetricRow[]): string[] => {
  const lost = rows.filter(diverged)
  if (lost.length === 0) return []
  const [first, ...others] = roundsOf(lost)
  const where = names([...new Set(lost.map(({ task, scenario }) => `${task} in ${scenario}`))])
  const when = others.length === 0 ? `round ${first}` : `${others.length + 1} rounds, the first of them ${first}`
  return [
    `the model diverged: scores of ${where} are not finite after ${when}; metrics are null there, and no such round is ` +
      'selected',
  ]
}

/** Where there is no AUC because all rows that are scored have one label. */
const oneClass = (rows: readonly MetricRow[]): string[] =>
  (['validation', 'test'] as const).flatMap((split) => {
    const key = ({ round, task, scenario }: MetricRow): string => JSON.stringify([round, task, scenario])
    const of = rows.filter((row) => row.split === split)
    const lost = new Set(of.filter(diverged).map(key))
    const own = of.filter((row) => row.metric === 'auc' && row.value === null && !lost.has(key(row)))
    const where = [...new Set(own.map(({ task, scenario }) => `${task} in ${scenario}`))]
    return where.length === 0 ? [] : [
      `AUC on ${split} is undefined for ${names(where)}: all rows have one label; means leave ${where.length === 1 ? 'it' : 'them'} out`,
    ]
  })

/** Whether the round that stands as selected was not: on validation a model diverged after every one. */
export const unselectable = (rows: readonly MetricRow[]): boolean => {
  const validated = rows.filter(({ split, round }) => split === 'validation' && round > 0)
  return validated.length > 0 && roundsOf(validated.filter(diverged)).length === roundsOf(validated).length
}

const refusals = (refused: Flight['refused']): string[] => {
  const clients = Object.entries(refused)
  if (clients.length === 0) return []
  const count = clients.reduce((sum, [, updates]) => sum + updates, 0)
  const told = count === 1 ? '1 update was refused because it was' : `${count} updates were refused because they were`
  return [`${told} not finite: ${names(clients.map(([name, updates]) => `${name} (${updates})`))}`]
}

const unfits = (unfit: Flight['unfit']): string[] => {
  const parts = Object.entries(unfit)
  if (parts.length === 0) return []
  const times = parts.map(([part, n]) => `${part} (${n} ${n === 1 ? 'round' : 'rounds'})`)
  return [`what was to be folded into ${names(times)} was not finite, and was refused: the model stayed as it was there`]
}

/** Where every round was aborted, why; undefined where a round closed, or none ended. */
export const nothingLearnt = ({ rounds }: Pick<Flight, 'rounds'>): string | undefined => {
  if (rounds.length === 0 || rounds.some(({ outcome }) => outcome === 'closed')) return undefined
  const reasons = new Map<string, number>()
  for (const { reason } of rounds) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const told = [...reasons].sort(([, a], [, b]) => b - a).map(([reason, times]) => `${reason} (${times})`)
  return `every round was aborted, so that nothing was learnt: ${names(told)}`
}

/** Gradients that a balancer looked at and found odd: of which task, how often, and where to look first. */
const oddities = (rows: Flight['oddGradients']): string[] =>
  rows.map(({ task, what, steps, clients, first: { client, round } }) => {
    const often = steps === 1 ? '1 step' : `${steps} steps`
    const whose = clients === 1 ? `of ${client}, first` : `of ${clients} clients, first of ${client}`
    const when = `in ${often} ${whose} in round ${round}`
    return what === 'none'
      ? `balancing found no gradient of ${task} ${when}, though rows had its label: the shared parameters that it looks at ` +
        'learnt nothing from it there (from no task, where the rule is mgda or imtl)'
      : `balancing found a gradient of ${task} that is not finite ${when}: the model trained there is not finite either`
  })

/** Numbers that were beyond the range of fixed point, and inputs that were not finite. */
const saturations = (rows: Flight['saturated'] = []): string[] =>
  rows.flatMap(({ part, beyond, notFinite, clients, first: { client, round } }) => {
    const whose = `${clients === 1 ? client : `${clients} clients, first ${client}`}, from round ${round} on`
    return [
      ...(beyond === 0 ? [] : [`${beyond === 1 ? '1 number' : `${beyond} numbers`} of ${part} ${beyond === 1 ? 'was' : 'were'} beyond secureAggregation.range and cut off there (${whose}): give a larger range`]),
      ...(notFinite === 0 ? [] : [`${notFinite === 1 ? '1 input' : `${notFinite} inputs`} of ${part} ${notFinite === 1 ? 'was' : 'were'} not finite and counted for nothing in the sum (${whose})`]),
    ]
  })

/** What came up while it flew that a reader of the result must not miss; beside what the specification warns of. */
export const warningsOf = (
  { faults, metrics, refused, unfit, rounds, oddGradients, saturated, selectedRound, reached, status }: Pick<
    Flight, 'faults' | 'metrics' | 'refused' | 'unfit' | 'rounds' | 'oddGradients' | 'saturated' | 'selectedRound' | 'reached' | 'status'
  >,
  until?: string,
): string[] => [
  ...[nothingLearnt({ rounds })].filter((warning) => warning !== undefined),
  ...faults
    .filter(({ fired }) => fired === 0)
    .map(({ id, text }) => `the fault ${id} never fired (${text}): the result says nothing about it`),
  ...faults.flatMap(({ id, waitsFor }) =>
    waitsFor === undefined ? [] : [`the fault ${id} waits for an event of ${waitsFor}: that never happens`]),
  ...faults.flatMap(({ id, fired, outlived }) =>
    fired === 0 || outlived === undefined || status !== 'complete'
      ? []
      : [`the fault ${id} outlived the flight: ${outlived}`]),
  ...(until !== undefined && reached === undefined && status === 'complete'
    ? [`${until} was not reached: all rounds were flown (evaluate.until)`]
    : []),
  ...oddities(oddGradients),
  ...saturations(saturated),
  ...refusals(refused),
  ...unfits(unfit),
  ...divergence(metrics),
  ...oneClass(metrics),
  ...(unselectable(metrics)
    ? [`no round could be selected on validation: round ${selectedRound}, the last, stands in its place`]
    : []),
]
