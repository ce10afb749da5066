import { describe, expect, it } from 'vitest'

import { mislabel } from '../../src/faults/all.js'
import type { Planned, Tools } from '../../src/faults/fault.js'
import { faultSchema } from '../../src/faults/registry.js'
import { createDraws, createLexicon } from '../../src/random/draws.js'
import { streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'

const binary: Task = { name: 'ctr', kind: 'binary' }
const digits: Task = { name: 'digit', kind: 'multiclass', classes: 10 }
const minutes: Task = { name: 'minutes', kind: 'regression' }

const drawn = createDraws(streams('7'), createLexicon(), 'a test')

/** The n-th draw of a row is given by `draws[row][n]`. */
const listed = (draws: readonly (readonly number[])[]): Tools['draws'] => ({ visit: (_, row, nth) => draws[row][nth], message: () => 0 })

const compiled = (about: object, draws: Tools['draws'], changed = 0) => {
  const struck: unknown[][] = []
  const tools: Tools = {
    draws, parts: [], strikes: () => false, names: () => false, live: () => {}, leave: () => {},
    relabelled: () => changed, events: { isOn: () => true, endsAt: () => Infinity },
    strike: (...all) => struck.push(all),
  }
  const fault = faultSchema.parse({ kind: 'mislabel', who: 'all', ...about })
  const planned = { id: 'm', key: 'm', fault, targets: ['a'] } as unknown as Planned
  const hooks = mislabel.compile(planned as Parameters<typeof mislabel.compile>[0], tools)
  const labels = (task: Task, values: readonly number[], client = 'a'): number[] | undefined => {
    const others = hooks.labels!({ client, task, values: Float32Array.from(values) })
    return others && [...others]
  }
  return { labels, struck, trains: hooks.trains! }
}

describe('a label, by the draws of its row', () => {
  it('of a binary task is the other one where it is flipped; a row without a label stays without', () => {
    const { labels } = compiled({ flip: 0.5 }, listed([[0.1], [0.6], [0.49], [0], [0.5]]))
    expect(labels(binary, [1, 1, 0, NaN, 0])).toEqual([0, 1, 1, NaN, 0])
  })

  it('of many classes is that at the other end, or the other of the two that are swapped', () => {
    const all = listed(Array.from({ length: 4 }, () => [0]))
    expect(compiled({ flip: 1 }, all).labels(digits, [0, 3, 9, 5])).toEqual([9, 6, 0, 4])
    expect(compiled({ flip: 1, swap: [3, 8] }, all).labels(digits, [0, 3, 8, 5])).toEqual([0, 8, 3, 5])
    expect(compiled({ flip: 1, swap: [3, 8] }, all).labels(binary, [0, 1])).toBeUndefined()
  })

  it('is drawn anew among all classes, the one it was among them', () => {
    const { labels } = compiled({ redraw: 0.5 }, listed([[0.1, 0.99], [0.1, 0.31], [0.7, 0.5], [0.2, 0]]))
    expect(labels(digits, [5, 3, 5, 5])).toEqual([9, 3, 5, 0])
  })

  it('of a regression gets noise, and no other does', () => {
    // Box-Muller with v = 0: sqrt(-2 ln(1 - u)), which is 2 and 0 here.
    const { labels } = compiled({ noise: 3 }, listed([[1 - Math.exp(-2), 0], [0, 0]]))
    expect(labels(minutes, [10, -4])).toEqual([16, -4])
    expect(labels(binary, [0, 1])).toBeUndefined()
    expect(compiled({ flip: 1 }, listed([[0]])).labels(minutes, [1])).toBeUndefined()
  })

  it('is its own client’s and task’s', () => {
    const { labels } = compiled({ flip: 1, task: 'ctr' }, listed([[0]]))
    expect(labels(binary, [1], 'b')).toBeUndefined()
    expect(labels({ ...binary, name: 'ctcvr' }, [1])).toBeUndefined()
    expect(labels(binary, [1])).toEqual([0])
  })
})

it('shares are met, and more of them contain fewer: a row’s draw is its own', () => {
  const rows = 20_000
  const zeros = Array.from({ length: rows }, () => 0)
  const at = (flip: number): number[] => compiled({ flip }, drawn).labels(binary, zeros)!
  const [few, many] = [at(0.2), at(0.5)]
  const count = (labels: number[]): number => labels.reduce((a, b) => a + b, 0)
  // sd 57 and 71.
  expect(Math.abs(count(few) - 4000)).toBeLessThan(285)
  expect(Math.abs(count(many) - 10_000)).toBeLessThan(355)
  expect(few.every((label, row) => label <= many[row])).toBe(true)
  const redrawn = compiled({ redraw: 0.5 }, drawn).labels(digits, zeros)!
  // Nine in ten of the half that is redrawn change: sd 70.
  expect(Math.abs(redrawn.filter((label) => label !== 0).length - 9000)).toBeLessThan(350)
  const noisy = compiled({ noise: 2 }, drawn).labels(minutes, zeros)!
  const mean = noisy.reduce((a, b) => a + b, 0) / rows
  const variance = noisy.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows
  expect(Math.abs(mean)).toBeLessThan(5 * (2 / Math.sqrt(rows)))
  expect(Math.abs(variance - 4)).toBeLessThan(5 * 4 * Math.sqrt(2 / rows))
})

it('a training on changed labels is told, with the labels once', () => {
  const { trains, struck } = compiled({ flip: 0.5 }, drawn, 12)
  trains('a', 1)
  trains('a', 2)
  expect(struck).toEqual([['a', 'a 1', 'label changed', 'a', 12], ['a', 'a 2', 'label changed', 'a', 12]])
  const none = compiled({ flip: 0 }, drawn, 0)
  none.trains('a', 1)
  expect(none.struck).toEqual([])
})

it('says what goes together', () => {
  const parse = (about: object) => () => faultSchema.parse({ kind: 'mislabel', who: 'all', ...about })
  expect(parse({})).toThrow(/give either `flip` or `redraw` or `noise`/)
  expect(parse({ flip: 0.1, noise: 1 })).toThrow(/give either/)
  expect(parse({ redraw: 0.1, swap: [0, 1] })).toThrow(/`swap` goes with `flip`/)
})
