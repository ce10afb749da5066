import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Table } from '../../src/data/table.js'
import { fillEdges } from '../../src/engine/feeding/edges.js'
import { drawMember, drawStranger, groupsOf } from '../../src/engine/feeding/groups.js'
import { dataOf } from '../../src/engine/feeding/rows.js'

const table = (pairs: readonly (readonly [number, number])[]): Table => ({
  rows: pairs.length,
  categorical: Int32Array.from(pairs.flat()),
  numeric: new Float32Array(0),
  labels: new Float32Array(pairs.length).fill(1),
})
/** Draws that come in this order. */
const script = (...values: number[]) => (): number => values.shift()!

const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 8 })), { minLength: 1 })

describe('members of groups', () => {
  it('are the distinct known ids of a group, ascending', () => {
    const { start, ids } = groupsOf([1, 4, 1, 2, 3, 0, 1, 4, 3, 9], 2, 1, 0)
    expect([...start]).toEqual([0, 0, 2, 2, 3])
    expect([...ids]).toEqual([2, 4, 9])
  })

  it('and strangers cover exactly what a slow search finds, each as often as the others', () => {
    fc.assert(fc.property(pairs, fc.integer({ min: 0, max: 7 }), (rows, group) => {
      const [size, groups] = [10, groupsOf(rows.flat(), 2, 1, 0)]
      const inside = [...new Set(rows.filter(([g, id]) => g === group && id > 0).map(([, id]) => id))]
      const outside = Array.from({ length: size - 1 }, (_, i) => i + 1).filter((id) => !inside.includes(id))
      const drawn = outside.map((_, i) => drawStranger(groups, group, size, () => (i + 0.5) / outside.length))
      expect(drawn).toEqual(outside)
      for (const own of inside) {
        const others = inside.filter((id) => id !== own).sort((a, b) => a - b)
        const met = others.map((_, i) => drawMember(groups, group, own, () => (i + 0.5) / others.length))
        expect(met).toEqual(others)
      }
    }))
  })

  it('have no other where there is one, and no stranger where there is none', () => {
    const groups = groupsOf([1, 1, 1, 2, 2, 1], 2, 1, 0)
    expect(drawMember(groups, 2, 1, script(0.9))).toBe(1)
    expect(() => drawStranger(groups, 1, 3, script(0.1))).toThrow('no negative to draw')
    expect(drawStranger(groups, 2, 3, script(0.99))).toBe(2)
  })
})

describe('edges', () => {
  it('are the distinct interactions with symmetric weights, padded with nothing', () => {
    const data = dataOf(table([[1, 2], [2, 2], [1, 3], [1, 2], [0, 3], [2, 0]]))
    const column = (end: 'left' | 'right' | 'weight'): number[] => {
      const buffer = new Float32Array(10).fill(7)
      fillEdges({ what: { kind: 'edges', end, left: 0, right: 1 }, buffer, size: 5 }, 1, data)
      expect([...buffer.subarray(0, 5)]).toEqual([7, 7, 7, 7, 7])
      return [...buffer.subarray(5)]
    }
    expect(column('left')).toEqual([1, 1, 2, 0, 0])
    expect(column('right')).toEqual([2, 3, 2, 0, 0])
    // User 1 has two items, item 2 two known users, item 3 one: a row of an unknown user is no interaction.
    expect(column('weight').map((w) => w * w)).toEqual([1 / 4, 1 / 2, 1 / 2, 0, 0].map((w) => expect.closeTo(w, 6)))
  })

  it('must fit', () => {
    const buffer = new Int32Array(1)
    const what = { kind: 'edges', end: 'left', left: 0, right: 1 } as const
    expect(() => fillEdges({ what, buffer, size: 1 }, 0, dataOf(table([[1, 2], [2, 2]])))).toThrow('room for 1 edges')
  })
})
