import { crc32 } from 'node:zlib'

import { kindNumber, type MessageKind, messageKinds, type Refusal } from '../record/message.js'
import { ClockError } from '../time/clock-error.js'
import { clockEnd, formatMicros, type Micros } from '../time/micros.js'
import { alone } from './frame-memory.js'

/**
 * The wire format. A frame is a 32-byte little-endian header and a body.
 *
 *     0  u32  magic 'WTN1'            of an update         of a model, of an opening
 *     4  u8   kind                    12  u32  steps       12  u48  patience         12  u32  threshold, of a step of
 *     5  u8   1: sit out              16  f64  examples    18  u48  deadline              secure aggregation
 *     8  u32  round
 *    24  u32  length of the body in bytes
 *    28  u32  checksum: CRC-32 of bytes 0..27 and the body, or 0 for none
 *
 * `patience` and `deadline` are microseconds, all ones for none; in byte 5 is what a client does whose patience ends, and
 * 2 for one that gives up what it cannot send by the deadline, 4 for one that trains as much as fits.
 *
 * The body of a parameter message is a safetensors block (32 + its padded header keeps floats on 8-byte boundaries, so
 * a receiver reads them in place). The body of a control message is UTF-8 JSON, that of a step of secure aggregation bytes.
 *
 * As in UDP a checksum of 0 means that none was made, and one that comes out as 0 is sent as all ones. Senders make one
 * where something on the way may change bytes (a fault, a link of the simulation's own) or they are told to: it costs more
 * than all else that is done with a small model's frame. Control messages always have one. A checksum that is there is
 * always verified, and the bytes on the wire are as many.
 */
const MAGIC = 0x314e5457
/** Bytes of a frame before its body. */
export const HEADER = 32
const NONE = clockEnd + 1
/** More rounds than any flight has: a frame of one was damaged. */
const ROUNDS = 2 ** 21

/** What a client must know of the round that it is asked for. */
export interface Instructions {
  /** How long it waits for the other parts of a model after the first; undefined: for ever. */
  readonly patience: Micros | undefined
  /** What it does then without a part: goes on with the last version that it trained on, or sits the round out. */
  readonly missing: 'last' | 'sit-out'
  /** The instant at which the round ends by itself; undefined: it does not. */
  readonly deadline: Micros | undefined
  /** What it does that by its own clock cannot answer before the deadline: sends all the same (the default), gives up, or trains as much as fits. */
  readonly late?: 'send' | 'give-up' | 'train-less' | undefined
}

export interface UpdateHead {
  readonly kind: 'update'
  readonly round: number
  /** Rows of training data behind the update. */
  readonly examples: number
  /** Optimizer steps behind it. */
  readonly steps: number
}

export interface ModelHead extends Instructions {
  readonly kind: 'model'
  readonly round: number
}

export interface OpenHead extends Instructions {
  readonly kind: 'open'
  readonly round: number
}

export interface CloseHead {
  readonly kind: 'close'
  readonly round: number
}

/** Words of a recovery with the round that their sender is in, acknowledgements with that of the message, probes with that of the answer. */
export interface WordHead {
  readonly kind: 'recover' | 'status' | 'resend' | 'ack' | 'probe'
  readonly round: number
}

/** The kinds of the steps of secure aggregation that are messages of their own. */
export type StepKind = 'keys' | 'shares' | 'unmask'

export interface StepHead {
  readonly kind: StepKind
  readonly round: number
  /** Clients without whose shares nothing is unmasked, as their owner says; 0 where it says nothing. */
  readonly threshold: number
}

export type ControlHead = OpenHead | CloseHead | WordHead
export type ControlKind = ControlHead['kind']
export type FrameHead = UpdateHead | ModelHead | ControlHead | StepHead
export type HeadOf<Kind extends MessageKind> = Kind extends WordHead['kind']
  ? WordHead
  : Kind extends StepKind
    ? StepHead
    : Extract<FrameHead, { readonly kind: Kind }>

export type Decoded<Kind extends MessageKind, Body> =
  | { readonly ok: true; readonly head: HeadOf<Kind>; readonly body: Body }
  | { readonly ok: false; readonly why: Refusal }

const checksumOf = (frame: Uint8Array): number =>
  crc32(frame.subarray(HEADER), crc32(frame.subarray(0, 28))) || 0xffffffff

/** Node's own readers and writers of numbers, used on any bytes: a `DataView` a frame costs more than its head. */
const { readUInt32LE, readDoubleLE, readUIntLE, writeUInt32LE, writeDoubleLE, writeUIntLE, compare } = Buffer.prototype
const word = (frame: Uint8Array, at: number): number => readUInt32LE.call(frame as Buffer, at)
const setWord = (frame: Uint8Array, value: number, at: number): void => {
  writeUInt32LE.call(frame as Buffer, value, at)
}
const time = (frame: Uint8Array, at: number): Micros | undefined => {
  const value = readUIntLE.call(frame as Buffer, at, 6)
  return value === NONE ? undefined : value
}
const setTime = (frame: Uint8Array, value: Micros | undefined, at: number): void => {
  if (value !== undefined && value > clockEnd) throw new ClockError(`A round would end or wait until ${formatMicros(value)}`)
  writeUIntLE.call(frame as Buffer, value ?? NONE, at, 6)
}

/** Makes a frame's checksum; anew when bytes were changed on purpose (poisoned at the source, or in a test). */
export const seal = (frame: Uint8Array): Uint8Array => {
  setWord(frame, checksumOf(frame), 28)
  return frame
}

/** Bytes of a frame about parameters: its header, the names and shapes of `header`, and `length` floats. */
export const frameLength = ({ header, length }: { readonly header: Uint8Array; readonly length: number }): number =>
  HEADER + header.length + 4 * length

/** Writes a frame's header, without a checksum. */
const begin = (head: FrameHead, frame: Uint8Array): Uint8Array => {
  frame.fill(0, 0, HEADER)
  setWord(frame, MAGIC, 0)
  frame[4] = kindNumber[head.kind]
  setWord(frame, head.round, 8)
  setWord(frame, frame.length - HEADER, 24)
  switch (head.kind) {
    case 'update':
      setWord(frame, head.steps, 12)
      writeDoubleLE.call(frame as Buffer, head.examples, 16)
      break
    case 'model':
    case 'open':
      frame[5] = (head.missing === 'sit-out' ? 1 : 0) + (head.late === 'give-up' ? 2 : head.late === 'train-less' ? 4 : 0)
      setTime(frame, head.patience, 12)
      setTime(frame, head.deadline, 18)
      break
    case 'close':
    case 'recover':
    case 'status':
    case 'resend':
    case 'ack':
    case 'probe':
      break
    case 'keys':
    case 'shares':
    case 'unmask':
      setWord(frame, head.threshold, 12)
      break
    default:
      return head satisfies never
  }
  return frame
}

/** What is wrong with a frame that should be of a kind, if anything, its body aside. */
const fault = (frame: Uint8Array, kind: MessageKind): Refusal | undefined => {
  if (frame.length < HEADER) return 'short'
  if (word(frame, 0) !== MAGIC) return 'magic'
  if (word(frame, 24) !== frame.length - HEADER) return 'short'
  const checksum = word(frame, 28)
  if (checksum !== 0 && checksum !== checksumOf(frame)) return 'checksum'
  return messageKinds[frame[4]] === kind ? undefined : 'kind'
}

const headOf = (frame: Uint8Array, kind: MessageKind): FrameHead => {
  const round = word(frame, 8)
  switch (kind) {
    case 'update':
      return { kind, round, steps: word(frame, 12), examples: readDoubleLE.call(frame as Buffer, 16) }
    case 'model':
    case 'open': {
      const missing = (frame[5] & 1) === 1 ? 'sit-out' : 'last'
      const late = (frame[5] & 2) === 2 ? 'give-up' : (frame[5] & 4) === 4 ? 'train-less' : undefined
      return { kind, round, missing, patience: time(frame, 12), deadline: time(frame, 18), late }
    }
    case 'close':
    case 'recover':
    case 'status':
    case 'resend':
    case 'ack':
    case 'probe':
      return { kind, round }
    case 'keys':
    case 'shares':
    case 'unmask':
      return { kind, round, threshold: word(frame, 12) }
    default:
      return kind satisfies never
  }
}

/** Can a head without a checksum be what was sent? Rows are counted; a fraction of one would weigh for nothing or for all. */
const isSound = (head: FrameHead): boolean =>
  head.round < ROUNDS && (head.kind !== 'update' || (Number.isSafeInteger(head.examples) && head.examples >= 0))

/** A parameter frame with room for its values, its body not cleared, which would cost as much as filling it: fill in all of `values`, and then `seal` the frame if it must be. */
export const beginParameters = (
  head: UpdateHead | ModelHead,
  safetensors: Uint8Array,
  length: number,
  memory: (size: number) => Uint8Array = alone,
): { frame: Uint8Array; values: Float32Array } => {
  const frame = begin(head, memory(HEADER + safetensors.length + 4 * length))
  frame.set(safetensors, HEADER)
  return { frame, values: new Float32Array(frame.buffer, frame.byteOffset + HEADER + safetensors.length, length) }
}

/** A frame around bytes, of parameters that are coded or of a step of secure aggregation; without a checksum. */
export const frameOf = (head: UpdateHead | ModelHead | StepHead, body: Uint8Array, memory: (size: number) => Uint8Array = alone): Uint8Array => {
  const frame = begin(head, memory(HEADER + body.length))
  frame.set(body, HEADER)
  return frame
}

/** Reads a frame of a kind whose body is bytes: a view of it. */
export const decodeFrame = <Kind extends 'model' | 'update' | StepKind>(frame: Uint8Array, kind: Kind): Decoded<Kind, Uint8Array> => {
  const why = fault(frame, kind)
  if (why !== undefined) return { ok: false, why }
  const head = headOf(frame, kind)
  return isSound(head) ? { ok: true, head: head as HeadOf<Kind>, body: frame.subarray(HEADER) } : { ok: false, why: 'head' }
}

/** Bytes of a parameter frame before its values. */
export const roomBefore = (safetensors: Uint8Array): number => HEADER + safetensors.length

/** A parameter frame without a checksum around values that have `roomBefore` them in their memory: no value is copied. */
export const frameAround = (head: UpdateHead | ModelHead, safetensors: Uint8Array, values: Float32Array): Uint8Array => {
  const room = roomBefore(safetensors)
  const frame = begin(head, new Uint8Array(values.buffer, values.byteOffset - room, room + values.byteLength))
  frame.set(safetensors, HEADER)
  return frame
}

/**
 * Reads a parameter frame of a kind whose safetensors header must be exactly `safetensors` and whose floats must be
 * `length`; the body is a view of the frame.
 */
export const decodeParameters = <Kind extends 'model' | 'update'>(
  frame: Uint8Array,
  kind: Kind,
  safetensors: Uint8Array,
  length: number,
): Decoded<Kind, Float32Array> => {
  const why = fault(frame, kind)
  if (why !== undefined) return { ok: false, why }
  const start = HEADER + safetensors.length
  if (frame.length !== start + 4 * length) return { ok: false, why: 'layout' }
  if (compare.call(frame as Buffer, safetensors, 0, safetensors.length, HEADER, start) !== 0) return { ok: false, why: 'layout' }
  const head = headOf(frame, kind)
  if (!isSound(head)) return { ok: false, why: 'head' }
  const at = frame.byteOffset + start
  const body =
    at % 4 === 0
      ? new Float32Array(frame.buffer, at, length)
      : new Float32Array(new Uint8Array(frame.subarray(start)).buffer)
  return { ok: true, head: head as HeadOf<Kind>, body }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A control frame: any JSON value. */
export const encodeControl = (head: ControlHead, value: unknown, memory: (size: number) => Uint8Array = alone): Uint8Array => {
  const body = Buffer.from(JSON.stringify(value))
  const frame = begin(head, memory(HEADER + body.length))
  frame.set(body, HEADER)
  return seal(frame)
}

/** Reads a control frame of a kind; a body that does not `fit` is refused, since anybody may write JSON. */
export const decodeControl = <Value, Kind extends ControlKind>(
  frame: Uint8Array,
  kind: Kind,
  fits: (body: unknown) => body is Value,
): Decoded<Kind, Value> => {
  const why = fault(frame, kind)
  if (why !== undefined) return { ok: false, why }
  const body = jsonOf(frame.subarray(HEADER))
  if (body === undefined || !fits(body)) return { ok: false, why: 'layout' }
  const head = headOf(frame, kind)
  return isSound(head) ? { ok: true, head: head as HeadOf<Kind>, body } : { ok: false, why: 'head' }
}

const { latin1Slice } = Buffer.prototype as unknown as { readonly latin1Slice: (this: Uint8Array, from: number, to: number) => string }

/** Bytes of UTF-8 as text; throws for bytes that are none. Most are short and ASCII, which takes no decoder. */
const textOf = (bytes: Uint8Array): string => {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] > 0x7f) return utf8.decode(bytes)
  return latin1Slice.call(bytes, 0, bytes.length)
}

/** What a text of JSON says; undefined for bytes that are none. */
const jsonOf = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(textOf(bytes))
  } catch {
    return undefined
  }
}
