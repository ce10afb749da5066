import { describe, expect, test } from 'vitest'
import { SpecificationError } from '../../src/errors.js'
import { buildLayout, initialize, type Initial, type SegmentSpec } from '../../src/models/layout.js'
import { streams } from '../../src/random/streams.js'

const zero: Initial = { kind: 'constant', value: 0 }
const segment = (spec: Partial<SegmentSpec>): SegmentSpec => ({
  name: 'a', shape: [2, 3], axes: ['in', 'out'], role: 'other', initial: zero, ...spec,
})

test('a diagonal start looks at the first two axes', () => {
  const initial = { kind: 'diagonal', on: 0.5, off: -0.25 } as const
  const layout = buildLayout([segment({ shape: [2, 3, 2], axes: ['task', 'in', 'out'], initial })])
  const [on, off] = [[0.5, 0.5], [-0.25, -0.25]]
  expect([...initialize(layout, streams('1'))]).toEqual([on, off, off, off, on, off].flat())
})

describe('a layout', () => {
  test('puts segments one after the other, in their order', () => {
    const layout = buildLayout([
      segment({ name: 'table', shape: [5, 2], axes: ['row', 'out'], role: 'embedding' }),
      segment({ name: 'experts', shape: [2, 4, 3], axes: ['in', 'expert', 'out'], role: 'expert' }),
      segment({ name: 'mean', shape: [3], axes: ['out'], trainable: false }),
    ])
    expect(layout.segments.map(({ name, offset, size, trainable }) => [name, offset, size, trainable])).toEqual([
      ['table', 0, 10, true],
      ['experts', 10, 24, true],
      ['mean', 34, 3, false],
    ])
    expect([layout.size, layout.experts]).toEqual([37, 4])
  })

  test('keeps what a segment says of itself', () => {
    const [kept] = buildLayout([segment({ factor: 'scenario', task: 'ctr' })]).segments
    expect([kept.factor, kept.task]).toEqual(['scenario', 'ctr'])
  })

  test('counts experts that keep segments of their own', () => {
    expect(buildLayout([segment({ expert: 0 }), segment({ name: 'b', expert: 2 })]).experts).toBe(3)
    expect(buildLayout([segment({})]).experts).toBe(0)
  })

  const stacked = (name: string, experts: number): SegmentSpec =>
    segment({ name, shape: [experts, 3], axes: ['expert', 'out'] })

  test.each<[string, SegmentSpec[], RegExp]>([
    ['two segments of one name', [segment({}), segment({})], /another segment has this name/],
    ['a label too few', [segment({ axes: ['in'] })], /one label per axis/],
    ['an axis of length 0', [segment({ shape: [0, 3] })], /positive whole length/],
    ['two expert axes', [segment({ axes: ['expert', 'expert'] })], /at most one axis may be `expert`/],
    ['two task axes', [segment({ axes: ['task', 'task'] })], /at most one axis may be `task`/],
    ['both ways to say expert', [segment({ axes: ['expert', 'out'], expert: 1 })], /not both/],
    ['half an expert', [segment({ expert: 0.5 })], /whole numbers/],
    ['both ways to say task', [segment({ axes: ['task', 'out'], task: 'ctr' })], /not both/],
    ['stacks of 2 and 3 experts', [stacked('a', 2), stacked('b', 3)], /speak of 2 experts/],
    ['an expert beyond the stack', [stacked('a', 2), segment({ name: 'b', expert: 2 })], /have 2 entries/],
    ['an unknown factor', [segment({ factor: 'local' as never })], /`factor` is one of global, scenario, task/],
    ['a name that would break a port', [segment({ name: 'a/b' })], /letters, digits/],
    ['no segments', [], /The model has no segments: there is nothing to train.*Return at least one/],
    ['what is no list', undefined as never, /`segments` gives nothing, expected a list of segments/],
    ['what is no segment', ['a' as never], /A segment is a string, expected \{ name, shape/],
    ['no name', [segment({ name: undefined as never })], /`name` is a text/],
    ['no shape', [segment({ shape: undefined as never })], /`shape` is a list of lengths/],
    ['no axes', [segment({ axes: undefined as never })], /`axes` is a list with one label/],
    ['no role', [segment({ role: { tower: 'ctr' } as never })], /`role` is one of embedding, user/],
    ['no start', [segment({ initial: 'zeros' as never })], /`initial` is \{ kind: ... \}, of a kind of constant/],
  ])('refuses %s', (_, specs, message) => {
    expect(() => buildLayout(specs)).toThrow(SpecificationError)
    expect(() => buildLayout(specs)).toThrow(message)
  })
})

describe('first values', () => {
  const start = (initial: Initial, seed = '1') =>
    initialize(buildLayout([segment({ shape: [100, 40], initial })]), streams(seed))
  const largest = (values: Float32Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)

  test.each<[Initial, number]>([
    [{ kind: 'uniform', limit: 0.3 }, 0.3],
    [{ kind: 'glorot', fanIn: 100, fanOut: 50 }, 0.2],
    [{ kind: 'he', fanIn: 24 }, 0.5],
  ])('%j fill [-limit, limit) evenly', (initial, limit) => {
    const values = start(initial)
    expect(largest(values)).toBeLessThanOrEqual(limit * (1 + 1e-6))
    expect(largest(values)).toBeGreaterThan(limit * 0.99)
    expect(deviation(values)).toBeCloseTo(limit / Math.sqrt(3), 2)
  })

  test('constant and normal', () => {
    expect(new Set(start({ kind: 'constant', value: 0.5 }))).toEqual(new Set([0.5]))
    const values = start({ kind: 'normal', deviation: 2 })
    expect(deviation(values)).toBeCloseTo(2, 0)
    expect(values.filter((v) => Math.abs(v) > 2).length / values.length).toBeCloseTo(0.317, 1)
  })

  test('a segment draws from its own stream: another before it changes none of its values', () => {
    const initial: Initial = { kind: 'he', fanIn: 2 }
    const alone = initialize(buildLayout([segment({ name: 'b', initial })]), streams('7'))
    const after = initialize(buildLayout([segment({ initial }), segment({ name: 'b', initial })]), streams('7'))
    expect([...after.subarray(6)]).toEqual([...alone])
    expect([...after.subarray(0, 6)]).not.toEqual([...alone])
    expect([...initialize(buildLayout([segment({ name: 'b', initial })]), streams('8'))]).not.toEqual([...alone])
  })

  test('are the stream named (initialise, segment)', () => {
    const draw = streams('7')('initialise', 'a')
    const values = start({ kind: 'uniform', limit: 1 }, '7')
    expect([...values.subarray(0, 3)]).toEqual([1, 2, 3].map(() => Math.fround(2 * draw() - 1)))
  })
})
