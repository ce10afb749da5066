import { rowsOf, sizeOf, type Shape } from '../codec.js'

const finite = (value: number): number => (value - value === 0 ? value : 0)

/** What a number is guessed from: nothing, the number before it, or its neighbours in its row and the one above (Lorenzo). */
export const guesses = ['nothing', 'before', 'lorenzo'] as const
export type Guess = 0 | 1 | 2

/** Where a tensor lies among all numbers. */
export interface Stretch {
  readonly start: number
  readonly end: number
  readonly width: number
  readonly axes: number
}

export const stretchesOf = (shapes: readonly Shape[]): Stretch[] => {
  let start = 0
  return shapes.map((shape) => {
    const end = start + sizeOf([shape])
    const stretch = { start, end, width: rowsOf(shape).width, axes: shape.length }
    start = end
    return stretch
  })
}

/** What the number at `i` is guessed to be, by what is known of those before it. */
export const guessed = (known: Float32Array, i: number, { start, width }: Stretch, guess: Guess): number => {
  if (guess === 0 || i === start) return 0
  if (guess === 1) return finite(known[i - 1])
  const first = (i - start) % width === 0
  const left = first ? 0 : known[i - 1]
  const above = i - start < width ? 0 : known[i - width]
  const corner = first || i - start < width ? 0 : known[i - width - 1]
  return finite(left + above - corner)
}
