import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { cases } from './cases.js'
import { bounded, flown, foreseenEnds } from './flights.js'
import { tuned, tuning, type Tuning } from './mutations.js'
import { wrongWithError } from './said.js'
import { sound } from './sound.js'
import { read } from './specifications.js'

/** What came of a flight: its digest, or the message with which it ended. */
const cameOf = async (specification: ReturnType<typeof bounded>): Promise<{ readonly status: string; readonly what: string }> => {
  try {
    const { status, digest } = await flown(specification)
    return { status, what: digest }
  } catch (error) {
    expect(wrongWithError(error, foreseenEnds)).toBeUndefined()
    return { status: 'refused', what: (error as Error).message }
  }
}

describe('specifications with dials turned to hostile numbers', () => {
  it.each(sound.map((value, i) => [i, value] as const))('number %i flies as it is', async (_, value) => {
    expect((await flown(bounded(value))).status).toBe('complete')
  })

  it('fly to their end, or end with a cause that is foreseen; and the same way twice', async () => {
    const ends: Record<string, number> = {}
    const dials = fc.array(tuning, { minLength: 1, maxLength: 2 })
    const resolves = async (value: ReturnType<typeof bounded>): Promise<boolean> => read(value, 'json').then(() => true, () => false)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sound), dials, async (value, tunings: readonly Tuning[]) => {
        const specification = bounded(tuned(value, tunings))
        if (!(await resolves(specification))) return
        const first = await cameOf(specification)
        ends[first.status] = (ends[first.status] ?? 0) + 1
        expect(await cameOf(specification)).toEqual(first)
      }),
      cases(60),
    )
    expect(ends.complete).toBeGreaterThan(3)
  })
})
