/**
 * Multiplies a vector, whose length is a power of 2, by the Walsh-Hadamard matrix of its length m, in place: entries of the
 * matrix are 1 and -1, so that twice is times m. Only sums and differences, in one order: the same bits on every machine.
 */
export const hadamard = (vector: Float64Array): void => {
  const { length } = vector
  let half = 1
  // Two steps at a time, and one alone where their number is odd.
  if (Math.log2(length) % 2 === 1) {
    for (let i = 0; i < length; i += 2) {
      const a = vector[i]
      const b = vector[i + 1]
      vector[i] = a + b
      vector[i + 1] = a - b
    }
    half = 2
  }
  for (; half < length; half *= 4) {
    for (let start = 0; start < length; start += 4 * half) {
      for (let i = start, j = i + half, k = j + half, l = k + half; i < start + half; i++, j++, k++, l++) {
        const sum = vector[i] + vector[j]
        const difference = vector[i] - vector[j]
        const otherSum = vector[k] + vector[l]
        const otherDifference = vector[k] - vector[l]
        vector[i] = sum + otherSum
        vector[j] = difference + otherDifference
        vector[k] = sum - otherSum
        vector[l] = difference - otherDifference
      }
    }
  }
}

/** Turns the sign of each number for which a bit is set, from the first bit of `signs[from]` on. */
export const turnSigns = (vector: Float64Array, signs: Uint32Array, from: number): void => {
  // Which are turned is chance: a product is faster than a branch.
  for (let i = 0, at = from; i < vector.length; at++) {
    let word = signs[at]
    for (const end = Math.min(i + 32, vector.length); i < end; i++) {
      vector[i] *= 1 - 2 * (word & 1)
      word >>>= 1
    }
  }
}
