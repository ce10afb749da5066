import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { readDocument } from '../../src/documents/source.js'
import { exitCodes } from '../../src/errors.js'
import { resolve } from '../../src/simulation/resolve.js'
import type { Specification } from '../../src/simulation/specification.js'
import { cases } from './cases.js'
import { wrongWithError } from './said.js'
import { sound, written } from './sound.js'

/** What a text means as a specification; throws what is wrong with it. */
const readAndResolve = (text: string): unknown => {
  const { value, source } = readDocument(text, 'case.yaml')
  return resolve(value as Specification, { source, engine: 'tfjs', workers: 1 })
}

/** The error of a text; undefined where it has none. */
const errorOf = (text: string): unknown => {
  try {
    readAndResolve(text)
    return undefined
  } catch (error) {
    return error
  }
}

const here = /^case\.yaml:\d+:\d+: /
const rest = 'model: { kind: mlp, hidden: [4], embedding: 2 }\nstrategy: { kind: fedavg }\nrounds: { kind: synchronous, count: 2 }\n'
const laughs = (most: number): string =>
  ['a0: &a0 [x, x, x, x, x, x, x, x, x]', ...Array.from({ length: most }, (_, i) => {
    const before = Array.from({ length: 9 }, () => `*a${i}`).join(', ')
    return `a${i + 1}: &a${i + 1} [${before}]`
  })].join('\n')

describe('documents that are no plain data', () => {
  it.each([
    ['a circle', `world: &w { kind: storefronts, again: *w }\n${rest}`, 1],
    ['a circle through a list', `${rest}faults: &f [*f]\n`, 4],
    ['a billion laughs', `${laughs(9)}\n${rest}`, undefined],
    ['bytes', `${rest}world: { kind: !!binary aGVsbG8= }\n`, 4],
    ['a function', `${rest}world: !!js/function 'function () { return 1 }'\n`, 4],
    ['a set', `${rest}world: !!set { storefronts }\n`, 4],
    ['a date', `${rest}world: { kind: !!timestamp 2026-01-01 }\n`, 4],
    ['an alias of nothing', `${rest}world: *nothing\n`, 4],
    ['an alias before its anchor', `world: *w\n${rest}faults: &w []\n`, 1],
    ['a merge', `${rest}base: &b { kind: storefronts }\nworld: { <<: *b, scenarios: 2 }\n`, 4],
    ['a name twice', `${rest}world: { kind: storefronts }\nworld: { kind: storefronts }\n`, 5],
    ['a name twice in a group', `${rest}world: { kind: storefronts, users: 5, users: 6 }\n`, 4],
    ['__proto__', `${rest}__proto__: { world: { kind: storefronts } }\n`, 4],
    ['a list as a name', `${rest}? [world]\n: { kind: storefronts }\n`, 4],
    ['two documents', `world: { kind: storefronts }\n${rest}---\n${rest}`, 5],
    ['a tab', `world:\n\tkind: storefronts\n${rest}`, undefined],
    ['a text that does not end', `${rest}world: { kind: "storefronts }\n`, undefined],
    ['nothing', '', 1],
    ['one word', 'storefronts', 1],
    ['a deep list', `${rest}faults: ${'['.repeat(200)}${']'.repeat(200)}\n`, 4],
  ])('%s is an error with its line', (_, text, line) => {
    const error = errorOf(text)
    expect(wrongWithError(error, [exitCodes.specification], here)).toBeUndefined()
    if (line !== undefined) expect((error as Error).message).toContain(`case.yaml:${line}:`)
  })

  it('a list of ten thousand lists is an error too, though the parser itself gives up', () => {
    const error = errorOf(`${rest}faults: ${'['.repeat(10_000)}`)
    expect(wrongWithError(error, [exitCodes.specification], /^case\.yaml/)).toBeUndefined()
  })

  it('anchors and aliases that are plain data are read', () => {
    const text = `world: { kind: storefronts }\n${rest}faults:\n  - { kind: lose, link: &up { from: client }, probability: 0.1 }\n` +
      '  - { kind: delay, link: *up, by: 1 s }\n'
    expect(errorOf(text)).toBeUndefined()
  })
})

describe('texts of YAML with signs put in, taken out and doubled', () => {
  const signs = fc.constantFrom(
    '&a ', '*a', '&a [*a]', '!!binary ', '!!js/function ', '!!set ', '!!omap ', '<<: *a\n', '? ', '- ', ': ', '|\n', '>-\n', '"', "'", '{', '}', '[',
    ']', '#', '\t', '\n', '---\n', '...\n', '%YAML 1.1\n---\n', '%TAG ! tag:x,2000:\n---\n', '\u0000', '\u001b[2J', '\u2028', '\ufeff', '.nan', '.inf', '0x1F',
    '1e999', '~', '__proto__: 1\n', 'x'.repeat(3_000), '!<tag:yaml.org,2002:float> ', '\\', '@', '`', '\r',
  )
  const change = fc.record({ at: fc.nat(10_000), sign: signs, how: fc.constantFrom('put', 'cut', 'double') })
  const hostile = fc.tuple(fc.constantFrom(...sound), fc.array(change, { minLength: 1, maxLength: 4 })).map(([value, changes]) => {
    let text = written(value, 'yaml')
    for (const { at, sign, how } of changes) {
      const place = at % (text.length + 1)
      if (how === 'put') text = text.slice(0, place) + sign + text.slice(place)
      else if (how === 'cut') text = text.slice(0, place) + text.slice(place + sign.length)
      else text = text.slice(0, place) + text.slice(Math.max(0, place - 40))
    }
    return text
  })

  it('mean something, or are refused with the line', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const error = errorOf(text)
        if (error !== undefined) expect(wrongWithError(error, [exitCodes.specification], here)).toBeUndefined()
      }),
      cases(120),
    )
  })
})
