/*
 * Quantisers of least squared error for the standard normal distribution, of 2, 4, 8 and 16 levels: the levels above 0, and
 * as many below. The tests work them out again.
 *
 * Sources: J. Max, Quantizing for minimum distortion (IRE Transactions on Information Theory, 1960), table I; S. Lloyd, Least
 * squares quantization in PCM (IEEE Transactions on Information Theory, 1982).
 */
export const centroids: readonly (readonly number[])[] = [
  [0.7978845608028654],
  [0.4527800346364925, 1.5104176084990963],
  [0.24509417894422347, 0.7560052812058823, 1.3439092785050066, 2.1519457045370043],
  [
    0.12839502985114787, 0.388048299490293, 0.6567591185324685, 0.9423404564869708, 1.2562311973471885, 1.6180463860218937,
    2.0690172265314075, 2.732589570995208,
  ],
]

/** A quantiser of so many bits, 1 to 4: the highest bit of a code is the sign, the others count magnitudes up. */
export interface Quantiser {
  readonly bits: number
  /** What each code stands for. */
  readonly levels: Float64Array
  /** Where each magnitude begins, and behind the last infinity. */
  readonly edges: Float64Array
  /** For each `cell` of magnitudes the code of where it begins: at most one edge lies in it. */
  readonly codes: Uint8Array
}

/** Cells up to 1, of as many as reach behind the last edge. */
export const CELLS = 16
const REACH = 4

export const quantiserOf = (bits: number): Quantiser => {
  const above = centroids[bits - 1]
  const edges = Float64Array.of(0, ...above.slice(1).map((centroid, i) => (above[i] + centroid) / 2), Infinity)
  return {
    bits, edges,
    levels: Float64Array.of(...above, ...above.map((centroid) => -centroid)),
    codes: Uint8Array.from({ length: CELLS * REACH }, (_, cell) => edges.findLastIndex((edge) => edge <= cell / CELLS)),
  }
}
