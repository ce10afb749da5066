/*
 * Products with a matrix of [rows, width] and its factors, in 64-bit sums of a fixed order: the same bits on every machine.
 * Factors lie column after column: `left` as [rank, rows], `right` as [rank, width], and the matrix is about left^T right.
 */

export interface Size {
  readonly rows: number
  readonly width: number
  readonly rank: number
}

/** left = (matrix right^T)^T. */
export const leftOf = (matrix: Float32Array, right: Float32Array, { rows, width, rank }: Size): Float64Array => {
  const left = new Float64Array(rank * rows)
  for (let row = 0; row < rows; row++) {
    for (let factor = 0; factor < rank; factor++) {
      let sum = 0
      for (let i = 0, at = row * width, by = factor * width; i < width; i++) sum += matrix[at + i] * right[by + i]
      left[factor * rows + row] = sum
    }
  }
  return left
}

/** right = left matrix. */
export const rightOf = (matrix: Float32Array, left: Float32Array, { rows, width, rank }: Size): Float32Array => {
  const right = new Float64Array(rank * width)
  for (let row = 0; row < rows; row++) {
    for (let factor = 0; factor < rank; factor++) {
      const by = left[factor * rows + row]
      for (let i = 0, at = row * width, to = factor * width; i < width; i++) right[to + i] += by * matrix[at + i]
    }
  }
  return Float32Array.from(right)
}

/** matrix = left^T right. */
export const product = (left: Float32Array, right: Float32Array, { rows, width, rank }: Size, matrix: Float32Array): void => {
  const sums = new Float64Array(width)
  for (let row = 0; row < rows; row++) {
    sums.fill(0)
    for (let factor = 0; factor < rank; factor++) {
      const by = left[factor * rows + row]
      for (let i = 0, from = factor * width; i < width; i++) sums[i] += by * right[from + i]
    }
    matrix.set(sums, row * width)
  }
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** What is left of a vector, in shares of its length, is no direction of its own below this: it is what rounding made. */
const nothing = 1e-7

/** Gram and Schmidt, each vector against those before it twice. One that they span becomes 0. */
export const orthonormal = (vectors: Float64Array, { rows, rank }: Size): Float32Array => {
  const vectorAt = (factor: number): Float64Array => vectors.subarray(factor * rows, (factor + 1) * rows)
  for (let factor = 0; factor < rank; factor++) {
    const vector = vectorAt(factor)
    const before = Math.sqrt(dot(vector, vector))
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < factor; other++) {
        const by = dot(vectorAt(other), vector)
        for (let i = 0, of = vectorAt(other); i < rows; i++) vector[i] -= by * of[i]
      }
    }
    const length = Math.sqrt(dot(vector, vector))
    for (let i = 0; i < rows; i++) vector[i] = length > nothing * before ? vector[i] / length : 0
  }
  return Float32Array.from(vectors)
}
