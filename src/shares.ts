/*
 * How many a share of a whole is. A share is written in decimals, and .12 of 25 is 3 with a pencil and
 * 3.0000000000000004 or 2.9999999999999996 in binary: what is within the last few bits of an integer is that integer.
 */

/** Relative error that a few products of rounded decimals can have: sixteen units in the last place. */
const slack = 2 ** -48

const snapped = (x: number): number => {
  const nearest = Math.round(x)
  return Math.abs(x - nearest) <= Math.abs(x) * slack ? nearest : x
}

/** A share of a whole, rounded up: 5 of 50 for .1, 6 for .101. */
export const shareUp = (share: number, whole: number): number => Math.ceil(snapped(share * whole))

/** A share of a whole, rounded down: 29 of 100 for .29. */
export const shareDown = (share: number, whole: number): number => Math.floor(snapped(share * whole))

/** The integer nearest to a share of a whole; halves go up: 15 of 100 for .145. */
export const shareNearest = (share: number, whole: number): number => Math.floor((snapped(2 * share * whole) + 1) / 2)
