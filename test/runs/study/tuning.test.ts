import { describe, expect, it } from 'vitest'
import { choose, configurationsOf, widened } from '../../../src/runs/study/tuning.js'

const space = { 'local.optimizer.rate': [0.001, 0.01], 'local.epochs': [1, 2] }
const tuning = { configurations: 4, space, seeds: 1 }

describe('the search', () => {
  it('is the whole grid where that is what everybody gets', () => {
    expect(configurationsOf(tuning, 's', 'fedavg')).toEqual([
      ['local.optimizer.rate=0.001', 'local.epochs=1'],
      ['local.optimizer.rate=0.001', 'local.epochs=2'],
      ['local.optimizer.rate=0.01', 'local.epochs=1'],
      ['local.optimizer.rate=0.01', 'local.epochs=2'],
    ])
  })

  it('gives a variant with options of its own as many configurations as the others, always the same', () => {
    const own = { ...tuning, own: { fedprox: { 'strategy.mu': [0.1, 1, 10] } } }
    const drawn = configurationsOf(own, 's', 'fedprox')
    expect(drawn).toHaveLength(4)
    expect(new Set(drawn.map(String)).size).toBe(4)
    for (const set of drawn) expect(set[2]).toMatch(/^strategy\.mu=(0\.1|1|10)$/)
    expect(configurationsOf(own, 's', 'fedprox')).toEqual(drawn)
    expect(configurationsOf(own, 's', 'fedavg')).toHaveLength(4)
  })

  it('refuses a grid that is too small to be equal', () => {
    expect(() => configurationsOf({ ...tuning, configurations: 5 }, 's', 'fedavg')).toThrow(
      's: the search space of fedavg has 4 configurations, fewer than the 5 that every variant gets.',
    )
  })
})

describe('a search whose best lies at an end of its grid', () => {
  const rates = (...values: readonly number[]): string[][] => values.map((value) => [`rate=${value}`])

  it('goes on beyond it, at the ratio of the last two', () => {
    expect(widened(['rate=0.001'], rates(0.001, 0.01, 0.1))).toEqual([['rate=0.0001']])
    expect(widened(['rate=0.03'], rates(0.001, 0.01, 0.03))).toEqual([['rate=0.09']])
    expect(widened(['rate=0.01'], rates(0.001, 0.01, 0.1))).toEqual([])
    expect(widened(['rate=0.0001'], [...rates(0.001, 0.01), ['rate=0.0001']])).toEqual([['rate=0.00001']])
  })

  it('stays with whole numbers where all are, and at 1 below them', () => {
    expect(widened(['rate=3'], rates(2, 3))).toEqual([['rate=5']])
    expect(widened(['rate=2'], rates(2, 3))).toEqual([['rate=1']])
    expect(widened(['rate=1'], rates(1, 2, 3))).toEqual([])
  })

  it('does so for each number, and leaves alone what has no order or no next', () => {
    const tried = [['rate=0.1', 'mu=1', 'scale="raw"', 'layers=0'], ['rate=1', 'mu=10', 'scale="cosine"', 'layers=1']]
    expect(widened(tried[1], tried)).toEqual([
      ['rate=10', 'mu=10', 'scale="cosine"', 'layers=1'], ['rate=1', 'mu=100', 'scale="cosine"', 'layers=1'],
    ])
    expect(widened(['rate=0.1'], [['rate=0.1']])).toEqual([])
  })
})

describe('what it is judged by', () => {
  it('is averaged over the tuning seeds; the first of equals is chosen', () => {
    expect(choose([[0.5, 0.7], [0.8, 0.6], [0.6, 0.8]])).toBe(1)
    expect(choose([[-Infinity], [-Infinity]])).toBe(0)
  })
})
