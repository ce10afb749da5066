import type { Memory } from '../codecs/codec.js'
import type { CodedRole } from '../codecs/routes.js'
import type { Name } from '../roster/participant.js'
import { alone, FrameMemory } from './frame-memory.js'
import {
  beginParameters, type ControlHead, type ControlKind, type Decoded, decodeControl, decodeParameters, encodeControl,
  frameAround, frameLength, type ModelHead, roomBefore, seal, type UpdateHead,
} from './frame.js'
import type { Version } from './thread.js'

/** How the body of a message about a part lies on the wire. */
export interface Body {
  /** Floats. */
  readonly length: number
  /** The safetensors header: the same bytes in every such message that is not coded. */
  readonly header: Uint8Array
  /** Further tensors, after the part's values; `offset` and `length` count floats. */
  readonly extras: readonly { readonly name: string; readonly offset: number; readonly length: number }[]
}

/** A part as far as the wire knows it: how it lies in a model message (down) and in an update (up). */
export interface WirePart {
  readonly name: string
  /** What its values are of, in their order. */
  readonly segments: readonly { readonly name: string; readonly role: CodedRole; readonly shape: readonly number[]; readonly offset: number; readonly size: number }[]
  readonly down: Body
  readonly up: Body
}

/** What a sender's end of the messages with one client brings in where they are coded. */
export interface Sender {
  /** Of its codecs. */
  readonly memory: Memory
  /** What changes are of; undefined: what would be a change goes whole. */
  readonly reference: Version | undefined
  /** One message to several clients: its draws are common to them. */
  readonly common?: boolean
}

/** What is true of how messages are coded. */
export interface Coding {
  /** Whether their sender keeps memory. */
  readonly remembers: boolean
  /** Whether anything in them is a change of a model that the receiver has. */
  readonly changes: boolean
}

/** A message about parameters that was read. `reference`: the round of the model that it names, which its sender has. */
export type DecodedPart<Kind extends 'model' | 'update'> = Decoded<Kind, Float32Array> & { readonly reference?: number | undefined }

/**
 * The one door to the wire: whatever is sent is encoded here, and whatever arrives is decoded here. A codec, what it
 * remembers and what it refers to plug in here, by part, direction (a `model` goes down, an `update` up) and client.
 */
export interface Wire {
  /** Whether parameter messages carry one. */
  readonly checksums: boolean
  /** Whether anything is coded, in any message. */
  readonly codes: boolean
  /** Memory, not cleared, for bytes that live briefly. */
  readonly brief: (size: number) => Uint8Array
  /**
   * Encodes a message about a part, to or from a client. `values`: all floats of its body, copied; but `roomy` ones, which
   * have `room` before them that nobody else uses, and which nobody writes to any more, become the message as they lie.
   */
  encode(part: WirePart, head: ModelHead | UpdateHead, values: Float32Array, client: Name, roomy?: boolean, sending?: Sender): Uint8Array
  /** How messages about a part are coded, to or from a client in a round; undefined: their floats go as they are. */
  coding(part: WirePart, kind: 'model' | 'update', client: Name, round: number): Coding | undefined
  /** How many bytes of a message that was encoded here each kind of codec has written; undefined where nothing of it is coded. */
  shares(bytes: Uint8Array): Readonly<Record<string, number>> | undefined
  /** Bytes that such a message has at most; where it is not coded, it has as many. */
  most(part: WirePart, kind: 'model' | 'update', client: Name, round: number): number
  /** Bytes before the floats of an update about a part; 0 where they are copied whatever is before them. */
  room(part: WirePart): number
  /** Decodes what arrived; the body may be a view of the bytes. `versions`: models that changes may be of. */
  decode<Kind extends 'model' | 'update'>(
    part: WirePart,
    kind: Kind,
    bytes: Uint8Array,
    client: Name,
    versions?: readonly Version[],
  ): DecodedPart<Kind>
  /** A control message: any JSON value. */
  encodeControl(head: ControlHead, value: unknown): Uint8Array
  decodeControl<Value, Kind extends ControlKind>(
    bytes: Uint8Array,
    kind: Kind,
    fits: (body: unknown) => body is Value,
  ): Decoded<Kind, Value>
}

const bodyOf = ({ up, down }: WirePart, kind: 'model' | 'update'): Body => (kind === 'model' ? down : up)

const read = <Kind extends 'model' | 'update'>(part: WirePart, kind: Kind, bytes: Uint8Array): Decoded<Kind, Float32Array> => {
  const { header, length } = bodyOf(part, kind)
  return decodeParameters(bytes, kind, header, length)
}

/** Floats as they are. `checksums`: whether parameter messages carry one, because something on the way may change them. */
export const plainWire = (checksums: boolean): Wire => {
  // Updates live for a round, and control messages less; a model's frame goes to many clients.
  const brief = new FrameMemory().take
  // Clients who are sent the same frame read it once, where nothing on the way may change it.
  let common: { readonly part: WirePart; readonly bytes: Uint8Array; readonly decoded: Decoded<'model', Float32Array> } | undefined
  return {
    checksums,
    codes: false,
    brief,
    coding: () => undefined,
    shares: () => undefined,
    most: (part, kind) => frameLength(bodyOf(part, kind)),
    // What something on the way may change must not be anybody's parameters.
    room: ({ up: { header } }) => (checksums ? 0 : roomBefore(header)),
    encode: (part, head, values, _, roomy = false) => {
      const { header, length } = bodyOf(part, head.kind)
      if (roomy && !checksums) return frameAround(head, header, values)
      const memory = head.kind === 'update' ? brief : alone
      const { frame, values: room } = beginParameters(head, header, length, memory)
      room.set(values)
      return checksums ? seal(frame) : frame
    },
    decode: <Kind extends 'model' | 'update'>(part: WirePart, kind: Kind, bytes: Uint8Array) => {
      if (kind === 'update' || checksums) return read(part, kind, bytes)
      if (common?.bytes !== bytes || common.part !== part) common = { part, bytes, decoded: read(part, 'model', bytes) }
      return common.decoded as Decoded<Kind, Float32Array>
    },
    encodeControl: (head, value) => encodeControl(head, value, brief),
    decodeControl,
  }
}
