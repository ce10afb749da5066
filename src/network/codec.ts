import { crc32 } from 'node:zlib'

import type { EnvelopeKind } from './envelope.js'

/**
 * The wire format. A frame is a 32-byte little-endian header and a body.
 *
 *     0  u32  magic 'WTN1'            16  f64  examples behind an update (0 otherwise)
 *     4  u8   kind                    24  u32  length of the body in bytes
 *     8  u32  round                   28  u32  checksum: CRC-32 of bytes 0..27 and the body
 *
 * The body of a parameter message is a safetensors block (32 + its padded header keeps floats on 8-byte boundaries, so
 * a receiver reads them in place). The body of a control message is UTF-8 JSON.
 */
const MAGIC = 0x314e5457
const HEADER = 32
const kinds: readonly EnvelopeKind[] = ['open', 'model', 'update', 'close']

export interface FrameHead {
  readonly kind: EnvelopeKind
  readonly round: number
  readonly examples: number
}

/** Why a frame was refused. A receiver answers with the fate `rejected`. */
export type Refusal = 'short' | 'magic' | 'checksum' | 'layout'

export type Decoded<Body> = { readonly ok: true; readonly head: FrameHead; readonly body: Body } | { readonly ok: false; readonly why: Refusal }

const seal = (frame: Uint8Array): Uint8Array => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  view.setUint32(28, crc32(frame.subarray(HEADER), crc32(frame.subarray(0, 28))), true)
  return frame
}

const begin = (head: FrameHead, body: number): Uint8Array => {
  const frame = new Uint8Array(HEADER + body)
  const view = new DataView(frame.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint8(4, kinds.indexOf(head.kind))
  view.setUint32(8, head.round, true)
  view.setFloat64(16, head.examples, true)
  view.setUint32(24, body, true)
  return frame
}

const open = (frame: Uint8Array): Decoded<Uint8Array> => {
  if (frame.length < HEADER) return { ok: false, why: 'short' }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (view.getUint32(0, true) !== MAGIC) return { ok: false, why: 'magic' }
  const body = frame.subarray(HEADER)
  if (view.getUint32(24, true) !== body.length) return { ok: false, why: 'short' }
  if (view.getUint32(28, true) !== crc32(body, crc32(frame.subarray(0, 28)))) return { ok: false, why: 'checksum' }
  const kind = kinds[view.getUint8(4)]
  if (kind === undefined) return { ok: false, why: 'layout' }
  return { ok: true, head: { kind, round: view.getUint32(8, true), examples: view.getFloat64(16, true) }, body }
}

/** Recomputes the checksum of a frame whose bytes were changed on purpose (poisoned at the source, or in a test). */
export const reseal = seal

/** A parameter frame with room for its values: fill `values` in place, then `seal` it with `finishParameters`. */
export const beginParameters = (
  head: FrameHead,
  safetensors: Uint8Array,
  length: number,
): { frame: Uint8Array; values: Float32Array } => {
  const frame = begin(head, safetensors.length + 4 * length)
  frame.set(safetensors, HEADER)
  return { frame, values: new Float32Array(frame.buffer, HEADER + safetensors.length, length) }
}

export const finishParameters = seal

/** Reads a parameter frame whose safetensors header must be exactly `safetensors`; values are a view of the frame. */
export const decodeParameters = (frame: Uint8Array, safetensors: Uint8Array): Decoded<Float32Array> => {
  const opened = open(frame)
  if (!opened.ok) return opened
  const { head, body } = opened
  if (body.length < safetensors.length) return { ok: false, why: 'layout' }
  if (Buffer.compare(body.subarray(0, safetensors.length), safetensors) !== 0) return { ok: false, why: 'layout' }
  const data = body.subarray(safetensors.length)
  if (data.length % 4 !== 0) return { ok: false, why: 'layout' }
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice()
  return { ok: true, head, body: new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4) }
}

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

/** A control frame: any JSON value. */
export const encodeControl = (head: FrameHead, value: unknown): Uint8Array => {
  const body = text.encoder.encode(JSON.stringify(value))
  const frame = begin(head, body.length)
  frame.set(body, HEADER)
  return seal(frame)
}

export const decodeControl = <Value>(frame: Uint8Array): Decoded<Value> => {
  const opened = open(frame)
  return opened.ok ? { ...opened, body: JSON.parse(text.decoder.decode(opened.body)) as Value } : opened
}
