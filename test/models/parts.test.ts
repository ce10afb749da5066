import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildLayout, type Axis, type Layout, type SegmentSpec } from '../../src/models/layout.js'
import { gather, partNames, partRuns, runsLength, scatter } from '../../src/models/parts.js'

const spec = (name: string, shape: number[], axes: Axis[], more: Partial<SegmentSpec> = {}): SegmentSpec => ({
  name, shape, axes, role: 'other', initial: { kind: 'constant', value: 0 }, ...more,
})

test('expert 2 of [in 2, experts 3, out 2] is two runs of two floats', () => {
  const layout = buildLayout([spec('gate', [4], ['in']), spec('w', [2, 3, 2], ['in', 'expert', 'out'])])
  const [found, ...others] = partRuns(layout, 'expert-2')
  expect(others).toEqual([])
  expect([found.segment.name, found.shape, [...found.runs]]).toEqual(['w', [2, 2], [6, 2, 12, 2]])
  const into = new Float32Array(4)
  expect(gather(Float32Array.from({ length: 16 }, (_, i) => i), found.runs, into)).toBe(4)
  expect([...into]).toEqual([6, 7, 12, 13])
})

test('a leading expert axis is one run; a segment of one expert is whole; the rest is the trunk', () => {
  const layout = buildLayout([
    spec('w', [2, 3], ['expert', 'out']),
    spec('own', [5], ['out'], { expert: 1 }),
    spec('gate', [4, 2], ['in', 'task'], { role: 'gate' }),
  ])
  const runs = (part: string) => partRuns(layout, part).map((r) => [r.segment.name, r.shape, [...r.runs]])
  expect(partNames(layout)).toEqual(['trunk', 'expert-1', 'expert-2'])
  expect(runs('expert-1')).toEqual([['w', [3], [0, 3]]])
  expect(runs('expert-2')).toEqual([['w', [3], [3, 3]], ['own', [5], [6, 5]]])
  expect(runs('trunk')).toEqual([['gate', [4, 2], [11, 8]]])
})

test('include leaves segments out; an unknown part is refused with the known ones', () => {
  const layout = buildLayout([spec('a', [2], ['in']), spec('b', [3], ['in'])])
  expect(partRuns(layout, 'trunk', (s) => s.name === 'b').map((r) => r.segment.name)).toEqual(['b'])
  expect(() => partRuns(layout, 'expert-1')).toThrow("There is no part 'expert-1'. The model has trunk.")
})

const length = fc.integer({ min: 1, max: 5 })
const plain = fc.array(length, { minLength: 1, maxLength: 3 })
const layouts: fc.Arbitrary<Layout> = fc.integer({ min: 1, max: 4 }).chain((experts) => {
  const segment = fc.oneof(
    plain.map((shape) => ({ shape, axes: shape.map((): Axis => 'in'), expert: undefined })),
    fc.tuple(plain, fc.integer({ min: 0, max: experts - 1 })).map(([shape, expert]) => ({
      shape, axes: shape.map((): Axis => 'in'), expert,
    })),
    fc.tuple(plain, fc.nat(3), fc.constantFrom(8, 40)).map(([shape, at, out]) => {
      const wide = [...shape, out]
      const place = at % (wide.length + 1)
      return {
        shape: wide.toSpliced(place, 0, experts),
        axes: wide.map((): Axis => 'out').toSpliced(place, 0, 'expert'),
        expert: undefined,
      }
    }),
  )
  return fc
    .array(segment, { minLength: 1, maxLength: 6 })
    .map((all) => buildLayout(all.map(({ shape, axes, expert }, i) => spec(`s${i}`, shape, axes, { expert }))))
})

describe('for any layout', () => {
  test('parts are disjoint, cover it, and their shapes fit their runs', () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        const owners = new Int32Array(layout.size)
        for (const part of partNames(layout)) {
          for (const { segment, shape, runs } of partRuns(layout, part)) {
            expect(runsLength(runs)).toBe(shape.reduce((a, b) => a * b, 1))
            for (let i = 0; i < runs.length; i += 2) {
              expect(runs[i]).toBeGreaterThanOrEqual(segment.offset)
              expect(runs[i] + runs[i + 1]).toBeLessThanOrEqual(segment.offset + segment.size)
              for (let j = 0; j < runs[i + 1]; j++) owners[runs[i] + j]++
            }
          }
        }
        expect(owners.every((n) => n === 1)).toBe(true)
      }),
    )
  })

  test('gathering all parts and scattering them again is the identity', () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        const values = Float32Array.from({ length: layout.size }, (_, i) => i + 1)
        const again = new Float32Array(layout.size)
        for (const part of partNames(layout)) {
          const all = partRuns(layout, part)
          const packed = new Float32Array(all.reduce((sum, { runs }) => sum + runsLength(runs), 0))
          expect(all.reduce((at, { runs }) => gather(values, runs, packed, at), 0)).toBe(packed.length)
          expect(all.reduce((at, { runs }) => scatter(packed, runs, again, at), 0)).toBe(packed.length)
        }
        expect([...again]).toEqual([...values])
      }),
    )
  })

  test('a gathered expert is the slice of the tensor', () => {
    const layout = buildLayout([spec('w', [2, 2, 2, 2], ['in', 'task', 'expert', 'out'])])
    const values = Float32Array.from({ length: 16 }, (_, i) => i)
    const into = new Float32Array(8)
    gather(values, partRuns(layout, 'expert-1')[0].runs, into)
    expect([...into]).toEqual([0, 1, 4, 5, 8, 9, 12, 13])
  })
})
