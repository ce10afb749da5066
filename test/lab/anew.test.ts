import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { NondeterminismError } from '../../src/errors.js'
import type { Flight } from '../../src/flight/flight.js'
import { Lab } from '../../src/lab/lab.js'
import type { Place } from '../../src/lab/open-flight.js'
import { away, deadline, delay, fedAvg, fraction, lose, mmoe, ms, sgd, simulation, uniform } from '../../src/simulation/script.js'

const script = simulation({
  world: storefronts({ scenarios: 5, impressions: 120, users: 40, items: 20 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 5, after: ms(600), quorum: 1, select: 3, patience: ms(150) }),
  network: { latency: ms(10), jitter: uniform(ms(5)) },
  devices: { stepOverhead: ms(8) },
  faults: [
    lose({ from: 'client' }, { probability: 0.2, id: 'losses' }),
    delay({ direction: 'down' }, { by: ms(5), jitter: ms(10), id: 'lag' }),
    away(fraction(0.4), { phase: 'training', probability: 0.4, id: 'leavers' }),
  ],
  evaluate: { start: true, on: ['validation'] },
})

let lab: Lab
let original: Flight
let places: Place[]
beforeAll(async () => {
  lab = await Lab.open(script, { seed: 7, workers: 1, engine: 'surrogate' })
  const flight = await lab.start()
  places = [flight.place]
  // Closes of rounds, and odd moments between them: in the middle of trainings and of messages on their way.
  while (!flight.over) {
    for (let i = 0; i < 7 && !flight.over; i++) await flight.step()
    places.push(flight.place)
    await flight.step('round')
    places.push(flight.place)
  }
  original = await flight.finish()
})
afterAll(() => lab.close())

const atOf = (line: string): number => (JSON.parse(line) as { readonly at: number }).at
const common = (a: readonly string[], b: readonly string[]): number => {
  const first = a.findIndex((line, i) => line !== b[i])
  return first < 0 ? a.length : first
}

describe('chance that falls anew from a place of a flight on', () => {
  it('leaves the past as it was, to the digest, and changes the future', async () => {
    let other = 0
    for (const { at, event, past } of places) {
      const flown = await lab.fly({ anew: { at, event, past, salt: 'a' } })
      const same = common(original.events, flown.events)
      // Whatever was told before the instant of the place is the same.
      const before = original.events.filter((line) => atOf(line) < at)
      expect(same).toBeGreaterThanOrEqual(before.length)
      if (flown.digests.events !== original.digests.events) other++
    }
    expect(other).toBeGreaterThan(places.length / 2)
  })

  it('is as fresh as its salt', async () => {
    const [, , place] = places
    const of = async (salt: string) => (await lab.fly({ anew: { ...place, salt } })).digest
    const [a, b, again] = [await of('a'), await of('b'), await of('a')]
    expect(again).toBe(a)
    expect(b).not.toBe(a)
    expect(a).not.toBe(original.digest)
  })

  it('draws batches, and the order in which clients are asked, anew', async () => {
    const quiet = await Lab.open({ ...script, network: { latency: ms(10) }, faults: [] }, { seed: 7, workers: 1, engine: 'surrogate' })
    const flight = await quiet.start()
    await flight.until({ closed: 2 })
    const { place } = flight
    const whole = await flight.finish()
    const flown = await quiet.fly({ anew: { ...place, salt: 'a' } })
    const selected = ({ rounds }: Flight) => rounds.map((row) => row.selected)
    expect(selected(flown).slice(0, 2)).toEqual(selected(whole).slice(0, 2))
    expect(selected(flown)).not.toEqual(selected(whole))
    const scores = ({ metrics }: Flight, upTo: number) => metrics.filter(({ round }) => round <= upTo)
    expect(scores(flown, 2)).toEqual(scores(whole, 2))
    expect(flown.digests.numbers).not.toBe(whole.digests.numbers)
    await quiet.close()
  })

  it('where everybody is asked, changes the batches alone', async () => {
    const all = await Lab.open(
      { ...script, network: { latency: ms(10) }, faults: [], rounds: deadline({ count: 3, after: ms(600) }) }, { seed: 7, workers: 1, engine: 'surrogate' },
    )
    const flight = await all.start()
    await flight.until({ closed: 1 })
    const { place } = flight
    const whole = await flight.finish()
    const flown = await all.fly({ anew: { ...place, salt: 'a' } })
    expect(flown.virtualTime).toBe(whole.virtualTime)
    expect(flown.digests.numbers).not.toBe(whole.digests.numbers)
    await all.close()
  })

  it('is refused where the past is another', async () => {
    const [, , place] = places
    await expect(lab.fly({ anew: { ...place, past: 'x', salt: 'a' } })).rejects.toThrow(NondeterminismError)
    await expect(lab.fly({ anew: { ...place, event: place.event + 1, salt: 'a' } })).rejects.toThrow(/Flown again to .*, the flight was another/)
  })

  it('is no other flight where nobody asks for it', async () => {
    expect((await lab.fly()).digest).toBe(original.digest)
    const { at, event, past } = places.at(-1)!
    expect((await lab.fly({ anew: { at, event, past, salt: 'a' } })).digest).toBe(original.digest)
  })
})
