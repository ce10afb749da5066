import { describe, expect, it } from 'vitest'

import type { Scene } from '../../../src/dials/dial.js'
import { drawnKinds } from '../../../src/faults/turn.js'
import { leadersOf } from '../../../src/lab/explore/leaders.js'
import { drawLed } from '../../../src/lab/explore/swarm.js'
import { comparedShare, tellsMuch } from '../../../src/lab/explore/telling.js'
import { streams } from '../../../src/random/streams.js'
import { ms } from '../../../src/simulation/script.js'
import type { FaultInput } from '../../../src/faults/registry.js'

const clients = ['client-a', 'client-b', 'client-c']
const scene: Scene = { clients, experts: ['expert-1'], rounds: 6, round: ms(40), phases: [ms(16), ms(3), ms(21)], focus: ['client-b', 'expert-1'] }
const pairOf = (leaders: readonly string[]): string => [...leaders].sort().join(' ')

describe('the kinds that lead cases', () => {
  it.each([2, 3, 7, 26])('are each of %d in their turn, and all pairs have come in half the square of that', (count) => {
    const kinds = Array.from({ length: count }, (_, i) => `kind-${i}`)
    const all = Array.from({ length: count * Math.floor(count / 2) }, (_, nth) => leadersOf('1', nth, kinds))
    for (let from = 0; from < all.length; from += count) {
      expect(new Set(all.slice(from, from + count).map(([first]) => first)).size).toBe(count)
      expect(new Set(all.slice(from, from + count).map(([, second]) => second)).size).toBe(count)
    }
    for (const leaders of all) expect(new Set(leaders).size).toBe(2)
    expect(new Set(all.map(pairOf)).size).toBe((count * (count - 1)) / 2)
  })

  it('come in another order for another seed, and a single kind leads alone', () => {
    const first = (seed: string) => drawnKinds.map((_, nth) => leadersOf(seed, nth, drawnKinds)[0])
    expect(first('1')).toEqual(first('1'))
    expect(first('2')).not.toEqual(first('1'))
    expect(leadersOf('1', 17, ['crash'])).toEqual(['crash'])
  })

  it('are in the plan if they are able to, and others beside them; where none is able there is one fault at least', () => {
    const counts = new Set<number>()
    for (let i = 0; i < 60; i++) {
      const led = drawLed(streams('led')(i), ['lose', 'pause'], drawnKinds, { usual: 0.3, most: 0.6 }, scene)
      expect(led[0].kind).toBe('lose')
      expect(led.map(({ id }) => id)).toEqual(led.map((_, nth) => `f${nth + 1}`))
      counts.add(led.length)
      expect(drawLed(streams('able')(i), ['lose', 'pause'], ['pause', 'slow'], { usual: 0.3, most: 0.6 }, scene)[0].kind).toBe('pause')
      const none = drawLed(streams('none')(i), ['lose', 'crash'], ['slow', 'partial'], { usual: 0.3, most: 0.6 }, scene)
      expect(none.length).toBeGreaterThan(0)
      for (const { kind } of none) expect(['slow', 'partial']).toContain(kind)
    }
    expect(counts.size).toBeGreaterThan(5)
  })
})

describe('a case that is to be compared', () => {
  const about = (kind: string, names: readonly string[], rest: object = {}): FaultInput => ({ kind, who: { select: 'named', names }, ...rest }) as unknown as FaultInput

  it('tells much where a fault changes some clients\u2019 work from the first round on, and others are hit by none', () => {
    expect(tellsMuch([about('partial', ['client-a'])], clients)).toBe(true)
    expect(tellsMuch([about('partial', ['client-a'], { rounds: [1, 2] }), { kind: 'lose', link: {} } as unknown as FaultInput], clients)).toBe(true)
    expect(tellsMuch([about('partial', ['client-a'], { rounds: [2, 3] })], clients)).toBe(false)
    expect(tellsMuch([about('crash', ['client-a'])], clients)).toBe(false)
    expect(tellsMuch([about('partial', ['client-a']), about('crash', ['client-b', 'client-c'])], clients)).toBe(false)
    expect(tellsMuch([about('partial', ['client-a']), { kind: 'crash', who: { select: 'all' } } as unknown as FaultInput], clients)).toBe(false)
  })

  it('is so the likelier; none where the share is 0, and all where it is 1', () => {
    const much = [about('partial', ['client-a'])]
    for (const share of [0, 1]) for (const faults of [much, []]) expect(comparedShare(share, faults, clients)).toBe(share)
    expect(comparedShare(0.1, much, clients)).toBeGreaterThan(0.3)
    expect(comparedShare(0.1, [], clients)).toBeLessThan(0.1)
    expect(comparedShare(0.1, [], clients)).toBeGreaterThan(0)
  })
})
