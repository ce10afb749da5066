import type { ScoreResult, TrainResult } from '../engine.js'

/*
 * A result as bytes: the length of a head, the head, which is JSON with a number in place of each vector, and the vectors
 * one after the other. Whatever fields a result has are in it.
 */

const kinds = { Float32Array, Float64Array, Int32Array } as const
type Kind = keyof typeof kinds
type Vector = InstanceType<(typeof kinds)[Kind]>

interface Head {
  readonly vectors: readonly (readonly [Kind, number])[]
  readonly result: unknown
}

/** How a vector is named in the head; no result has a field of this name. */
const mark = '$vector'

const withoutVectors = (value: unknown, vectors: Vector[]): unknown => {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value
    throw new RangeError(`the number ${value} of a result cannot be written down`)
  }
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return { [mark]: vectors.push(value as Vector) - 1 }
  if (Array.isArray(value)) return value.map((entry) => withoutVectors(entry, vectors))
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withoutVectors(entry, vectors)]))
}

const withVectors = (value: unknown, vectors: readonly Vector[]): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((entry) => withVectors(entry, vectors))
  if (mark in value) return vectors[value[mark] as number]
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withVectors(entry, vectors)]))
}

const lengthBytes = 4

export const encodeResult = (result: TrainResult | ScoreResult): Uint8Array => {
  const vectors: Vector[] = []
  const plain = withoutVectors(result, vectors)
  const about = vectors.map((vector) => [vector.constructor.name as Kind, vector.length] as const)
  const head = Buffer.from(JSON.stringify({ vectors: about, result: plain } satisfies Head))
  const bytes = new Uint8Array(vectors.reduce((sum, { byteLength }) => sum + byteLength, lengthBytes + head.length))
  new DataView(bytes.buffer).setUint32(0, head.length, true)
  bytes.set(head, lengthBytes)
  let at = lengthBytes + head.length
  for (const { buffer, byteOffset, byteLength } of vectors) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at)
    at += byteLength
  }
  return bytes
}

/** The result, each vector in memory of its own. */
export const decodeResult = (bytes: Uint8Array): TrainResult | ScoreResult => {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  let at = lengthBytes + length
  const head = JSON.parse(Buffer.from(bytes.subarray(lengthBytes, at)).toString()) as Head
  const vectors = head.vectors.map(([kind, size]) => {
    const vector = new kinds[kind](size)
    new Uint8Array(vector.buffer).set(bytes.subarray(at, at + vector.byteLength))
    at += vector.byteLength
    return vector
  })
  return withVectors(head.result, vectors) as TrainResult | ScoreResult
}
