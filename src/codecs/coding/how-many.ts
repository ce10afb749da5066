import { z } from 'zod'

import { sizeOf, type Shape } from '../codec.js'

/** Options of codecs that send some of the numbers: how many, and of what. */
export const howManyFields = {
  share: z.number().gt(0).max(1).optional().describe('Share of the numbers that is sent, .01 without it: of each part at least one.'),
  count: z.int().positive().optional().describe('How many numbers are sent, instead of a share.'),
  per: z.enum(['message', 'segment']).default('message').describe('Whether they are chosen among all numbers of a message, or for each segment.'),
}

export interface HowMany {
  readonly share?: number
  readonly count?: number
  readonly per: 'message' | 'segment'
}

/** What a schema with these fields is refined by. */
export const saidOnce = ({ share, count }: HowMany): boolean => share === undefined || count === undefined
export const saidTwice = { error: "give 'share' or 'count': both say how many numbers are sent", path: ['count'] }

/** Sizes of the parts in which numbers are chosen. */
export const partsOf = (shapes: readonly Shape[], { per }: HowMany): number[] =>
  per === 'message' ? [sizeOf(shapes)] : shapes.map((shape) => sizeOf([shape]))

/** How many of a part's numbers are sent. */
export const howMany = (size: number, { share = 0.01, count }: HowMany): number =>
  Math.min(size, count ?? Math.max(1, Math.round(share * size)))
