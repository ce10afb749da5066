import protobuf from 'protobufjs/minimal.js'

import { message, text, type Writer } from '../../engine/protobuf-fields.js'
import type { Micros } from '../../time/micros.js'

/*
 * Perfetto's TrackEvent, written packet by packet: the numbers of fields are those of protos/perfetto/trace/perfetto_trace.proto,
 * and test/report/timeline has them read back by the schema itself.
 */

const field = {
  trace: { packet: 1 },
  packet: { timestamp: 8, sequence: 10, event: 11, interned: 12, flags: 13, descriptor: 60 },
  descriptor: { uuid: 1, name: 2, parent: 5, counter: 8, ordering: 11, rank: 12 },
  counter: { unit: 3, unitName: 6 },
  event: { annotation: 4, type: 9, name: 10, track: 11, count: 30, flow: 47, lastOfFlow: 48, correlation: 52, measure: 44 },
  annotation: { name: 1, int: 4, double: 5, string: 6 },
  interned: { eventName: 2, annotationName: 3 },
  internedName: { id: 1, name: 2 },
} as const

const types = { begin: 1, end: 2, instant: 3, counter: 4 } as const
/** Names are known from the packets before: of a sequence whose first packet says that nothing is known yet. */
const flags = { cleared: 1, needed: 2 } as const
const sequence = 1
/** Children in the order of their ranks. */
const explicit = 3
/** Bytes that are put together before they are handed over. */
const CHUNK = 1 << 18

const two32 = 2 ** 32

/** Microseconds as nanoseconds, which are more than a number holds exactly after 104 days. */
const nanos = (at: Micros): { readonly low: number; readonly high: number; readonly unsigned: true } => {
  const low = (at % two32) * 1000
  return { low: low % two32 | 0, high: Math.floor(at / two32) * 1000 + Math.floor(low / two32), unsigned: true }
}

const varint = (writer: Writer, number: number, value: number): void => {
  writer.uint32(number << 3).uint64(value)
}

const fixed = (writer: Writer, number: number, value: number): void => {
  writer.uint32((number << 3) | 1).fixed64(value)
}

export interface TrackAbout {
  readonly name: string
  readonly parent?: Track
  /** Its place among those of one parent: the lowest first. */
  readonly rank?: number
  /** A counter's: what it counts. */
  readonly counts?: { readonly unit: 'count' | 'bytes' } | { readonly unit: string }
}

/** A row of the trace, by its number. */
export type Track = number

/** What is known of an event, for whoever clicks on it. */
export type Details = Readonly<Record<string, string | number | undefined>>

export interface SliceAbout {
  readonly name: string
  /** Events with one number are shown as belonging together. */
  readonly correlation?: number
  /** Arrows go from event to event of a flow, in the order of time. */
  readonly flows?: readonly number[]
  /** Flows whose last event this is. */
  readonly ends?: readonly number[]
  readonly details?: Details
}

/** Writes a trace that Perfetto opens, to `sink`, chunk by chunk: nothing of it is kept. Slices of a track must nest. */
export class TraceWriter {
  #writer = protobuf.Writer.create()
  #tracks = 0
  #packets = 0
  readonly #names = new Map<string, number>()
  readonly #details = new Map<string, number>()

  constructor(private readonly sink: (bytes: Uint8Array) => void) {}

  track({ name, parent, rank, counts }: TrackAbout): Track {
    const uuid = ++this.#tracks
    this.#packet((packet) =>
      message(packet, field.packet.descriptor, (about) => {
        varint(about, field.descriptor.uuid, uuid)
        text(about, field.descriptor.name, name)
        if (parent !== undefined) varint(about, field.descriptor.parent, parent)
        if (rank !== undefined) about.uint32(field.descriptor.rank << 3).int32(rank)
        varint(about, field.descriptor.ordering, explicit)
        if (counts === undefined) return
        message(about, field.descriptor.counter, (counter) => {
          if (counts.unit === 'bytes') varint(counter, field.counter.unit, 3)
          else if (counts.unit === 'count') varint(counter, field.counter.unit, 2)
          else text(counter, field.counter.unitName, counts.unit)
        })
      }))
    return uuid
  }

  begin(track: Track, at: Micros, about: SliceAbout): void {
    this.#event(track, at, types.begin, about)
  }

  end(track: Track, at: Micros): void {
    this.#at(at, (event) => {
      varint(event, field.event.type, types.end)
      varint(event, field.event.track, track)
    })
  }

  instant(track: Track, at: Micros, about: SliceAbout): void {
    this.#event(track, at, types.instant, about)
  }

  /** A counter from then on. */
  count(track: Track, at: Micros, value: number): void {
    this.#at(at, (event) => {
      varint(event, field.event.type, types.counter)
      varint(event, field.event.track, track)
      if (Number.isSafeInteger(value)) event.uint32(field.event.count << 3).int64(value)
      else event.uint32((field.event.measure << 3) | 1).double(value)
    })
  }

  /** Hands over what is left. */
  close(): void {
    this.#handOver()
  }

  #event(track: Track, at: Micros, type: number, { name, correlation, flows = [], ends = [], details = {} }: SliceAbout): void {
    const known = Object.entries(details).filter((detail): detail is [string, string | number] => detail[1] !== undefined)
    const isNew = !this.#names.has(name) || known.some(([detail]) => !this.#details.has(detail))
    const interned = isNew ? this.#intern(name, known.map(([detail]) => detail)) : undefined
    this.#at(at, (event) => {
      varint(event, field.event.type, type)
      varint(event, field.event.track, track)
      varint(event, field.event.name, this.#names.get(name)!)
      if (correlation !== undefined) varint(event, field.event.correlation, correlation)
      for (const flow of flows) fixed(event, field.event.flow, flow)
      for (const flow of ends) fixed(event, field.event.lastOfFlow, flow)
      for (const [detail, value] of known) {
        message(event, field.event.annotation, (annotation) => {
          varint(annotation, field.annotation.name, this.#details.get(detail)!)
          if (typeof value === 'string') text(annotation, field.annotation.string, value)
          else if (Number.isSafeInteger(value)) annotation.uint32(field.annotation.int << 3).int64(value)
          else annotation.uint32((field.annotation.double << 3) | 1).double(value)
        })
      }
    }, interned)
  }

  /** Gives names their numbers, and says what is to be written of it. */
  #intern(name: string, details: readonly string[]): (packet: Writer) => void {
    const add = (to: Map<string, number>, one: string): [number, string] | undefined => {
      if (to.has(one)) return undefined
      to.set(one, to.size + 1)
      return [to.size, one]
    }
    const event = add(this.#names, name)
    const annotations = details.map((detail) => add(this.#details, detail))
    return (packet) => message(packet, field.packet.interned, (interned) => {
      const say = (number: number, given: [number, string] | undefined): void => {
        if (given === undefined) return
        message(interned, number, (one) => {
          varint(one, field.internedName.id, given[0])
          text(one, field.internedName.name, given[1])
        })
      }
      say(field.interned.eventName, event)
      for (const annotation of annotations) say(field.interned.annotationName, annotation)
    })
  }

  #at(at: Micros, body: (event: Writer) => void, interned?: (packet: Writer) => void): void {
    this.#packet((packet) => {
      packet.uint32(field.packet.timestamp << 3).uint64(nanos(at) as never)
      interned?.(packet)
      message(packet, field.packet.event, body)
    })
  }

  #packet(body: (packet: Writer) => void): void {
    const isFirst = this.#packets++ === 0
    message(this.#writer, field.trace.packet, (packet) => {
      varint(packet, field.packet.sequence, sequence)
      varint(packet, field.packet.flags, isFirst ? flags.cleared | flags.needed : flags.needed)
      body(packet)
    })
    if (this.#writer.len >= CHUNK) this.#handOver()
  }

  #handOver(): void {
    const bytes = this.#writer.finish()
    this.#writer = protobuf.Writer.create()
    if (bytes.length > 0) this.sink(bytes)
  }
}
