import { alone } from '../../network/frame-memory.js'
import { type Decoded, decodeFrame, frameOf, HEADER, seal, type StepHead, type StepKind, type UpdateHead } from '../../network/frame.js'
import type { Wire, WirePart } from '../../network/wire.js'
import type { MessageKind } from '../../record/message.js'
import { elementBytes } from './field.js'
import { keysBytes, numberBytes, sealedBytes } from './messages.js'

/*
 * The protocol's messages as frames. All of them have a checksum, as control messages do; a masked input has one where updates
 * have. None uses memory that lives briefly: an owner keeps them to the end of its round.
 */

const steps: ReadonlySet<MessageKind> = new Set<StepKind>(['keys', 'shares', 'unmask'])

/** Is a message a step of the protocol? */
export const isStep = (kind: MessageKind): kind is StepKind => steps.has(kind)

export const encodeStep = (head: StepHead, body: Uint8Array): Uint8Array => seal(frameOf(head, body))

export const decodeStep = <Kind extends StepKind>(bytes: Uint8Array, kind: Kind): Decoded<Kind, Uint8Array> => {
  const read = decodeFrame(bytes, kind)
  // Beyond its message nothing of it may be shared with others.
  return read.ok ? { ...read, body: read.body.slice() } : read
}

const bytesOf = (length: number, ring: number): number => Math.ceil((length * ring) / 8)

/** A masked input as an update: the names and shapes of its tensors, and its numbers in as many bits as the ring has. */
export const encodeMasked = (part: Pick<WirePart, 'up'>, head: UpdateHead, packed: Uint8Array, checksums: boolean): Uint8Array => {
  const { header } = part.up
  const body = alone(header.length + packed.length)
  body.set(header)
  body.set(packed, header.length)
  const frame = frameOf(head, body)
  return checksums ? seal(frame) : frame
}

/** The numbers of a masked input of so many, as they were packed. */
export const decodeMasked = (part: Pick<WirePart, 'up'>, bytes: Uint8Array, length: number, ring: number): Decoded<'update', Uint8Array> => {
  const read = decodeFrame(bytes, 'update')
  if (!read.ok) return read
  const { header } = part.up
  const { body } = read
  if (body.length !== header.length + bytesOf(length, ring)) return { ok: false, why: 'layout' }
  if (Buffer.compare(header, body.subarray(0, header.length)) !== 0) return { ok: false, why: 'layout' }
  return { ...read, body: body.slice(header.length) }
}


/** A wire on which updates are masked inputs: `most` says what they take, and no parameters become a message as they lie. */
export const maskedWire = (wire: Wire, ring: number, isMasked: (part: WirePart, round: number) => boolean): Wire => ({
  ...wire,
  room: () => 0,
  most: (part, kind, client, round) =>
    kind === 'update' && isMasked(part, round)
      ? HEADER + part.up.header.length + bytesOf(part.up.length + 1, ring)
      : wire.most(part, kind, client, round),
})

/** Bytes of each message of a step for a client of a cohort of so many who all come through it; keys of all are sent to everybody. */
export const stepBytes = (clients: number): Readonly<Record<'keysUp' | 'keysDown' | 'shares' | 'unmaskDown' | 'unmaskUp', number>> => ({
  keysUp: HEADER + keysBytes,
  keysDown: HEADER + clients * (numberBytes + keysBytes),
  shares: HEADER + (clients - 1) * sealedBytes,
  unmaskDown: HEADER + clients * numberBytes,
  unmaskUp: HEADER + clients * (numberBytes + elementBytes),
})
