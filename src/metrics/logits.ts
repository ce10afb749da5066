/*
 * Probabilities are made of logits here, in double precision: in single precision those of rare events lose their order
 * and then themselves, and so do the complements of those of near certain ones.
 */

/** 1 / (1 + e^-z), as exact for very negative logits as for others. */
export const sigmoid = (z: number): number => {
  const small = Math.exp(-Math.abs(z))
  return (z < 0 ? small : 1) / (1 + small)
}

/** log(1 + e^z), which neither overflows nor loses a small e^z: -log(1 - sigmoid(z)). */
export const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))

/** The class with the largest of the `classes` logits from `offset` on; the lowest of equals. */
export const mostProbable = (logits: ArrayLike<number>, offset: number, classes: number): number => {
  let best = 0
  for (let c = 1; c < classes; c++) if (logits[offset + c] > logits[offset + best]) best = c
  return best
}

/**
 * -log softmax(z)[label] of the `classes` logits from `offset` on: with b the largest,
 * z_b - z_label + log1p(sum of the others' e^(z - z_b)).
 */
export const surprise = (logits: ArrayLike<number>, offset: number, classes: number, label: number): number => {
  const best = mostProbable(logits, offset, classes)
  const most = logits[offset + best]
  let others = 0
  for (let c = 0; c < classes; c++) if (c !== best) others += Math.exp(logits[offset + c] - most)
  return most - logits[offset + label] + Math.log1p(others)
}
