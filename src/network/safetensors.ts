import type { Refusal } from '../record/message.js'

/** One tensor in a safetensors block: float32, `shape` row-major, `values` in file order. */
export interface NamedTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/**
 * The header of a safetensors block for float32 tensors laid one after the other: an 8-byte little-endian length, then
 * JSON padded with spaces so that the data starts at a multiple of 8. Fixed by names and shapes, so it is made once.
 * Format: the safetensors specification (huggingface/safetensors, README), dtype F32.
 */
export const safetensorsHeader = (tensors: readonly { name: string; shape: readonly number[] }[]): Uint8Array => {
  let offset = 0
  const entries: Record<string, unknown> = {}
  for (const { name, shape } of tensors) {
    const end = offset + 4 * shape.reduce((a, b) => a * b, 1)
    entries[name] = { dtype: 'F32', shape, data_offsets: [offset, end] }
    offset = end
  }
  const json = new TextEncoder().encode(JSON.stringify(entries))
  const padded = Math.ceil(json.length / 8) * 8
  const header = new Uint8Array(8 + padded).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true)
  header.set(json, 8)
  return header
}

/** A block that was read, or why it was refused: cut off, or not laid out as the format says; `what` says it to people. */
export type ReadTensors =
  | { readonly ok: true; readonly tensors: readonly NamedTensor[] }
  | { readonly ok: false; readonly why: Extract<Refusal, 'short' | 'layout'>; readonly what: string }

/** Where a tensor lies in the data. */
interface Entry {
  readonly name: string
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const areSizes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)

/** One entry of the header, or what is wrong with it. */
const entryOf = (name: string, about: unknown): Entry | string => {
  if (!isGroup(about)) return `tensor ${named(name)} is described by no group of fields`
  const { dtype, shape, data_offsets: offsets } = about
  if (dtype !== 'F32') return `tensor ${named(name)} is not F32, and nothing else is sent`
  if (!areSizes(shape)) return `tensor ${named(name)} has no shape of whole numbers`
  if (!areSizes(offsets) || offsets.length !== 2) return `tensor ${named(name)} does not say where its data lie`
  const [from, to] = offsets
  const bytes = 4 * shape.reduce((a, b) => a * b, 1)
  return to - from === bytes ? { name, shape, from, to } : `tensor ${named(name)} has data for another shape`
}

const named = (name: string): string => JSON.stringify(name.slice(0, 60))

/** The header's group of entries; undefined for what is no JSON, or another value. */
const parsed = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isGroup(header) ? header : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads any float32 safetensors block, for readers that know nothing. As the format demands, the data of all tensors cover
 * the block without a gap and without overlapping: so what comes out is never more than what went in.
 */
export const readSafetensors = (block: Uint8Array): ReadTensors => {
  const refused = (why: 'short' | 'layout', what: string): ReadTensors => ({ ok: false, why, what })
  if (block.length < 8) return refused('short', `a block of ${block.length} bytes has no header length`)
  const length = Number(new DataView(block.buffer, block.byteOffset, block.byteLength).getBigUint64(0, true))
  if (8 + length > block.length) return refused('short', `the header claims ${length} bytes, the block has ${block.length - 8}`)
  const header = parsed(block.subarray(8, 8 + length))
  if (header === undefined) return refused('layout', 'the header is no JSON with a field for each tensor')
  const entries: Entry[] = []
  for (const [name, about] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const entry = entryOf(name, about)
    if (typeof entry === 'string') return refused('layout', entry)
    entries.push(entry)
  }
  const data = block.subarray(8 + length)
  let end = 0
  for (const { name, from, to } of entries.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) return refused('layout', `tensor ${named(name)} does not begin where the one before it ends`)
    end = to
  }
  if (end > data.length) return refused('short', `the data have ${data.length} bytes, the header says ${end}`)
  if (end < data.length) return refused('layout', `the data have ${data.length} bytes, the header says ${end}`)
  const values = ({ from, to }: Entry): Float32Array => new Float32Array(new Uint8Array(data.subarray(from, to)).buffer)
  return { ok: true, tensors: entries.map((entry) => ({ name: entry.name, shape: entry.shape, values: values(entry) })) }
}
