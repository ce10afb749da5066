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

/** A quantiser of so many bits, 1 to 4: codes rise with the numbers that they stand for. */
export interface Quantiser {
  readonly bits: number
  /** What each code stands for. */
  readonly levels: Float64Array
  /** Where each code ends and the next begins, halfway; the last is infinity. */
  readonly edges: Float64Array
  /** For each cell, of which there are `CELLS` for each standard deviation from -`REACH` to `REACH`, the code of where it begins: at most one edge lies in it. */
  readonly codes: Uint8Array
}

export const CELLS = 16
export const REACH = 4

export const quantiserOf = (bits: number): Quantiser => {
  const above = centroids[bits - 1]
  const levels = Float64Array.of(...above.map((centroid) => -centroid).toReversed(), ...above)
  const edges = levels.map((level, code) => (code + 1 < levels.length ? (level + levels[code + 1]) / 2 : Infinity))
  const codes = Uint8Array.from({ length: 2 * REACH * CELLS }, (_, cell) => edges.findIndex((edge) => edge > cell / CELLS - REACH))
  return { bits, levels, edges, codes }
}
