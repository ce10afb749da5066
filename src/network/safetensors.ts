import { WindtunnelError } from '../errors.js'

/** One tensor in a safetensors block: float32, `shape` row-major, `values` in file order. */
export interface NamedTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

export class MalformedTensors extends WindtunnelError {}

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

/** Reads any float32 safetensors block, for readers that know nothing. Throws `MalformedTensors` with what is wrong. */
export const readSafetensors = (block: Uint8Array): NamedTensor[] => {
  if (block.length < 8) throw new MalformedTensors(`a safetensors block of ${block.length} bytes has no header length`)
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const length = Number(view.getBigUint64(0, true))
  if (8 + length > block.length) {
    throw new MalformedTensors(`the safetensors header claims ${length} bytes, the block has ${block.length - 8}`)
  }
  const entries: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(block.subarray(8, 8 + length)),
  )
  return Object.entries(entries)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
      if (dtype !== 'F32') throw new MalformedTensors(`tensor ${name} is ${dtype}; only F32 is sent`)
      const data = block.slice(8 + length + from, 8 + length + to)
      return { name, shape, values: new Float32Array(data.buffer, 0, data.length / 4) }
    })
}
