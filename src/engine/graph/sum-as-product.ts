import type { GraphBuilder } from './graph-builder.js'
import type { Node } from './graph.js'
import { sizeOf } from './shapes.js'

/** Longer sums are folded into a matrix first, and its rows and columns summed one after the other. */
const longestRow = 256

/**
 * Sums x over the middle of [before, middle, after], times `scale`; the result is [before, 1, after] or a view of it.
 */
const sumMiddle = (builder: GraphBuilder, x: number, extents: readonly number[], scale: number): number => {
  const [before, middle, after] = extents
  const ones = (shape: readonly number[]): number => builder.constant([scale], shape, 'float32')
  const view = (shape: readonly number[]): number => builder.add('Reshape', [x], shape, 'float32')
  const plain = { transposeA: false, transposeB: false }
  if (after === 1 && before > 1) {
    return builder.add('BatchMatMul', [view([before, middle]), ones([middle, 1])], [before, 1], 'float32', plain)
  }
  const shape = before === 1 ? [middle, after] : [before, middle, after]
  const result = before === 1 ? [1, after] : [before, 1, after]
  return builder.add('BatchMatMul', [ones([1, middle]), view(shape)], result, 'float32', plain)
}

/** The largest divisor of `size` that is at most its square root and a multiple of 16, or 1. */
const widthOf = (size: number): number => {
  for (let width = Math.floor(Math.sqrt(size) / 16) * 16; width > 0; width -= 16) if (size % width === 0) return width
  return 1
}

const total = (builder: GraphBuilder, x: number, size: number, scale: number): number => {
  const width = size > longestRow ? widthOf(size) : 1
  if (width === 1) return sumMiddle(builder, x, [1, size, 1], scale)
  const rows = sumMiddle(builder, x, [1, size / width, width], 1)
  return sumMiddle(builder, rows, [1, width, 1], scale)
}

/**
 * A sum or a mean as products with constants: a product adds up in the same order for every client of a cohort, which a
 * reduction does not. Whole numbers add up exactly in any order and stay reductions.
 */
export const sumAsProduct = (builder: GraphBuilder, node: Node, [input]: readonly number[]): number => {
  const { op, shape, dtype } = node
  const axes = node.attributes.axes as readonly number[]
  const from = builder.node(input).shape
  if (dtype !== 'float32') return builder.add(op, [input], shape, dtype, node.attributes)
  const scale = op === 'Mean' ? 1 / sizeOf(axes.map((axis) => from[axis])) : 1
  const extents = [...from]
  let x = input
  let factor = scale
  let last = axes.length - 1
  while (last >= 0) {
    let first = last
    while (first > 0 && axes[first - 1] === axes[first] - 1) first--
    const [start, end] = [axes[first], axes[last] + 1]
    const before = sizeOf(extents.slice(0, start))
    const middle = sizeOf(extents.slice(start, end))
    const after = sizeOf(extents.slice(end))
    x = before === 1 && after === 1
      ? total(builder, x, middle, factor)
      : sumMiddle(builder, x, [before, middle, after], factor)
    for (let axis = start; axis < end; axis++) extents[axis] = 1
    factor = 1
    last = first - 1
  }
  return builder.add('Reshape', [x], shape, dtype)
}
