import { describe, expect, it } from 'vitest'
import { readDocument } from '../../src/documents/source.js'
import { printable, SpecificationError, WindtunnelError } from '../../src/errors.js'

const complaint = (text: string): string => {
  try {
    readDocument(text, 'plan.yaml')
  } catch (error) {
    expect(error).toBeInstanceOf(SpecificationError)
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}

describe('a document', () => {
  it('is plain data, its aliases written out', () => {
    const { value } = readDocument('a: &x { b: [1, two, null, true, .5] }\nc: *x\nd: !!str 5', 'plan.yaml')
    expect(value).toEqual({ a: { b: [1, 'two', null, true, 0.5] }, c: { b: [1, 'two', null, true, 0.5] }, d: '5' })
  })

  it.each([
    ['an alias of nothing', 'a: 1\nb: *there', 'plan.yaml:2:4: the alias *there stands for nothing: no anchor before it\n  2 | b: *there\n    |    ^^^^^^\nMend the file and run it again.'],
    ['an alias before its anchor', 'b: *x\na: &x 1', /^plan\.yaml:1:4: the alias \*x stands for nothing/],
    ['a circle', 'a: &x { b: { c: *x } }', /^plan\.yaml:1:17: the alias \*x stands within what it stands for/],
    ['bytes', 'a: !!binary aGVsbG8=', /^plan\.yaml:1:13: the tag tag:yaml\.org,2002:binary is not known/],
    ['a tag of its own', 'a: !thing {}', /the tag !thing is not known/],
    ['a set', 'a: !!set { x, y }', /the tag tag:yaml\.org,2002:set is not known/],
    ['a time stamp of YAML 1.1', '%YAML 1.1\n---\na: 2022-04-25', /this is no text and no number/],
    ['a field that is a prototype', 'a:\n  __proto__: { b: 1 }', /^plan\.yaml:2:3: a field cannot be called __proto__/],
    ['many aliases', Array.from({ length: 9 }, (_, i) => `k${i}: &k${i} [${i === 0 ? '1' : Array(9).fill(`*k${i - 1}`).join(',')}]`).join('\n'),
      /more than 100000 values: aliases multiply/],
    ['depth', `a: ${'['.repeat(80)}${']'.repeat(80)}`, /nested more than 64 deep/],
    ['more depth', `a: ${'['.repeat(100_000)}`, /nested|sufficiently indented|end with/],
  ])('that is no plain data is an error with its place: %s', (_, text, message) => {
    const said = complaint(text)
    if (typeof message === 'string') expect(said).toBe(message)
    else expect(said).toMatch(message)
  })

  it('shows a window of a long line', () => {
    const { source } = readDocument(`{"a":"${'x'.repeat(9_000)}","b":1,"c":"${'y'.repeat(9_000)}"}`, 'plan.json')
    const { where, excerpt } = source.place(['b'], 'name')
    expect(where).toBe('plan.json:1:9009')
    const [row, marks] = excerpt!.split('\n')
    expect(row.length).toBeLessThan(130)
    expect(row.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1)).toBe('"b"')
  })
})

describe('a message', () => {
  it('never moves a cursor or turns a text', () => {
    expect(new WindtunnelError('a\u001b[2Jb\r\u009b\u202e\u2028c\td\ne').message).toBe('a\\u001b[2Jb\\u000d\\u009b\\u202e\\u2028c\td\ne')
    expect(printable('grün 日本 é 👩‍👩‍👧')).toBe('grün 日本 é 👩‍👩‍👧')
  })
})
