import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NondeterminismError } from '../../../src/errors.js'
import { compareMetrics, EventComparison, formatDifference } from '../../../src/runs/replay/compare.js'
import { kindOf } from '../../../src/runs/processor.js'
import { reasonsToDiffer } from '../../../src/runs/replay/reasons-to-differ.js'
import { compareNumbers } from '../../../src/runs/replay/numbers.js'
import { events, flight, manifest, metrics } from '../flights.js'

const planted = '{"at":62500001,"event":"arrive","actor":"client-b","id":2}'

describe('comparing events', () => {
  it('finds the first that differs, whatever the portions in which they come', () => {
    const line = fc.constantFrom('a', 'b', 'c')
    fc.assert(
      fc.property(fc.array(line), fc.array(line), fc.integer({ min: 1, max: 4 }), (expected, got, portion) => {
        const comparison = new EventComparison(expected)
        for (let i = 0; i < got.length; i += portion) comparison.take(got.slice(i, i + portion))
        comparison.end()
        const longer = Math.max(expected.length, got.length)
        const first = Array.from({ length: longer }, (_, i) => i).find((i) => expected[i] !== got[i])
        expect(comparison.difference).toEqual(
          first === undefined ? undefined : { index: first, expected: expected[first], got: got[first] },
        )
      }),
    )
  })

  it('prints a planted difference with its virtual time and actor', () => {
    const comparison = new EventComparison(events)
    comparison.take([events[0], events[1], planted])
    expect(formatDifference(comparison.difference!)).toBe(
      [
        'The first event that differs is number 3 at 1:02.500 of virtual time, actor client-b:',
        `  expected ${events[2]}`,
        `  got      ${planted}`,
      ].join('\n'),
    )
  })

  it('prints an event too few and one too many', () => {
    const few = new EventComparison(events)
    few.take(events.slice(0, 1))
    few.end()
    expect(formatDifference(few.difference!)).toBe(
      [
        'The first event that differs is number 2 at 0.000 s of virtual time, actor client-a:',
        `  expected ${events[1]}`,
        '  got      nothing: the replay ended here',
      ].join('\n'),
    )
    const many = new EventComparison(events.slice(0, 2))
    many.take(events)
    expect(formatDifference(many.difference!)).toContain('expected nothing: the run ended here')
  })
})

describe('comparing numbers', () => {
  const other = metrics.map((row) => (row.round === 1 && row.scenario === 'b' ? { ...row, value: 0.7504 } : row))
  const run = { digests: flight.digests, metrics }
  const changed = { digests: { events: 'e1', numbers: 'n2' }, metrics: other }

  it('asks for the same bits on the same processor', () => {
    expect(compareNumbers(run, run, [])).toBe('same')
    expect(() => compareNumbers(run, changed, [])).toThrow(NondeterminismError)
    expect(() => compareNumbers(run, changed, [])).toThrow(
      'The first metric that differs is auc of ctr in b (test) after round 1, ' +
        'at 30.000 s of virtual time: expected 0.75, got 0.7504.',
    )
    expect(() => compareNumbers(run, { ...changed, metrics }, [])).toThrow('the parameters behind them are not')
  })

  it('asks for metrics within the tolerance on another', () => {
    expect(compareNumbers(run, changed, ['another processor'])).toBe('within tolerance')
    const far = metrics.map((row) => ({ ...row, value: row.value === null ? 0.5 : row.value + 0.02 }))
    const gone = { ...changed, metrics: far }
    expect(() => compareNumbers(run, gone, ['another processor'])).toThrow('expected 0.5, got 0.52')
  })

  it('does not take an undefined metric for a number, nor a missing one', () => {
    expect(compareMetrics(metrics, metrics.slice(0, 4), 1)?.got).toBeUndefined()
    expect(compareMetrics(metrics, metrics.map((row) => ({ ...row, value: row.value ?? 0.5 })), 1)?.got).toBe(0.5)
    expect(compareMetrics(metrics, metrics, 0)).toBeUndefined()
  })

  it('knows when the last bits may differ', () => {
    const here = { processor: manifest.processor, versions: manifest.versions }
    expect(reasonsToDiffer(manifest, here)).toEqual([])
    const wide = { ...here, processor: { kind: 'x64-avx512', model: 'other' } }
    expect(reasonsToDiffer(manifest, wide)).toEqual(['the run flew on x64-avx2, this is x64-avx512'])
    expect(reasonsToDiffer({ ...manifest, engine: 'tfjs' }, wide)).toEqual([])
    const versions = { ...here.versions, 'onnxruntime-node': '1.31.0' }
    expect(reasonsToDiffer(manifest, { ...here, versions })).toEqual([
      'onnxruntime-node was 1.30.0, now it is 1.31.0',
    ])
    const native = { ...manifest, engine: 'tfjs-node' as const, versions: { ...versions, libtensorflow: '2.15.1' } }
    expect(reasonsToDiffer(native, { ...here, versions: { ...here.versions, libtensorflow: '2.15.1' } })).toEqual([])
    expect(reasonsToDiffer(native, { ...here, versions: { ...here.versions, libtensorflow: '2.9.1' } })).toEqual([
      'libtensorflow was 2.15.1, now it is 2.9.1',
    ])
  })

  it('names processors by what decides the bits', () => {
    expect(kindOf('x64', ['avx', 'avx2', 'fma'])).toBe('x64-avx2')
    expect(kindOf('x64', ['avx2', 'avx512f'])).toBe('x64-avx512')
    expect(kindOf('x64', [])).toBe('x64')
    expect(kindOf('arm64', [])).toBe('arm64')
  })
})
