import { expect, it } from 'vitest'

import { CaseLab } from '../../../src/lab/explore/case-lab.js'
import { Lab } from '../../../src/lab/lab.js'
import { pinned } from '../../../src/lab/shrink/pin.js'
import type { Specification } from '../../../src/index.js'
import { flights } from '../../frozen/flights.js'

const flown = async (specification: Specification) => {
  const lab = await Lab.open(specification, { seed: 5, engine: 'surrogate', workers: 1 })
  try {
    const plan = await lab.plan()
    return { plan, flight: await lab.fly() }
  } finally {
    await lab.close()
  }
}

const countOf = ({ rounds }: Specification): number => (rounds as { count?: number }).count ?? 4

it.each([
  'deadline', 'quorum', 'buffered', 'away, not selected', 'slow and partial', 'messages delayed, lost and doubled', 'crashes',
])('a run is a case of its specification, to the digest of its events: %s', async (name) => {
  const specification = flights[name]
  const { plan, flight } = await flown(specification)
  const { case: of, run } = pinned(plan, '5')
  expect(of.faults.map(({ id }) => id)).toEqual(plan.faults.map(({ id }) => id))
  const lab = new CaseLab(specification, { seed: 5, rounds: countOf(specification), cwd: process.cwd(), run })
  expect((await lab.plan(of)).faults.map(({ key, targets }) => [key, targets])).toEqual(plan.faults.map(({ key, targets }) => [key, targets]))
  const outcome = await lab.fly(of)
  expect(outcome.failed ? outcome.failure : outcome.events).toBe(flight.digests.events)
  // What chance decides is the run's own only as long as nobody asks for other chance.
  const other = await lab.fly({ ...of, chance: 'other' })
  expect(other.failed ? other.failure : other.events).not.toBe(flight.digests.events)
})
