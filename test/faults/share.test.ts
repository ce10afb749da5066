import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { drawPlan } from '../../src/faults/plan.js'
import type { FaultInput } from '../../src/faults/registry.js'
import { all, away, crash, partial, share } from '../../src/simulation/script.js'
import { federation, weatherOf } from './weather.js'

const names = Array.from({ length: 30 }, (_, i) => String(i).padStart(2, '0'))
const clients = names.map((name) => `client-${name}`)
const participants = federation(...names)

/** Which of those selected does less than all of its epochs, round by round. */
const struck = (faults: readonly FaultInput[], selected: readonly (readonly string[])[], seed?: string): string[][] => {
  const weather = weatherOf(faults, { participants, seed })
  return selected.map((own, i) => {
    weather.happen(i, 'aggregator', { kind: 'round-open', round: i + 1, selected: own })
    return own.filter((client) => weather.completeness(client, i + 1) < 1)
  })
}

const stragglers = (of: number, id?: string): FaultInput => partial(share(of, { of: 'selected' }), { epochs: 0.5, ...(id && { id }) })

describe('a share of those selected', () => {
  it('is exact in each round, for any share and any number of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 30 }), (percent, many) => {
        const [hit] = struck([stragglers(percent / 100)], [clients.slice(0, many)])
        // With a pencil: halves go up.
        expect(hit).toHaveLength(Math.floor((2 * percent * many + 100) / 200))
      }),
    )
  })

  it('is drawn anew in every round, and evenly', () => {
    const rounds = Array.from({ length: 200 }, () => clients.slice(0, 10))
    const hit = struck([stragglers(0.5)], rounds)
    expect(new Set(hit.map((own) => own.join())).size).toBeGreaterThan(100)
    for (const client of rounds[0]) {
      const times = hit.filter((own) => own.includes(client)).length
      // Five standard deviations of a binomial of one half in 200.
      expect(Math.abs(times - 100)).toBeLessThan(36)
    }
  })

  it('is of the same clients for any fault of one id, under one seed, so that methods meet the same stragglers', () => {
    const selected = [clients.slice(0, 10), clients.slice(5, 15)]
    const work = struck([stragglers(0.9, 'stragglers')], selected)
    const weather = weatherOf([away(share(0.9), { phase: 'before-upload', id: 'stragglers' })], { participants })
    selected.forEach((own, i) => {
      weather.happen(i, 'aggregator', { kind: 'round-open', round: i + 1, selected: own })
      expect(own.filter((client) => !weather.stays(client, i, i + 1))).toEqual(work[i])
    })
    expect(struck([stragglers(0.9, 'stragglers')], selected, '8')).not.toEqual(work)
  })

  it('is not moved by a client that is selected beside: a larger share contains the smaller one', () => {
    const [half] = struck([stragglers(0.5, 'x')], [clients.slice(0, 10)])
    const [most] = struck([stragglers(0.9, 'x')], [clients.slice(0, 10)])
    expect(most).toEqual(expect.arrayContaining(half))
  })

  it('is a coin for who is asked after its round has opened', () => {
    const weather = weatherOf([stragglers(0.5)], { participants })
    weather.happen(0, 'aggregator', { kind: 'round-open', round: 1, selected: [] })
    const hit = clients.filter((client) => weather.completeness(client, 1) < 1)
    expect(hit.length).toBeGreaterThan(5)
    expect(hit.length).toBeLessThan(25)
  })

  it('is refused where it says nothing', () => {
    const draw = (fault: FaultInput) => () => drawPlan([fault], participants, '1')
    expect(draw(crash(share(0.5), { when: { round: 1, after: 0 } }))).toThrow(
      "faults[0].who: 'crash' does not strike in mid-round, so it cannot be about a share of those selected (away, narrow, partial, poison, slow can).",
    )
    expect(draw(away(share(0.5), { rounds: [1, 2] }))).toThrow('a share of those selected needs a `phase`')
  })

  it('is said in words', () => {
    const [planned] = weatherOf([stragglers(0.9)], { participants }).report()
    expect(planned.text).toBe('90 % of those selected stop after 50 % of the local epochs')
  })
})

describe('work that is drawn', () => {
  const works = (epochs: Parameters<typeof partial>[1]['epochs']): number[] => {
    const weather = weatherOf([partial(all(), { epochs })], { participants })
    return Array.from({ length: 100 }, (_, i) => clients.map((client) => weather.completeness(client, i + 1))).flat()
  }

  it('has each of so many values equally often', () => {
    const drawn = works({ from: 0.05, to: 1, steps: 20 }).map((work) => Math.round(work * 20))
    for (let epochs = 1; epochs <= 20; epochs++) {
      const times = drawn.filter((other) => other === epochs).length
      // Five standard deviations of a binomial of 1/20 in 3,000.
      expect(Math.abs(times - 150)).toBeLessThan(60)
    }
    expect(works({ from: 0.05, to: 1, steps: 20 }).every((work) => Math.abs(work * 20 - Math.round(work * 20)) < 1e-9)).toBe(true)
  })

  it('is any number between, without steps', () => {
    const drawn = works({ from: 0.2, to: 0.4 })
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0.2)
    expect(Math.max(...drawn)).toBeLessThan(0.4)
    expect(drawn.reduce((sum, work) => sum + work, 0) / drawn.length).toBeCloseTo(0.3, 2)
  })
})
