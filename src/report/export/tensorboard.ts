import protobuf from 'protobufjs/minimal.js'

import { message, text, whole } from '../../engine/protobuf-fields.js'
import type { RoundSummary } from '../../flight/round-summaries.js'
import type { MetricRow } from '../../record/rows.js'

/*
 * TensorBoard's event files: records of TFRecord (tensorflow/core/lib/io/record_writer.h), each an Event
 * (tensorflow/core/util/event.proto) with scalars (tensorflow/core/framework/summary.proto).
 */

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** CRC-32C (RFC 3720, appendix B.4): 0xe3069283 of `123456789`. */
export const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ castagnoli[(crc ^ byte) & 0xff]
  return (crc ^ 0xffffffff) >>> 0
}

/** As records have them, so that the sum of what holds a sum is not the same again. */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

const record = (data: Uint8Array): Uint8Array => {
  const out = new Uint8Array(data.length + 16)
  const view = new DataView(out.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, masked(out.subarray(0, 8)), true)
  out.set(data, 12)
  view.setUint32(12 + data.length, masked(data), true)
  return out
}

interface Scalar {
  readonly tag: string
  readonly value: number
}

const event = (seconds: number, step: number, scalars: readonly Scalar[]): Uint8Array => {
  const writer = protobuf.Writer.create()
  writer.uint32((1 << 3) | 1).double(seconds)
  whole(writer, 2, step)
  message(writer, 5, (summary) => {
    for (const { tag, value } of scalars) {
      message(summary, 1, (one) => {
        text(one, 1, tag)
        one.uint32((2 << 3) | 5).float(value)
      })
    }
  })
  return record(writer.finish())
}

/** Says which format follows; the first record of a file. */
const head = (): Uint8Array => {
  const writer = protobuf.Writer.create()
  writer.uint32((1 << 3) | 1).double(0)
  text(writer, 3, 'brain.Event:2')
  return record(writer.finish())
}

/** TensorBoard groups by what is before the last slash. */
const tagOf = ({ metric, split, scenario, task }: MetricRow): string => `${metric}/${split}/${scenario}/${task}`

/**
 * A run for TensorBoard: every metric of every round by split, scenario and task, their means, and bytes by direction. Steps are
 * rounds; the wall time of an event is virtual time, in seconds from the beginning. Values are float32, as scalars there are;
 * what is undefined is left out.
 */
export const tensorBoardEvents = (metrics: readonly MetricRow[], rounds: readonly RoundSummary[]): Uint8Array => {
  const parts = [head()]
  const byRound = new Map<number, { time: number; scalars: Scalar[] }>()
  const at = (round: number, time: number): Scalar[] => {
    const known = byRound.get(round)
    if (known !== undefined) return known.scalars
    const scalars: Scalar[] = []
    byRound.set(round, { time, scalars })
    return scalars
  }
  for (const row of metrics) if (row.value !== null) at(row.round, row.virtualTime).push({ tag: tagOf(row), value: row.value })
  for (const { round, closed, scores, up, down, inside } of rounds) {
    const scalars = at(round, closed)
    for (const [split, means] of Object.entries(scores ?? {})) {
      for (const [metric, value] of Object.entries(means ?? {})) if (typeof value === 'number') scalars.push({ tag: `mean ${metric}/${split}`, value })
    }
    for (const [tag, value] of Object.entries({ up, down, inside })) if (value !== undefined) scalars.push({ tag: `bytes/${tag}`, value })
  }
  for (const [round, { time, scalars }] of [...byRound].sort(([a], [b]) => a - b)) parts.push(event(time / 1e6, round, scalars))
  return Buffer.concat(parts)
}
