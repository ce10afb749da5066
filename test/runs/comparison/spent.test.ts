import { describe, expect, it } from 'vitest'

import { costsOf, type Spent, spentOf, weatherWarnings } from '../../../src/runs/comparison/spent.js'
import { roundSummaries } from '../../../src/flight/round-summaries.js'
import { flight, manifest } from '../flights.js'

const spent = (fired: Readonly<Record<string, number>>, more: Partial<Spent> = {}): Spent => ({
  closed: 10, aborted: 0, virtualTime: 60e6, trainings: 20, examples: 2000, up: 100, down: 300, stored: 0,
  faults: Object.entries(fired).map(([id, times]) => ({ id, text: `the fault ${id}`, fired: times })), ...more,
})

const run = (variant: string, of: Spent, condition = 'storm') => ({ condition, variant, spent: of })

it('what a run took is what its rounds add up to', () => {
  const whole = { ...manifest, virtualTime: 60e6, rounds: { closed: 1, aborted: 1 }, faults: flight.faults }
  expect(spentOf(whole, roundSummaries(flight))).toMatchObject({
    closed: 1, aborted: 1, virtualTime: 60e6, trainings: 4, examples: 234, up: 240, down: 200, stored: 0,
  })
  const checkpoints = [
    { owner: 'aggregator', round: 1, at: flight.rounds[0].closed, until: flight.rounds[0].closed, bytes: 40 },
    { owner: 'expert-1', round: 1, at: flight.rounds[0].closed + 1, until: flight.rounds[0].closed + 9, bytes: 8 },
  ]
  const written = roundSummaries({ ...flight, checkpoints })
  expect(written.map(({ stored }) => stored)).toEqual([40, 8])
  // They went over no link: what did is as it was.
  expect(spentOf(whole, written)).toEqual({ ...spentOf(whole, roundSummaries(flight)), stored: 48 })
  expect(spentOf(whole, [{ round: 1 }])).toMatchObject({ trainings: undefined, up: undefined })
})

it('costs are means over the runs of a variant', () => {
  const [a, b] = costsOf([
    run('a', spent({ x: 2, y: 1 })), run('b', spent({ x: 0 })), run('a', spent({ x: 4 }, { virtualTime: 120e6, up: 200 })),
  ])
  expect(a).toMatchObject({ variant: 'a', runs: 2, virtualTime: 90e6, up: 150, fired: 3.5 })
  expect(b).toMatchObject({ variant: 'b', runs: 1, fired: 0 })
  expect(costsOf([run('a', spent({}, { up: undefined }))])[0].up).toBeNaN()
})

describe('the weather that was met', () => {
  it('is said where it was not the same, as the same faults in rounds of other lengths are not', () => {
    expect(weatherWarnings([run('fedavg', spent({ away: 18 })), run('fedbuff', spent({ away: 3 }))])).toEqual([
      'storm: not the same weather: the fault away: fired 18 times a run under fedavg, 3 under fedbuff. ' +
        'Where rounds are not alike, give windows in virtual time.',
    ])
  })

  it('is said where a fault never struck anybody', () => {
    expect(weatherWarnings([run('a', spent({ away: 0 })), run('b', spent({ away: 0 }))])).toEqual(['storm: the fault away: never fired.'])
  })

  it('is not said of chance, of variants without the fault, nor between conditions', () => {
    const runs = [
      run('a', spent({ lose: 20 })), run('b', spent({ lose: 24 })), run('calm', spent({})), run('a', spent({ lose: 200 }), 'hail'),
    ]
    expect(weatherWarnings(runs)).toEqual([])
  })
})
