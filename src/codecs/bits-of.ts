/** The bits of numbers as they lie in memory: a view. Magnitudes, without the highest bit, are ordered as the numbers' are. */
export const bitsOf = (values: Float32Array): Int32Array => new Int32Array(values.buffer, values.byteOffset, values.length)
