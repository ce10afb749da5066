import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { isCloseNotice, isOpenNotice } from '../../src/federation/messages.js'
import { beginParameters, decodeControl, decodeParameters, encodeControl, seal } from '../../src/network/frame.js'
import { readSafetensors, safetensorsHeader } from '../../src/network/safetensors.js'
import { cases } from './cases.js'

const shapes = [{ name: 'trunk/embedding', shape: [4, 2] }, { name: 'b', shape: [3] }, { name: 'nothing', shape: [0, 9] }]
const header = safetensorsHeader(shapes)
const floats = 11
const about = { patience: 5e6, missing: 'last', deadline: undefined } as const

const parameters = (head: Parameters<typeof beginParameters>[0]): Uint8Array => {
  const { frame, values } = beginParameters(head, header, floats)
  values.set(Array.from({ length: floats }, (_, i) => i / 2))
  return frame
}

const ending = { outcome: 'closed', reason: 'deadline', after: 'late' } as const

/** Frames of every kind as they are sent, and what lies in some of them. */
const sound = [
  parameters({ kind: 'update', round: 3, examples: 20, steps: 5 }),
  parameters({ kind: 'model', round: 3, ...about }),
  encodeControl({ kind: 'open', round: 2, ...about }, { selected: ['client-NL', 'client-é'] }),
  encodeControl({ kind: 'close', round: 2 }, ending),
  parameters({ kind: 'update', round: 3, examples: 20, steps: 5 }).slice(32),
]

/** What hostile JSON looks like that is put where a header or a notice was. */
const json = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    'null', '[]', '7', '{"selected":null}', '{"selected":[null]}', '{"__proto__":{"selected":["a"]}}', '['.repeat(20_000),
    '{"a":null}', '{"a":{}}', '{"a":[]}', '{"a":{"dtype":"F32","shape":null,"data_offsets":null}}',
    '{"a":{"dtype":"F32","shape":[1e15],"data_offsets":[0,4e15]}}', '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[8,4]}}',
    '{"a":{"dtype":"F32","shape":[],"data_offsets":[4294967295,4294967299]}}',
    '{"a":{"dtype":"F32","shape":[11],"data_offsets":[0,44]},"b":{"dtype":"F32","shape":[11],"data_offsets":[0,44]}}',
    JSON.stringify({ ...ending, after: 'used' }), JSON.stringify({ ...ending, final: 'yes' }),
  ),
)

type Change =
  | { readonly kind: 'bytes'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'more'; readonly bytes: Uint8Array }
  | { readonly kind: 'json'; readonly text: string }

const place = fc.nat(1_000)
const some = fc.uint8Array({ minLength: 1, maxLength: 12 })
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('bytes' as const), at: place, bytes: some }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('more' as const), bytes: some }),
  fc.record({ kind: fc.constant('json' as const), text: json }),
)

/** A JSON text in place of the header of a block, or of the body of a frame, with lengths that fit. */
const withJson = (bytes: Uint8Array, text: string, block: boolean): Uint8Array => {
  const body = new TextEncoder().encode(text)
  if (!block) {
    const frame = Buffer.concat([bytes.subarray(0, 32), body])
    if (frame.length >= 32) frame.writeUInt32LE(body.length, 24)
    return frame
  }
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(body.length))
  return Buffer.concat([length, body, bytes.subarray(-44)])
}

const changed = (bytes: Uint8Array, changes: readonly Change[], block: boolean): Uint8Array => {
  let out = bytes.slice()
  for (const one of changes) {
    switch (one.kind) {
      case 'bytes':
        for (const [i, byte] of one.bytes.entries()) if (one.at + i < out.length) out[one.at + i] = byte
        break
      case 'cut':
        out = out.slice(0, one.at % (out.length + 1))
        break
      case 'more':
        out = Uint8Array.from([...out, ...one.bytes])
        break
      case 'json':
        out = Uint8Array.from(withJson(out, one.text, block))
        break
    }
  }
  return out
}

/** Bytes as they may come: a sound frame that was changed (with a checksum that fits, or with none), or any bytes. */
const hostile = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 120 }) },
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.nat(sound.length - 1), fc.array(change, { minLength: 1, maxLength: 3 }), fc.constantFrom('seal', 'none', 'as is'))
      .map(([which, changes, checksum]) => {
        const bytes = changed(sound[which], changes, which === 4)
        if (which === 4 || bytes.length < 32) return bytes
        if (checksum === 'none') bytes.fill(0, 28, 32)
        return checksum === 'seal' ? seal(bytes) : bytes
      }),
  },
)

const refusals = ['short', 'magic', 'checksum', 'kind', 'layout', 'head']

describe('hostile bytes', () => {
  it('are read as what they say or refused, by every reader: none throws, and none makes more of them than they are', () => {
    let [read, refused] = [0, 0]
    fc.assert(
      fc.property(hostile, (bytes) => {
        const before = bytes.slice()
        const block = readSafetensors(bytes)
        if (block.ok) {
          const size = block.tensors.reduce((sum, { values }) => sum + values.byteLength, 0)
          expect(size).toBeLessThanOrEqual(bytes.length)
          for (const { shape, values } of block.tensors) expect(values).toHaveLength(shape.reduce((a, b) => a * b, 1))
        }
        const open = decodeControl(bytes, 'open', isOpenNotice)
        if (open.ok) expect(open.body.selected.every((name) => typeof name === 'string')).toBe(true)
        const close = decodeControl(bytes, 'close', isCloseNotice)
        if (close.ok) expect(['closed', 'aborted']).toContain(close.body.outcome)
        const model = decodeParameters(bytes, 'model', header, floats)
        const update = decodeParameters(bytes, 'update', header, floats)
        for (const decoded of [model, update]) if (decoded.ok) expect(decoded.body).toHaveLength(floats)
        // A frame is of one kind at most.
        expect([open, close, model, update].filter(({ ok }) => ok).length).toBeLessThanOrEqual(1)
        for (const answer of [block, open, close, model, update]) {
          if (answer.ok) read++
          else {
            refused++
            expect(refusals).toContain(answer.why)
          }
        }
        expect(bytes).toEqual(before)
      }),
      cases(600),
    )
    // Neither all nor nothing is let through: the property was tried on both.
    expect(read).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(read)
  })

  it('are what the readers take where nothing was changed', () => {
    const [update, model, open, close, block] = sound
    expect(decodeParameters(update, 'update', header, floats).ok).toBe(true)
    expect(decodeParameters(model, 'model', header, floats).ok).toBe(true)
    expect(decodeControl(open, 'open', isOpenNotice).ok).toBe(true)
    expect(decodeControl(close, 'close', isCloseNotice).ok).toBe(true)
    const read = readSafetensors(block)
    expect(read.ok && read.tensors.map(({ name, shape }) => ({ name, shape }))).toEqual(shapes)
  })

  it.each([
    ['is cut off', [1, 2, 3], 'short'],
    ['claims a header that is not there', [200, 0, 0, 0, 0, 0, 0, 0, 123], 'short'],
    ['claims more than any memory', [255, 255, 255, 255, 255, 255, 255, 255, 123], 'short'],
  ] as const)('of a block that %s are told to be so', (_, bytes, why) => {
    expect(readSafetensors(Uint8Array.from(bytes))).toMatchObject({ ok: false, why })
  })

  it.each([
    ['null', 'no JSON with a field for each tensor'],
    ['{"a":null}', 'described by no group'],
    ['{"a":{"dtype":"F64"}}', 'is not F32'],
    ['{"a":{"dtype":"F32","shape":[1.5]}}', 'no shape of whole numbers'],
    ['{"a":{"dtype":"F32","shape":[11],"data_offsets":[0]}}', 'where its data lie'],
    ['{"a":{"dtype":"F32","shape":[11],"data_offsets":[4,44]}}', 'data for another shape'],
    ['{"a":{"dtype":"F32","shape":[5],"data_offsets":[24,44]}}', 'begin where the one before'],
    ['{"a":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}}', 'have 44 bytes, the header says 20'],
  ])('of a block with the header %s are refused', (text, what) => {
    const answer = readSafetensors(withJson(sound[4], text, true))
    expect(answer).toMatchObject({ ok: false, why: 'layout' })
    expect(!answer.ok && answer.what).toContain(what)
  })
})
