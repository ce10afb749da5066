import { expect, it } from 'vitest'

import { safetensorsHeader } from '../../src/network/safetensors.js'
import { plainWire } from '../../src/network/wire.js'

const body = { length: 3, header: safetensorsHeader([{ name: 'w', shape: [3] }]), extras: [] }
const part = { name: 'trunk', segments: [{ name: 'w', role: 'tower', shape: [3], offset: 0, size: 3 } as const], down: body, up: body }
const head = { kind: 'update', round: 2, examples: 64, steps: 4 } as const

const roomy = (room: number): Float32Array => {
  const values = new Float32Array(new ArrayBuffer(room + 12), room)
  values.set([1, -2, 3])
  return values
}

it('values with room before them become the same message as values that are copied, without a copy, however often', () => {
  const wire = plainWire(false)
  const room = wire.room(part)
  const values = roomy(room)
  const copied = wire.encode(part, head, values, 'client-a')
  const inPlace = wire.encode(part, head, values, 'client-a', true)
  expect(inPlace.buffer).toBe(values.buffer)
  expect(copied.buffer).not.toBe(values.buffer)
  expect(inPlace).toEqual(copied)
  expect(wire.encode(part, head, values, 'client-a', true)).toEqual(copied)
  expect(wire.decode(part, 'update', inPlace, 'client-a')).toEqual({ ok: true, head, body: values })
})

it('what something on the way may change is copied, whatever room there is', () => {
  const wire = plainWire(true)
  expect(wire.room(part)).toBe(0)
  const values = roomy(plainWire(false).room(part))
  expect(wire.encode(part, head, values, 'client-a', true).buffer).not.toBe(values.buffer)
})
