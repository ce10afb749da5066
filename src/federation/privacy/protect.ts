import type { Name } from '../../roster/participant.js'
import type { Departure } from '../local-training.js'
import { type PartTemplate, putPart, takePart } from '../parts.js'
import { difference } from '../strategies/vectors.js'
import { addGaussian } from './gaussian.js'
import { boundOf, type PrivacyTerms, weightOf } from './privacy.js'

/** How long a vector in several pieces is. */
const lengthOf = (pieces: readonly Float64Array[]): number => {
  let square = 0
  for (const piece of pieces) for (const value of piece) square += value * value
  return Math.sqrt(square)
}

/** What makes something of this length at most `bound` long. What is not finite stays so: its owner is to refuse it. */
const shortening = (length: number, bound: number): number => (length > bound ? bound / length : 1)

/** Who sends, for which round, and in which life. */
interface Sending {
  readonly client: Name
  readonly round: number
  readonly life: number
}

/**
 * What a client sends in place of what it has learnt, Delta from what it has received: w Delta min(1, C / |Delta|), and its
 * share of the noise where clients add it: of standard deviation noise C / sqrt(wanted). w is its weight.
 *
 * McMahan, Ramage, Talwar, Zhang, "Learning Differentially Private Recurrent Language Models", ICLR 2018, algorithm 1: flat
 * clipping, or per-layer clipping with a layer for each part.
 */
export const protect = (
  terms: PrivacyTerms, travelling: readonly PartTemplate[], { sent, ...departure }: Departure, received: Float32Array, sending: Sending,
): Departure => {
  const parts = travelling.filter(({ length }) => length > 0)
  const before = parts.map((part) => takePart(received, part))
  const deltas = parts.map((part, i) => difference(takePart(sent, part), before[i]))
  const weight = weightOf(terms, departure.examples)
  const whole = terms.per === 'update' ? shortening(lengthOf(deltas), terms.clip) : undefined
  const told = sent.slice()
  parts.forEach((part, i) => {
    const share = weight * (whole ?? shortening(lengthOf([deltas[i]]), boundOf(terms)))
    const delta = deltas[i].map((value) => share * value)
    if (terms.where === 'client') {
      const { client, round, life } = sending
      addGaussian(delta, (terms.noise * terms.clip) / Math.sqrt(terms.wanted), terms.draws(part.name, round, client, life))
    }
    // What is sent as it was learnt is so to the bit.
    else if (share === 1) return
    putPart(Float32Array.from(delta, (value, j) => before[i][j] + value), part, told)
  })
  return { ...departure, sent: told, roomy: false }
}
