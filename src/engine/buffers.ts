/** Elements of one port, all clients' one after the other. */
export type Values = Float32Array | Int32Array

/** Buffers by the name of the port. */
export type Buffers = Readonly<Record<string, Values>>

/** The buffer of a port, which must hold `length` elements. */
export const bufferOf = <V extends Values>(buffers: Readonly<Record<string, V>>, name: string, length: number): V => {
  const buffer = buffers[name] as V | undefined
  if (buffer === undefined) throw new RangeError(`no buffer for '${name}'; give one for every port`)
  if (buffer.length < length) {
    throw new RangeError(`buffer of ${buffer.length} elements for '${name}', which needs ${length}`)
  }
  return buffer
}
