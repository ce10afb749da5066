import type { Draws } from '../codecs/coding/draws.js'
import { Malformed } from '../codecs/coding/malformed.js'
import { type CodedTensor, type MessageCodec, messageCodec, UnknownReference } from '../codecs/message-codec.js'
import type { Chain, ChainOf, CodedRole } from '../codecs/routes.js'
import type { Name } from '../roster/participant.js'
import { decodeFrame, type Decoded, frameOf, HEADER, seal } from './frame.js'
import { alone } from './frame-memory.js'
import type { Version } from './thread.js'
import type { Wire, WirePart } from './wire.js'

type Kind = 'model' | 'update'

/** What the wire must know to code. */
export interface CodedOptions {
  readonly chainOf: ChainOf
  /** Names of all segments of the model, in its order: they are named by their place in it. */
  readonly segments: readonly string[]
  /** The draws of one message; `client` is empty for one that goes to several. */
  readonly draws: (kind: Kind, part: string, round: number, client: Name) => Draws
}

const directionOf = (kind: Kind): 'up' | 'down' => (kind === 'model' ? 'down' : 'up')

/** The tensors of a message, each with what codes it. */
const tensorsOf = (
  part: WirePart, kind: Kind, segments: ReadonlyMap<string, number>, chain: (role: CodedRole) => CodedTensor['chain'],
): CodedTensor[] => {
  const { extras } = part[directionOf(kind)]
  return [
    ...part.segments.map(({ name, role, shape, offset, size }): CodedTensor => ({
      index: segments.get(name)!, shape, offset, size, chain: chain(role), extra: false,
    })),
    ...extras.map(({ offset, length }, i): CodedTensor => ({
      index: segments.size + i, shape: [length], offset, size: length, chain: chain('extra'), extra: true,
    })),
  ]
}

/** A wire on which parameters are coded, as `chainOf` says; whatever is not coded is as on `plain`. */
export const codedWire = (plain: Wire, { chainOf, segments, draws }: CodedOptions): Wire => {
  const places = new Map(segments.map((name, index) => [name, index]))
  const alike = new Map<string, MessageCodec | undefined>()
  const ofAll = { model: new Map<WirePart, MessageCodec | undefined>(), update: new Map<WirePart, MessageCodec | undefined>() }
  const { checksums, brief } = plain

  const written = new WeakMap<Uint8Array, Readonly<Record<string, number>>>()
  const numbers = new Map<Chain | undefined, number>()
  const numberOf = (one: Chain | undefined): number => {
    let number = numbers.get(one)
    if (number === undefined) numbers.set(one, (number = numbers.size))
    return number
  }

  const madeFor = (part: WirePart, kind: Kind, client: Name, round: number): MessageCodec | undefined => {
    // What goes up says which model it was made from, where its owner sends changes of it.
    const names = kind === 'update' && codecOf(part, 'model', client, round)?.changes === true
    const tensors = tensorsOf(part, kind, places, (role) => chainOf(directionOf(kind), role, client, round))
    const key = `${part.name} ${kind} ${names} ${tensors.map(({ chain }) => numberOf(chain)).join(' ')}`
    if (!alike.has(key)) {
      const coded = names || tensors.some(({ chain }) => chain !== undefined)
      alike.set(key, coded && tensors.length > 0 ? messageCodec(tensors, names) : undefined)
    }
    return alike.get(key)
  }

  /** Messages that are coded alike share one codec. */
  const codecOf = (part: WirePart, kind: Kind, client: Name, round: number): MessageCodec | undefined => {
    if (chainOf.varies) return madeFor(part, kind, client, round)
    const known = ofAll[kind]
    if (!known.has(part)) known.set(part, madeFor(part, kind, client, round))
    return known.get(part)
  }

  // Clients who are sent the same frame read it once, where they know the same.
  let common: { readonly bytes: Uint8Array; readonly codec: MessageCodec; readonly versions: readonly Version[]; readonly decoded: unknown } | undefined

  const decode = <K extends Kind>(
    codec: MessageCodec, kind: K, bytes: Uint8Array, versions: readonly Version[],
  ): Decoded<K, Float32Array> & { readonly reference?: number | undefined } => {
    const frame = decodeFrame(bytes, kind)
    if (!frame.ok) return frame
    try {
      const { values, reference } = codec.decode(frame.body, (round) => versions.find((version) => version.round === round)?.values)
      return { ok: true, head: frame.head, body: values, reference }
    } catch (error) {
      if (error instanceof UnknownReference) return { ok: false, why: 'reference' }
      if (error instanceof Malformed) return { ok: false, why: 'layout' }
      throw error
    }
  }

  return {
    ...plain,
    codes: true,
    shares: (bytes) => written.get(bytes),
    coding: codecOf,
    most: (part, kind, client, round) => {
      const codec = codecOf(part, kind, client, round)
      return codec === undefined ? plain.most(part, kind, client, round) : HEADER + codec.most
    },
    room: () => 0,
    encode: (part, head, values, client, roomy, sending) => {
      const codec = codecOf(part, head.kind, client, head.round)
      if (codec === undefined) return plain.encode(part, head, values, client, roomy)
      const { memory = new Map<string, Float32Array>(), reference, common: shared = false } = sending ?? {}
      const { bytes: body, shares } = codec.encode(values, reference, { memory, draws: draws(head.kind, part.name, head.round, shared ? '' : client) })
      const frame = frameOf(head, body, head.kind === 'update' ? brief : alone)
      written.set(frame, shares)
      return checksums ? seal(frame) : frame
    },
    decode: <K extends Kind>(part: WirePart, kind: K, bytes: Uint8Array, client: Name, versions: readonly Version[] = []) => {
      const codec = codecOf(part, kind, client, roundIn(bytes))
      if (codec === undefined) return plain.decode(part, kind, bytes, client)
      if (kind === 'update' || checksums) return decode(codec, kind, bytes, versions)
      if (common?.bytes !== bytes || common.codec !== codec || common.versions !== versions) {
        common = { bytes, codec, versions, decoded: decode(codec, kind, bytes, versions) }
      }
      return common.decoded as Decoded<K, Float32Array>
    },
  }
}

/** The round that a frame is about; 0 where it is too short to say. */
const roundIn = (bytes: Uint8Array): number => (bytes.length < 12 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true))
