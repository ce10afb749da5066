import { z } from 'zod'

import { rowsOf, sizeOf, type Shape } from '../codec.js'

/** What shares one scale: a row, a segment, or as many numbers of a segment. */
export type Per = 'row' | 'segment' | number

export const perField = z.union([z.enum(['row', 'segment']), z.int().positive()])

/** One tensor's values, in groups of `size` that share a scale; the last may be smaller. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly size: number
}

/** The tensors that hold values, one after the other. */
export const spansOf = (shapes: readonly Shape[], per: Per): Span[] => {
  let end = 0
  const spans: Span[] = []
  for (const shape of shapes) {
    const start = end
    end += sizeOf([shape])
    if (end > start) spans.push({ start, end, size: per === 'segment' ? end - start : per === 'row' ? rowsOf(shape).width : per })
  }
  return spans
}

/** How many scales there are. */
export const groupsIn = (spans: readonly Span[]): number =>
  spans.reduce((sum, { start, end, size }) => sum + Math.ceil((end - start) / size), 0)
