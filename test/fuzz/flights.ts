import { exitCodes } from '../../src/errors.js'
import { conduct, type Run } from '../../src/runs/simulate.js'
import type { Specification } from '../../src/simulation/specification.js'
import type { Data } from './sound.js'

/** How a flight may end that is not complete: each with its cause. */
export const foreseenEnds = [
  exitCodes.specification, exitCodes.data, exitCodes.liveness, exitCodes.diverged,
]

/** The most that a number may be by the name of its field, so that a flight is short: what is larger is set to this. */
const bounds: Readonly<Record<string, number>> = {
  scenarios: 4, impressions: 80, users: 40, items: 20, ids: 8, days: 30, columns: 8, sines: 4, rows: 60, clients: 6, classes: 5, most: 60,
  hidden: 8, embedding: 4, experts: 3, expert: 8, tower: 8, shared: 2, specific: 2, levels: 8, bottom: 8, numericFields: 4, count: 3,
  epochs: 2, batch: 64, chunk: 8, cohort: 8, times: 5, steps: 5, samples: 8, sizes: 60, rate: 1e300,
}

/** The same, within the bounds. */
export const bounded = (value: Data, name = ''): Data => {
  if (typeof value === 'number') return Object.hasOwn(bounds, name) && value > bounds[name] ? bounds[name] : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.slice(0, name === 'faults' ? 12 : 6).map((inner: Data) => bounded(inner, name))
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, bounded(inner as Data, field)]))
}

/** Events after which a flight is broken off: a period of a microsecond is none that anybody waits for. */
const mostEvents = 20_000

/** Flies on plain TensorFlow.js, and breaks off what does not end. */
export const flown = (specification: Data): Promise<Run> => {
  const stop = new AbortController()
  let events = 0
  return conduct(
    specification as unknown as Specification,
    { engine: 'tfjs', workers: 1, seed: 5, signal: stop.signal },
    { onEvent: () => (++events > mostEvents ? stop.abort() : undefined) },
  )
}
