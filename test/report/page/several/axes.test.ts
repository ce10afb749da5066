import { describe, expect, it } from 'vitest'
import { columnsOf, placesOf, slicesOf } from '../../../../src/report/page/several/axes.js'
import { runOf } from './facts.js'

const run = (condition: string, variant: string, point?: Readonly<Record<string, unknown>>) =>
  runOf({ condition, variant, seed: '1', scores: { a: 0.5 }, ...(point && { point }) })

describe('axes of a study', () => {
  const runs = ['a', 'b'].flatMap((variant, i) => [
    run('calm', variant, { loss: 0, mu: i }), run('loss .3', variant, { loss: 0.3, mu: i }), run('loss .1', variant, { loss: 0.1, mu: i }), run('slow', variant, { slowdown: 8, mu: i }),
  ])

  it('are of conditions where all variants of each have one place', () => {
    expect(placesOf(runs)).toEqual(new Map([
      ['calm', new Map([['loss', 0]])], ['loss .3', new Map([['loss', 0.3]])], ['loss .1', new Map([['loss', 0.1]])], ['slow', new Map([['slowdown', 8]])],
    ]))
  })

  it('have slices of two levels and more, from the lowest', () => {
    expect(slicesOf(runs)).toEqual([{
      axis: 'loss', others: '', levels: [{ condition: 'calm', value: 0 }, { condition: 'loss .1', value: 0.1 }, { condition: 'loss .3', value: 0.3 }],
    }])
  })

  it('are sliced where all else is equal', () => {
    const crossed = [0, 1].flatMap((loss) => ['x', 'y'].map((link) => run(`${loss}${link}`, 'a', { loss, link })))
    expect(slicesOf(crossed).map(({ axis, others, levels }) => [axis, others, levels.map(({ condition }) => condition)])).toEqual([
      ['loss', 'link=x', ['0x', '1x']], ['loss', 'link=y', ['0y', '1y']],
    ])
  })

  it('group the columns of matrices, each with the calm condition before it', () => {
    expect(columnsOf(runs, ['calm', 'loss .3', 'loss .1', 'slow'], 'calm')).toEqual([
      { title: 'loss', conditions: ['calm', 'loss .1', 'loss .3'] }, { title: 'slowdown', conditions: ['calm', 'slow'] },
    ])
  })

  it('are none where studies say nothing of levels: then conditions are the columns', () => {
    const plain = [run('calm', 'a'), run('stormy', 'a')]
    expect(slicesOf(plain)).toEqual([])
    expect(columnsOf(plain, ['calm', 'stormy'], 'calm')).toEqual([{ title: 'conditions', conditions: ['calm', 'stormy'] }])
  })
})
