import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { LivenessError } from '../../src/errors.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import type { Specification } from '../../src/simulation/specification.js'
import { unequal } from '../federation/every-fault.js'
import { cases } from './cases.js'
import { storm } from './storms.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ workers: 0 })
})
afterAll(() => engine.close())

/** The digest of a flight through a storm; or why it could not end, which is foreseen. A check that is violated is not. */
const flown = async (specification: Specification): Promise<string> => {
  try {
    const { digest, status } = await fly(resolve(specification, { seed: 5 }), { world: unequal, engine })
    expect(status).toBe('complete')
    return digest
  } catch (error) {
    if (error instanceof LivenessError) return error.message
    throw error
  }
}

it('whatever befalls whom, every check holds, and the same storm is the same flight', async () => {
  let ended = 0
  await fc.assert(
    fc.asyncProperty(storm, async (specification) => {
      const first = await flown(specification)
      if (/^[0-9a-f]{64}$/.test(first)) ended++
      expect(await flown(specification)).toBe(first)
    }),
    cases(80),
  )
  expect(ended).toBeGreaterThan(0)
})
