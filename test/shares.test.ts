import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { shareDown, shareNearest, shareUp } from '../src/shares.js'

/** The same with a pencil: the share as the decimal that it is written as, in integers. */
const exactly = (share: number, whole: number): { readonly over: bigint; readonly under: bigint } => {
  const [digits, power = '0'] = share.toExponential().split('e')
  const [units, decimals = ''] = digits.split('.')
  const shift = decimals.length - Number(power)
  const over = BigInt(units + decimals) * BigInt(whole)
  return shift >= 0 ? { over, under: 10n ** BigInt(shift) } : { over: over * 10n ** BigInt(-shift), under: 1n }
}
const up = ({ over, under }: ReturnType<typeof exactly>) => Number((over + under - 1n) / under)
const down = ({ over, under }: ReturnType<typeof exactly>) => Number(over / under)
const nearest = ({ over, under }: ReturnType<typeof exactly>) => Number((2n * over + under) / (2n * under))

describe('a share of a whole', () => {
  it.each([
    [0.1, 50, 5, 5, 5], [0.12, 25, 3, 3, 3], [0.07, 100, 7, 7, 7], [0.29, 100, 29, 29, 29], [0.57, 100, 57, 57, 57],
    [0.145, 100, 14, 15, 15], [0.35, 10, 3, 4, 4], [0.101, 50, 5, 5, 6], [0, 7, 0, 0, 0], [1, 7, 7, 7, 7],
    [1e-10, 1, 0, 0, 1], [0.3, 0, 0, 0, 0], [1.1, 10, 11, 11, 11], [0.4, 5, 2, 2, 2], [1 / 3, 3, 1, 1, 1],
  ])('%f of %i', (share, whole, floor, round, ceiling) => {
    expect([shareDown(share, whole), shareNearest(share, whole), shareUp(share, whole)]).toEqual([floor, round, ceiling])
  })

  it('is what a pencil says, for shares of up to six decimals at any scale and wholes up to a million', () => {
    const decimal = fc.tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 6 }))
      .map(([digits, places]) => Number(`${digits}e-${places}`))
    fc.assert(
      fc.property(decimal, fc.integer({ min: 0, max: 1_000_000 }), (share, whole) => {
        const exact = exactly(share, whole)
        expect(shareUp(share, whole)).toBe(up(exact))
        expect(shareDown(share, whole)).toBe(down(exact))
        expect(shareNearest(share, whole)).toBe(nearest(exact))
      }),
      { numRuns: 5000 },
    )
  })
})
