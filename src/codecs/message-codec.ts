import { crc32 } from 'node:zlib'

import { ByteReader } from './coding/byte-reader.js'
import { ByteWriter } from './coding/byte-writer.js'
import { type Codec, type Sending, type Shape, sizeOf } from './codec.js'
import { exact } from './fp32.js'
import { Malformed } from './coding/malformed.js'
import { buildCodec, traitsOf } from './registry.js'
import type { Chain } from './routes.js'

/** A tensor of a message, and the chain that codes it; undefined: it goes as it is. */
export interface CodedTensor {
  /** What it is known by at both ends. */
  readonly index: number
  readonly shape: Shape
  /** Where it lies in the message's floats. */
  readonly offset: number
  readonly size: number
  readonly chain: Chain | undefined
  /** Whether it is no parameter, but a further tensor of the strategy: nothing at the receiver that it could be a change of. */
  readonly extra: boolean
}

/** Tensors that one codec codes, as one block. */
interface Group {
  readonly tensors: readonly CodedTensor[]
  readonly shapes: readonly Shape[]
  readonly size: number
  /** Where it lies in the message, if it is one piece of it. */
  readonly from: number | undefined
  readonly codec: Codec
  /** Whether it codes changes of a model that the receiver has. */
  readonly changes: boolean
}

/** A model that both ends have: the parameters of the part, laid as the message's. */
export interface Reference {
  readonly round: number
  readonly values: Float32Array
}

/** A message holds changes of a model that its receiver does not have, or has another of. */
export class UnknownReference extends Error {
  override readonly name = 'UnknownReference'
}

/** How all floats of a message become bytes, tensor by tensor, and come back. */
export interface MessageCodec {
  /** Whether anything of it is a change of a model that the receiver has. */
  readonly changes: boolean
  /** Whether its sender keeps memory. */
  readonly remembers: boolean
  /**
   * `reference`: what changes are of; without one all that would be a change goes as it is, in 32 bits. The bytes are a view,
   * until the next message; `shares`: how many of them each kind of codec has written, and how many say what is coded how (`names`).
   */
  encode(values: Float32Array, reference: Reference | undefined, sending: Sending): { readonly bytes: Uint8Array; readonly shares: Readonly<Record<string, number>> }
  /** No message becomes more bytes than this. */
  readonly most: number
  /** Throws `Malformed`, or `UnknownReference` where `referenceOf` a round has nothing, or something else than what was meant. */
  decode(bytes: Uint8Array, referenceOf: (round: number) => Float32Array | undefined): { readonly values: Float32Array; readonly reference: number | undefined }
}

const changesIn = (chain: Chain | undefined): boolean => chain !== undefined && traitsOf(chain).of === 'changes'

const groupsOf = (tensors: readonly CodedTensor[]): Group[] => {
  const byChain = new Map<string, CodedTensor[]>()
  for (const tensor of tensors) {
    const { chain: own, extra } = tensor
    const key = own === undefined ? '' : `${extra ? 'extra ' : ''}${JSON.stringify(own)}`
    const group = byChain.get(key)
    if (group === undefined) byChain.set(key, [tensor])
    else group.push(tensor)
  }
  return [...byChain].map(([key, members]) => {
    const [{ chain, offset, extra }] = members
    let end = offset
    const whole = members.every((tensor) => {
      const touches = tensor.offset === end
      end = tensor.offset + tensor.size
      return touches
    })
    const shapes = members.map(({ shape }) => shape)
    return {
      tensors: members, shapes, size: sizeOf(shapes), from: whole ? offset : undefined, changes: !extra && changesIn(chain),
      codec: chain === undefined ? exact : buildCodec(chain, `${key} ${offset} `),
    }
  })
}

/** The group's floats of a message: a view, or collected into memory of their own. */
const gathered = ({ tensors, size, from }: Group, values: Float32Array): Float32Array => {
  if (from !== undefined) return values.subarray(from, from + size)
  const all = new Float32Array(size)
  let at = 0
  for (const tensor of tensors) {
    all.set(values.subarray(tensor.offset, tensor.offset + tensor.size), at)
    at += tensor.size
  }
  return all
}

const scattered = ({ tensors, from }: Group, all: Float32Array, into: Float32Array): void => {
  if (from !== undefined) return into.set(all, from)
  let at = 0
  for (const { offset, size } of tensors) {
    into.set(all.subarray(at, at + size), offset)
    at += size
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)

/**
 * The body of a coded message, all numbers little-endian:
 *
 *     number of tensors, then the index of each, as varints
 *     u32  CRC-32 of what both ends have agreed on: indices, shapes, codecs
 *     round of the model that changes are of, or that was trained from, plus 1, as varint; 0: none is named
 *     u32  CRC-32 of that model's floats, where one is
 *     what each codec made of its tensors, in the order of their first
 *
 * `names`: whether a model is named even where nothing is a change of it.
 */
export const messageCodec = (tensors: readonly CodedTensor[], names: boolean): MessageCodec => {
  const groups = groupsOf(tensors)
  const length = tensors.reduce((sum, { size }) => sum + size, 0)
  const parameters = tensors.reduce((sum, { size, extra }) => (extra ? sum : sum + size), 0)
  const changes = groups.some((group) => group.changes)
  const agreement = crc32(JSON.stringify(tensors.map(({ index, shape, chain }) => [index, shape, chain ?? null])))
  const most = Math.max(1, ...tensors.map(({ index }) => index))
  const out = new ByteWriter(4 * length + 256)
  // A model is the reference of many messages.
  const sums = new WeakMap<Float32Array, number>()
  const sumOf = (values: Float32Array): number => {
    let sum = sums.get(values)
    if (sum === undefined) sums.set(values, (sum = crc32(bytesOf(values))))
    return sum
  }
  const plainly = (shapes: readonly Shape[], values: Float32Array, sending: Sending): void => {
    const before = out.by('fp32')
    exact.encode({ shapes, values }, out, sending)
    out.by(before)
  }
  const encodeGroup = (group: Group, values: Float32Array, reference: Reference | undefined, sending: Sending): void => {
    const own = gathered(group, values)
    if (group.changes ? reference === undefined : group.codec === exact) return plainly(group.shapes, own, sending)
    if (!group.changes || reference === undefined) return group.codec.encode({ shapes: group.shapes, values: own }, out, sending)
    const before = gathered(group, reference.values)
    const change = new Float32Array(own.length)
    for (let i = 0; i < change.length; i++) change[i] = own[i] - before[i]
    group.codec.encode({ shapes: group.shapes, values: change }, out, sending)
  }
  const decodeGroup = (group: Group, bytes: ByteReader, reference: Float32Array | undefined, into: Float32Array): void => {
    const own = group.from === undefined ? new Float32Array(group.size) : into.subarray(group.from, group.from + group.size)
    if (group.changes && reference === undefined) exact.decode(bytes, group.shapes, own)
    else group.codec.decode(bytes, group.shapes, own)
    if (group.changes && reference !== undefined) {
      const before = gathered(group, reference)
      for (let i = 0; i < own.length; i++) own[i] += before[i]
    }
    if (group.from === undefined) scattered(group, own, into)
  }
  const remembers = tensors.some(({ chain }) => chain !== undefined && traitsOf(chain).remembers)
  return {
    changes,
    remembers,
    most: groups.reduce(
      (sum, { codec, shapes, size, changes: whole }) => sum + Math.max(codec.most(shapes), whole ? 4 * size : 0),
      5 * (tensors.length + 2) + 8,
    ),
    encode: (values, reference, sending) => {
      out.clear()
      out.by('names')
      out.varint(tensors.length)
      for (const { index } of tensors) out.varint(index)
      out.u32(agreement)
      const against = changes || names ? reference : undefined
      out.varint(against === undefined ? 0 : against.round + 1)
      if (against !== undefined) out.u32(sumOf(against.values))
      for (const group of groups) encodeGroup(group, values, against, sending)
      return { bytes: out.written(), shares: out.shares() }
    },
    decode: (body, referenceOf) => {
      const bytes = new ByteReader(body)
      if (bytes.varint(tensors.length) !== tensors.length) throw new Malformed('other tensors')
      for (const { index } of tensors) if (bytes.varint(most) !== index) throw new Malformed('other tensors')
      if (bytes.u32() !== agreement) throw new Malformed('other codecs')
      const against = bytes.varint(2 ** 32)
      if (against > 0 && !changes && !names) throw new Malformed('changes of a model')
      const reference = against === 0 ? undefined : referenceOf(against - 1)
      if (against > 0 && (reference?.length !== parameters || bytes.u32() !== sumOf(reference))) throw new UnknownReference(`the model of round ${against - 1}`)
      const values = new Float32Array(length)
      for (const group of groups) decodeGroup(group, bytes, reference, values)
      bytes.end()
      return { values, reference: against === 0 ? undefined : against - 1 }
    },
  }
}
