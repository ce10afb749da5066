import { expect, it } from 'vitest'

import { idleWords } from '../../src/codecs/idle-words.js'
import { chainsIn, chainsOf, type CodedRole, codecSchema, type CodecInput } from '../../src/codecs/routes.js'
import { fp16, int8, rows, topK, zstd } from '../../src/codecs/all.js'
import { streams } from '../../src/random/streams.js'
import type { Participant } from '../../src/roster/participant.js'

const participants: Participant[] = [
  { name: 'aggregator', role: 'aggregator' }, ...['a', 'b', 'c'].map((scenario): Participant => ({ name: `client-${scenario}`, role: 'client', scenario })),
]
const looked = (input: CodecInput) => {
  const chainOf = chainsOf(codecSchema.parse(input), participants, streams('1'))
  return (direction: 'up' | 'down', role: CodedRole, client = 'client-a', round = 1): string =>
    chainOf(direction, role, client, round)?.map(({ kind }) => kind).join(' ') ?? '-'
}

it('one codec is for everything; a chain is a list, however it is said', () => {
  expect(looked(int8())('up', 'tower')).toBe('int8')
  expect(looked(rows().then(topK({ share: 0.1 })).then(fp16()))('down', 'embedding')).toBe('rows topK fp16')
  expect(JSON.stringify(fp16().then(zstd()))).toBe('[{"kind":"fp16"},{"kind":"zstd"}]')
  expect(codecSchema.parse(fp16().then(zstd()))).toEqual(codecSchema.parse([{ kind: 'fp16' }, { kind: 'zstd' }]))
})

it('a codec that is awaited by itself is the data, and never a promise without an end', async () => {
  // The compiler warns of it, and a script need not be compiled.
  const awaited = async (data: object): Promise<unknown> => data
  await expect(awaited(int8())).resolves.toEqual({ kind: 'int8' })
  await expect(awaited(fp16().then(zstd()))).resolves.toEqual([{ kind: 'fp16' }, { kind: 'zstd' }])
})

it('a direction comes before a role, a role before all, some before everybody, later before earlier', () => {
  const chain = looked({
    all: fp16(), experts: int8(), up: { towers: topK({ share: 0.1 }) }, down: zstd(),
    some: [{ rounds: [1, 2], all: { kind: 'fp32' } }, { who: 'client-b', experts: { kind: 'int4' } }],
  })
  expect(chain('up', 'tower', 'client-a', 3)).toBe('topK')
  expect(chain('up', 'expert', 'client-a', 3)).toBe('int8')
  expect(chain('up', 'gate', 'client-a', 3)).toBe('fp16')
  expect(chain('down', 'expert', 'client-a', 3)).toBe('zstd')
  expect(chain('up', 'tower', 'client-a', 2)).toBe('fp32')
  expect(chain('up', 'expert', 'client-b', 2)).toBe('int4')
  expect(chain('up', 'tower', 'client-b', 2)).toBe('fp32')
  expect(chain('up', 'tower', 'client-b', 3)).toBe('topK')
})

it('further tensors of a strategy are coded by what codes values, or by what is said of them', () => {
  expect(looked(int8())('up', 'extra')).toBe('int8')
  expect(looked(topK({ share: 0.1 }))('up', 'extra')).toBe('-')
  expect(looked({ up: topK({ share: 0.1 }), all: fp16() })('up', 'extra')).toBe('fp16')
  expect(looked({ extras: topK({ share: 0.1 }) })('up', 'extra')).toBe('topK')
})

it('words that code nothing are told, with the reason', () => {
  const travelling = { up: new Set<CodedRole>(['tower', 'expert']), down: new Set<CodedRole>(['tower', 'expert', 'extra']) }
  const idle = (input: CodecInput) => idleWords(codecSchema.parse(input), travelling)
  expect(idle(int8())).toEqual([])
  expect(idle({ experts: int8(), up: fp16() })).toEqual([])
  expect(idle({ experts: int8(), up: fp16(), down: fp16() })).toEqual(['codec.experts codes nothing: what `codec` says of a direction, or of roles, comes before it'])
  expect(idle({ gates: int8(), extras: fp16(), up: { extras: fp16() }, some: [{ who: 'client-a', rounds: [1, 2], norms: int8(), towers: int8() }] })).toEqual([
    "codec.gates codes nothing: nothing that travels has the role 'gate'",
    "codec.up.extras codes nothing: nothing that travels has the role 'extra'",
    "codec.some.0.norms codes nothing: nothing that travels has the role 'batch-norm'",
  ])
})

it('what cannot be a chain is refused', () => {
  const wrong = (input: unknown) => codecSchema.safeParse(input).success
  expect(wrong([{ kind: 'int8' }, { kind: 'topK', share: 0.1 }])).toBe(false)
  expect(wrong([{ kind: 'zstd' }, { kind: 'fp16' }])).toBe(false)
  expect(wrong([])).toBe(false)
  expect(wrong({ some: [{ rounds: [3, 2], all: { kind: 'fp16' } }] })).toBe(false)
  expect(wrong([{ kind: 'rows' }, { kind: 'topK', share: 0.1 }, { kind: 'fp16' }, { kind: 'deflate' }, { kind: 'zstd' }])).toBe(true)
})

it('all chains that are named are found', () => {
  const routes = codecSchema.parse({ experts: int8(), up: fp16(), down: { all: zstd() }, some: [{ rounds: [1, 2], up: { gates: topK({ share: 0.5 }) } }] })
  expect(chainsIn(routes).map(([{ kind }]) => kind).toSorted()).toEqual(['fp16', 'int8', 'topK', 'zstd'])
})
