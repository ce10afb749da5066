import fc from 'fast-check'
import { expect, test } from 'vitest'

import { Idle } from '../../src/federation/idle.js'

const CLIENTS = 5

type Step =
  | { readonly kind: 'park'; readonly client: number; readonly until: number }
  | { readonly kind: 'remove' | 'add' | 'addOfThisRound'; readonly client: number }
  | { readonly kind: 'nextRound' | 'copy' }
  | { readonly kind: 'wait'; readonly time: number }

const client = fc.integer({ min: 0, max: CLIENTS - 1 })
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('park'), client, until: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ kind: fc.constantFrom('remove', 'add', 'addOfThisRound'), client }),
  fc.record({ kind: fc.constantFrom('nextRound', 'copy') }),
  fc.record({ kind: fc.constant('wait'), time: fc.integer({ min: 0, max: 5 }) }),
)

/** Where each client is, written down one by one. */
type Place = 'ready' | 'at work' | 'asked' | { readonly until: number }

test('who may be asked is whoever is neither at work, nor known to be away, nor asked before in this round', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (script) => {
      let idle = new Idle(Array.from({ length: CLIENTS }, (_, i) => i))
      const places: Place[] = Array.from({ length: CLIENTS }, () => 'ready')
      let now = 0
      for (const step of script) {
        switch (step.kind) {
          case 'wait':
            now += step.time
            break
          case 'park':
            if (places[step.client] === 'ready') places[step.client] = { until: step.until }
            idle.park(step.client, step.until)
            break
          case 'remove':
            if (places[step.client] !== 'ready') continue
            places[step.client] = 'at work'
            idle.remove(step.client)
            break
          case 'add':
          case 'addOfThisRound':
            if (places[step.client] !== 'at work') continue
            places[step.client] = step.kind === 'add' ? 'ready' : 'asked'
            idle.add(step.client, step.kind === 'addOfThisRound')
            break
          case 'nextRound':
            for (const [i, place] of places.entries()) if (place === 'asked') places[i] = 'ready'
            idle.nextRound()
            break
          case 'copy': {
            const other = idle.copy()
            // What becomes of the one is nothing to the other.
            for (let i = 0; i < CLIENTS; i++) idle.remove(i)
            idle = other
          }
        }
        for (const [i, place] of places.entries()) {
          if (typeof place === 'object' && place.until <= now) places[i] = 'ready'
        }
        const expected = places.flatMap((place, i) => (place === 'ready' ? [i] : []))
        expect([...idle.ready(now)].sort()).toEqual(expected)
      }
    }),
    { numRuns: 500 },
  )
})
