import type { Flight } from '../flight/flight.js'
import { diverged } from '../metrics/judging.js'
import type { MetricRow } from '../record/rows.js'

const most = 6

const listed = (all: readonly string[]): string =>
  all.length <= most ? all.join(', ') : `${all.slice(0, most - 1).join(', ')} and ${all.length - most + 1} more`

const roundsOf = (rows: readonly MetricRow[]): number[] =>
  [...new Set(rows.map(({ round }) => round))].sort((a, b) => a - b)

/** Where scores were not finite, and since when. */
const divergence = (rows: readonly MetricRow[]): string[] => {
  const lost = rows.filter(diverged)
  if (lost.length === 0) return []
  const [first, ...others] = roundsOf(lost)
  const where = listed([...new Set(lost.map(({ task, scenario }) => `${task} in ${scenario}`))])
  const when = others.length === 0 ? `round ${first}` : `${others.length + 1} rounds, the first of them ${first}`
  return [
    `the model diverged: scores of ${where} are not finite after ${when}; metrics are null there, and no such round is ` +
      'selected',
  ]
}

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
  return [`${told} not finite: ${listed(clients.map(([name, updates]) => `${name} (${updates})`))}`]
}

/** What came up while it flew that a reader of the result must not miss; beside what the specification warns of. */
export const warningsOf = (
  { faults, metrics, refused, selectedRound, reached, status }: Pick<
    Flight, 'faults' | 'metrics' | 'refused' | 'selectedRound' | 'reached' | 'status'
  >,
  until?: string,
): string[] => [
  ...faults
    .filter(({ fired }) => fired === 0)
    .map(({ id, text }) => `the fault ${id} never fired (${text}): the result says nothing about it`),
  ...(until !== undefined && reached === undefined && status === 'complete'
    ? [`${until} was not reached: all rounds were flown (evaluate.until)`]
    : []),
  ...refusals(refused),
  ...divergence(metrics),
  ...(unselectable(metrics)
    ? [`no round could be selected on validation: round ${selectedRound}, the last, stands in its place`]
    : []),
]
