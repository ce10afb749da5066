import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { usualCohort } from '../../src/engine/workers/cohort-size.js'

const bytes = fc.integer({ min: 1, max: 1e9 })
const waiting = fc.integer({ min: 1, max: 1e5 })

describe('how many clients share a run where nobody says', () => {
  it.each([
    [1e5, 20, 5], [1e5, 1000, 100], [1e6, 20, 2], [1e6, 1000, 10], [2.5e6, 1000, 4], [4.7e6, 1000, 2], [6e6, 1000, 1], [1e9, 1000, 1],
  ])('steps of %i bytes, %i clients wait: %i', (size, jobs, clients) => {
    expect(usualCohort(size, jobs)).toBe(clients)
  })

  it('a run moves 10 MB a step at most, or is of one client', () => {
    fc.assert(fc.property(bytes, waiting, (size, jobs) => {
      const clients = usualCohort(size, jobs)
      expect(Number.isInteger(clients) && clients >= 1).toBe(true)
      expect(clients === 1 || clients * size <= 10e6).toBe(true)
    }))
  })

  it('all but brief steps leave sixteen runs to go side by side, where there are as many clients', () => {
    fc.assert(fc.property(bytes.filter((size) => size >= 5e5), waiting, (size, jobs) => {
      const runs = Math.ceil(jobs / usualCohort(size, jobs))
      expect(runs > Math.min(jobs, 16) / 2).toBe(true)
    }))
  })
})
