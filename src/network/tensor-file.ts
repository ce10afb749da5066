/** A tensor of a safetensors file: row-major. */
export interface FiledTensor {
  readonly name: string
  readonly dtype: 'F32' | 'I32'
  readonly shape: readonly number[]
  readonly values: Float32Array | Int32Array
}

/** What a safetensors file holds beside its tensors: texts by name. */
export type Metadata = Readonly<Record<string, string>>

/**
 * Tensors, one after the other, as a safetensors file (the specification in huggingface/safetensors): an 8-byte
 * little-endian length, a JSON header padded with spaces to a multiple of 8, the values.
 */
export const encodeTensorFile = (tensors: readonly FiledTensor[], metadata: Metadata): Uint8Array => {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let end = 0
  for (const { name, dtype, shape, values } of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + values.byteLength] }
    end += values.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const block = new Uint8Array(8 + padded + end).fill(0x20, 8, 8 + padded)
  new DataView(block.buffer).setBigUint64(0, BigInt(padded), true)
  block.set(json, 8)
  let at = 8 + padded
  for (const { values } of tensors) {
    block.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  return block
}

/** A file of tensors, read. */
export interface TensorFile {
  readonly metadata: Metadata
  readonly tensors: ReadonlyMap<string, FiledTensor>
}

const isGroup = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isLengths = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0)

const tensorOf = (name: string, entry: unknown, data: Uint8Array): FiledTensor | undefined => {
  if (!isGroup(entry)) return undefined
  const { dtype, shape, data_offsets: offsets } = entry
  if ((dtype !== 'F32' && dtype !== 'I32') || !isLengths(shape) || !isLengths(offsets) || offsets.length !== 2) return undefined
  const [from, to] = offsets
  if (from > to || to > data.length || to - from !== 4 * shape.reduce((a, b) => a * b, 1)) return undefined
  const { buffer } = new Uint8Array(data.subarray(from, to))
  return { name, dtype, shape, values: dtype === 'F32' ? new Float32Array(buffer) : new Int32Array(buffer) }
}

/** Reads what `encodeTensorFile` wrote, or any safetensors file of float32 and int32; undefined for anything else. */
export const decodeTensorFile = (block: Uint8Array): TensorFile | undefined => {
  if (block.length < 8) return undefined
  const length = Number(new DataView(block.buffer, block.byteOffset).getBigUint64(0, true))
  if (length > block.length - 8) return undefined
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(block.subarray(8, 8 + length)))
  } catch {
    return undefined
  }
  if (!isGroup(header)) return undefined
  const { __metadata__: about = {}, ...entries } = header
  if (!isGroup(about) || !Object.values(about).every((text) => typeof text === 'string')) return undefined
  const tensors = new Map<string, FiledTensor>()
  const data = block.subarray(8 + length)
  for (const [name, entry] of Object.entries(entries)) {
    const tensor = tensorOf(name, entry, data)
    if (tensor === undefined) return undefined
    tensors.set(name, tensor)
  }
  return { metadata: about as Metadata, tensors }
}
