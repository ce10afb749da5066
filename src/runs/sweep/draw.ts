import type { Stream } from '../../random/streams.js'
import type { Draw } from './sweep.js'

/** Short enough to read, and what a table, a folder and a specification all hold. */
const rounded = (value: number): number => Number(value.toPrecision(6))

/** What one number in [0, 1) comes to. Whole numbers are equally likely, the last too. */
export const drawn = (of: Exclude<Draw, { readonly of: unknown }>, stream: Stream): number => {
  const u = stream()
  if ('uniform' in of) return rounded(of.uniform[0] + u * (of.uniform[1] - of.uniform[0]))
  if ('log' in of) return rounded(Math.exp(Math.log(of.log[0]) + u * (Math.log(of.log[1]) - Math.log(of.log[0]))))
  const [from, to] = of.integer
  return from + Math.floor(u * (to - from + 1))
}

/** One of so many, equally likely. */
export const oneOf = (count: number, stream: Stream): number => Math.floor(stream() * count)
