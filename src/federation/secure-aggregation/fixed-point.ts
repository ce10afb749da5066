import { SpecificationError } from '../../errors.js'

/** How numbers become whole ones that can be summed without a carry being lost. */
export interface FixedPoint {
  /** Numbers are clipped to [-range, range]. */
  readonly range: number
  /** Bits of a number with its sign: levels are range / (2^(bits - 1) - 1) apart. */
  readonly bits: number
  /** Bits of the ring in which sums are taken, and of each number on the wire. */
  readonly ring: number
}

/** The greatest whole number that a client adds. */
export const greatest = ({ bits }: Pick<FixedPoint, 'bits'>): number => 2 ** (bits - 1) - 1

/** Of this many clients no sum leaves the ring, whatever they add. */
export const roomFor = (about: Pick<FixedPoint, 'bits' | 'ring'>): number => Math.floor((2 ** (about.ring - 1) - 1) / greatest(about))

/** Throws `SpecificationError` where sums of so many clients could leave the ring, and come back at its other end. */
export const demandRoom = (about: FixedPoint, clients: number): void => {
  const { range, bits, ring } = about
  if (!(range > 0 && Number.isFinite(range))) throw new SpecificationError(`a fixed-point range of ${range}: it must be above 0`)
  if (!(Number.isInteger(ring) && ring >= 2 && ring <= 32)) throw new SpecificationError(`a ring of ${ring} bits: give 2 to 32`)
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= ring)) throw new SpecificationError(`${bits} bits a number: give 2 to ${ring}, those of the ring`)
  const room = roomFor(about)
  if (clients > room) {
    throw new SpecificationError(
      `sums of ${clients} clients with ${bits} bits each may not fit into ${ring} bits, which hold those of ${room}: give ` +
        `at most ${ring - Math.ceil(Math.log2(clients + 1))} bits a number, or a larger ring.`,
    )
  }
}

const maskOf = (ring: number): number => (ring === 32 ? 0xffffffff : 2 ** ring - 1)

/** The nearest levels, as elements of the ring: below 0 from its upper end. Throws a `RangeError` for what is not finite. */
export const toRing = (values: ArrayLike<number>, { range, bits, ring }: FixedPoint): Uint32Array => {
  const top = greatest({ bits })
  const mask = maskOf(ring)
  const out = new Uint32Array(values.length)
  for (let i = 0; i < out.length; i++) {
    const value = values[i]
    if (!Number.isFinite(value)) throw new RangeError(`number ${i} is ${value}: nothing in the ring stands for it`)
    out[i] = (Math.round((Math.min(range, Math.max(-range, value)) / range) * top) & mask) >>> 0
  }
  return out
}

/** What a sum of the ring is of numbers: exact as long as it had room. */
export const fromRing = (sum: Uint32Array, { range, bits, ring }: FixedPoint): Float64Array => {
  const step = range / greatest({ bits })
  const half = 2 ** (ring - 1)
  const whole = 2 ** ring
  return Float64Array.from(sum, (element) => (element >= half ? element - whole : element) * step)
}

/** Adds, or with -1 takes away, in the ring. Changes `sum`. */
export const addInRing = (sum: Uint32Array, more: Uint32Array, sign: 1 | -1, ring: number): void => {
  const mask = maskOf(ring)
  if (sign === 1) for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] + more[i]) & mask
  else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] - more[i]) & mask
}

/** Elements of the ring in as few bytes as they need: `ring` bits each, the least bit first. */
export const packRing = (elements: Uint32Array, ring: number): Uint8Array => {
  const out = new Uint8Array(Math.ceil((elements.length * ring) / 8))
  let [held, bits, at] = [0, 0, 0]
  for (const element of elements) {
    for (let left = ring, rest = element; left > 0;) {
      const taken = Math.min(8 - bits, left)
      held |= (rest & ((1 << taken) - 1)) << bits
      rest >>>= taken
      left -= taken
      bits += taken
      if (bits === 8) [out[at++], held, bits] = [held, 0, 0]
    }
  }
  if (bits > 0) out[at] = held
  return out
}

/** So many elements out of their bytes. */
export const unpackRing = (bytes: Uint8Array, count: number, ring: number): Uint32Array => {
  const out = new Uint32Array(count)
  let bit = 0
  for (let i = 0; i < count; i++) {
    let element = 0
    for (let got = 0; got < ring;) {
      const taken = Math.min(8 - (bit & 7), ring - got)
      element += ((bytes[bit >> 3] >> (bit & 7)) & ((1 << taken) - 1)) * 2 ** got
      got += taken
      bit += taken
    }
    out[i] = element
  }
  return out
}
