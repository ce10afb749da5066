import { bitsOf } from '../bits-of.js'

/** Bits of a magnitude that are looked at at once: 31 of them, without the sign. */
const [high, middle, low] = [
  { shift: 20, mask: 0x7ff },
  { shift: 10, mask: 0x3ff },
  { shift: 0, mask: 0x3ff },
] as const

const magnitudes = 0x7fffffff

/** How many of these words have each value of some of their bits. */
const counted = (words: Int32Array, { shift, mask }: { readonly shift: number; readonly mask: number }): Uint32Array => {
  const counts = new Uint32Array(mask + 1)
  for (let i = 0; i < words.length; i++) counts[(words[i] >>> shift) & mask]++
  return counts
}

/** The words whose bits there are `digit`. */
const those = (words: Int32Array, { shift, mask }: { readonly shift: number; readonly mask: number }, digit: number, count: number): Int32Array => {
  const found = new Int32Array(count)
  for (let i = 0, at = 0; at < count; i++) if (((words[i] >>> shift) & mask) === digit) found[at++] = words[i]
  return found
}

/**
 * Positions of the `count` values of greatest magnitude, rising: of equal ones the first. What is no number counts as greater
 * than what is infinite. A selection by radix on the bits of the magnitude, which are ordered as magnitudes are: as many
 * steps whatever the values.
 */
export const largest = (values: Float32Array, count: number): Uint32Array => {
  const positions = new Uint32Array(Math.min(count, values.length))
  if (count >= values.length) return positions.map((_, i) => i)
  if (count === 0) return positions
  const bits = bitsOf(values)
  // What is greater than the threshold is taken, and of what is equal to it as many as are then still wanted.
  let words = bits
  let wanted = count
  let threshold = 0
  for (const some of [high, middle, low]) {
    const counts = counted(words, some)
    let digit = some.mask
    for (; counts[digit] < wanted; digit--) wanted -= counts[digit]
    threshold |= digit << some.shift
    if (some !== low) words = those(words, some, digit, counts[digit])
  }
  for (let i = 0, taken = 0; taken < positions.length; i++) {
    const magnitude = bits[i] & magnitudes
    if (magnitude < threshold) continue
    if (magnitude === threshold && wanted-- <= 0) continue
    positions[taken++] = i
  }
  return positions
}
