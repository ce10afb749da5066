import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { endsBelow, parseBudget, roundsWithin } from '../../src/runs/comparison/budget.js'
import { horizonOf, levelTitle, parseLevel, reached, spentAt } from '../../src/flight/level.js'
import type { RoundSummary } from '../../src/flight/round-summaries.js'
import { rounds } from '../runs/flights.js'

/** Rounds of ten seconds, 2 MB and 100 examples each, with these scores. */
const flown = (scores: readonly (number | undefined)[], metric = 'auc'): RoundSummary[] =>
  scores.map((score, i) => ({
    ...rounds[0], round: i + 1, closed: (i + 1) * 10e6, up: 1.5e6, down: 0.5e6, inside: 9e6, trainings: 2, examples: 100,
    ...(score !== undefined && { scores: { validation: { [metric]: score } } }),
  }))

describe('a level', () => {
  it('is what a score takes to reach: time, bytes on clients’ lines, or examples', () => {
    expect(parseLevel('time to auc .7')).toEqual({ of: 'time', split: 'validation', metric: 'auc', value: 0.7 })
    expect(parseLevel('bytes to log-loss <= 0.4')).toEqual({ of: 'bytes', split: 'validation', metric: 'log-loss', value: 0.4 })
    expect(parseLevel('examples to ndcg@20 1e-2')).toEqual({ of: 'examples', split: 'validation', metric: 'ndcg@20', value: 0.01 })
    expect(parseLevel('rounds to test accuracy .97')).toEqual({ of: 'rounds', split: 'test', metric: 'accuracy', value: 0.97 })
    expect(parseLevel('time to auc of NL/click .7')).toEqual({ of: 'time', split: 'validation', metric: 'auc', value: 0.7, whose: ['NL', 'click'] })
    expect(parseLevel('bytes to test auc of store-1 >= .7')).toEqual({ of: 'bytes', split: 'test', metric: 'auc', value: 0.7, whose: ['store-1'] })
    expect(levelTitle(parseLevel('time to auc of NL/click .7')!)).toBe('virtual seconds to validation AUC of NL/click 0.7')
    expect(parseLevel('time to auc of store-1.7')).toBeUndefined()
    for (const name of ['auc', 'group-auc', 'time', 'time to auc']) expect(parseLevel(name)).toBeUndefined()
    expect(() => parseLevel('time to auk .7')).toThrow('"time to auk .7": there is no metric auk of every round. Did you mean "auc"?')
    expect(levelTitle(parseLevel('bytes to auc .7')!)).toBe('megabytes to validation AUC 0.7')
  })

  it('is reached at the first close at which the score is there or better', () => {
    const run = flown([0.5, 0.72, 0.69, 0.8])
    expect(reached(run, parseLevel('time to auc .7')!, [])).toEqual({ at: 20, watched: 40 })
    expect(reached(run, parseLevel('bytes to auc .7')!, [])).toEqual({ at: 4, watched: 8 })
    expect(reached(run, parseLevel('examples to auc .8')!, [])).toEqual({ at: 400, watched: 400 })
    expect(reached(run, parseLevel('time to auc .9')!, [])).toEqual({ at: undefined, watched: 40 })
    expect(reached(flown([0.6, undefined, 0.3], 'log-loss'), parseLevel('time to log-loss .4')!, [])).toEqual({ at: 30, watched: 30 })
  })

  it('of a scenario or a task is reached by the scores that are meant', () => {
    const row = { virtualTime: 0, split: 'validation', metric: 'auc' } as const
    const rows = [[0.9, 0.1], [0.9, 0.6], [0.9, 0.8]].flatMap(([click, buy], i) => [
      { ...row, round: i + 1, scenario: 'NL', task: 'click', value: click }, { ...row, round: i + 1, scenario: 'NL', task: 'buy', value: buy },
    ])
    const run = flown([0.5, 0.75, 0.85])
    const when = (text: string): number | undefined => reached(run, parseLevel(text)!, rows).at
    expect(['time to auc .7', 'time to auc of click .7', 'time to auc of NL/buy .7', 'time to auc of NL .7', 'time to auc of buy .9'].map(when))
      .toEqual([20, 10, 30, 20, undefined])
  })

  it('counts a run that does not reach it as far as all of those were watched', () => {
    const all = [flown([0.8]), flown([0.1, 0.2, 0.3]), flown([0.1, 0.2])].map((run) => reached(run, parseLevel('time to auc .7')!, []))
    expect(horizonOf(all)).toBe(20)
    expect(horizonOf(all.slice(0, 1))).toBe(Infinity)
  })
})

describe('a budget', () => {
  it('is virtual time, bytes or examples', () => {
    expect(parseBudget('5 min')).toMatchObject({ of: 'time', most: 300 })
    expect(parseBudget('3 MB')).toMatchObject({ of: 'bytes', most: 3 })
    expect(parseBudget('1.5 GB')).toMatchObject({ of: 'bytes', most: 1500 })
    expect(parseBudget('10000 examples')).toMatchObject({ of: 'examples', most: 10_000 })
    expect(() => parseBudget('20 rounds')).toThrow('"20 rounds" is no budget: give "5 min" of virtual time')
  })

  it('holds the rounds at whose close no more was spent, at any scale', () => {
    const scale = fc.constantFrom(1e-3, 1, 1e6)
    const spends = fc.array(fc.nat({ max: 5 }), { maxLength: 8 })
    fc.assert(
      fc.property(spends, fc.nat({ max: 30 }), scale, (examples, most, by) => {
        const run = flown(examples.map(() => 0.5)).map((row, i) => ({ ...row, examples: examples[i] * by }))
        const budget = { of: 'examples', most: most * by, text: '' } as const
        let sum = 0
        const within = run.filter((row) => (sum += row.examples) <= budget.most).map(({ round }) => round)
        expect([...roundsWithin(run, budget)]).toEqual(within)
        expect(endsBelow(run, budget)).toBe((spentAt(run, 'examples').at(-1) ?? 0) < budget.most)
      }),
    )
  })
})
