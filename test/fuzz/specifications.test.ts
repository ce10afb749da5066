import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { cases } from './cases.js'
import { mutation } from './mutations.js'
import { wrongWithError } from './said.js'
import { sound } from './sound.js'
import { foreseen, place, read, through, type Door } from './specifications.js'

describe('mutated specifications', () => {
  it.each(sound.map((value, i) => [i, value] as const))('number %i resolves as it is, through YAML and JSON alike', async (_, value) => {
    expect(await read(value, 'json')).toEqual(await read(value, 'yaml'))
  })

  it('resolve, or are refused with file and place', async () => {
    let [resolved, refused] = [0, 0]
    const door = fc.constantFrom<Door>('yaml', 'json', 'set')
    const changes = fc.array(mutation, { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(door, fc.constantFrom(...sound), changes, async (way, value, mutations) => {
        try {
          const found = await through(way, value, mutations)
          expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
          resolved++
        } catch (error) {
          refused++
          expect(wrongWithError(error, foreseen, place[way])).toBeUndefined()
        }
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      cases(250),
    )
    expect(resolved).toBeGreaterThan(refused / 50)
    expect(refused).toBeGreaterThan(resolved / 50)
  })
})
