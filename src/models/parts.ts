import { SpecificationError } from '../errors.js'
import type { Layout, Segment } from './layout.js'

/** What of one segment belongs to a part. */
export interface PartRuns {
  readonly segment: Segment
  /** The segment's shape, without the `expert` axis where the part is one entry of it. */
  readonly shape: readonly number[]
  /** [offset, length, ...] in float32 elements of the flat vector, ascending and never touching. */
  readonly runs: Int32Array
}

/**
 * The parts that a model falls into: `trunk` (the aggregator's), then `expert-1` ... `expert-E`, one per expert
 * network. Experts count from 1 in names, from 0 on the `expert` axis.
 */
export const partNames = (layout: Layout): string[] => [
  'trunk',
  ...Array.from({ length: layout.experts }, (_, e) => `expert-${e + 1}`),
]

/** The part that is all of a model, where one actor holds all of it for some clients. */
export const WHOLE = 'whole'

/** Is it the part whose arrival is a client's answer to a round? */
export const isAnswer = (part: string): boolean => part === 'trunk' || part === WHOLE

const indexOf = (layout: Layout, part: string): number => {
  const index = partNames(layout).indexOf(part)
  if (index < 0) {
    throw new SpecificationError(`There is no part '${part}'. The model has ${partNames(layout).join(', ')}.`)
  }
  return index - 1
}

/** Entry `entry` along `axis`, as runs: [in, experts, out] gives `in` runs of `out` floats. */
const cut = (segment: Segment, axis: number, entry: number): Int32Array => {
  const length = segment.shape[axis]
  const inner = segment.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const outer = segment.size / (length * inner)
  if (length === 1) return Int32Array.of(segment.offset, segment.size)
  const runs = new Int32Array(outer * 2)
  for (let o = 0; o < outer; o++) {
    runs[2 * o] = segment.offset + (o * length + entry) * inner
    runs[2 * o + 1] = inner
  }
  return runs
}

/**
 * Where a part lies in the flat vector: one entry per segment that has something of the part and that `include`
 * accepts, in the layout's order. Over all parts the runs are disjoint and cover the layout.
 */
export const partRuns = (
  layout: Layout,
  part: string,
  include: (segment: Segment) => boolean = () => true,
): PartRuns[] => {
  const expert = indexOf(layout, part)
  const found: PartRuns[] = []
  for (const segment of layout.segments) {
    if (!include(segment)) continue
    const axis = segment.axes.indexOf('expert')
    if (axis < 0) {
      if ((segment.expert ?? -1) === expert) {
        found.push({ segment, shape: segment.shape, runs: Int32Array.of(segment.offset, segment.size) })
      }
    } else if (expert >= 0) {
      const shape = segment.shape.filter((_, i) => i !== axis)
      found.push({ segment, shape, runs: cut(segment, axis, expert) })
    }
  }
  return found
}

/** How many floats the runs hold. */
export const runsLength = (runs: Int32Array): number => {
  let length = 0
  for (let i = 1; i < runs.length; i += 2) length += runs[i]
  return length
}

/** Copies the runs of `values` into `into`, one after the other from `at`. Returns where the next would go. */
export const gather = (values: Float32Array, runs: Int32Array, into: Float32Array, at = 0): number => {
  for (let i = 0; i < runs.length; i += 2) {
    const [offset, length] = [runs[i], runs[i + 1]]
    if (length < 32) for (let j = 0; j < length; j++) into[at + j] = values[offset + j]
    else into.set(values.subarray(offset, offset + length), at)
    at += length
  }
  return at
}

/** The inverse of `gather`: takes floats of `from`, from `at` on, to their places in `values`. */
export const scatter = (from: Float32Array, runs: Int32Array, values: Float32Array, at = 0): number => {
  for (let i = 0; i < runs.length; i += 2) {
    const [offset, length] = [runs[i], runs[i + 1]]
    if (length < 32) for (let j = 0; j < length; j++) values[offset + j] = from[at + j]
    else values.set(from.subarray(at, at + length), offset)
    at += length
  }
  return at
}
