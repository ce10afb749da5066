import type { Layout, Segment } from '../models/layout.js'
import { gather, partNames, partRuns, runsLength, scatter } from '../models/parts.js'
import { safetensorsHeader } from '../network/safetensors.js'
import type { Template } from './strategies/strategy.js'

/** What of a part travels under a strategy's template, and how it lies in the flat vector and on the wire. */
export interface PartTemplate {
  /** `trunk` or `expert-2`. */
  readonly name: string
  /** Index of the expert network that owns the part, from 0; undefined for the aggregator's trunk. */
  readonly expert: number | undefined
  readonly segments: readonly Segment[]
  /** [offset, length, ...] in the flat vector, in the order of the wire; neighbours are one run. */
  readonly runs: Int32Array
  /** Floats on the wire. */
  readonly length: number
  readonly roles: readonly string[]
  /** The safetensors header of the part: the same bytes in every message about it. */
  readonly header: Uint8Array
}

/** Runs one after the other, those that touch made one: a part that is the whole vector is then a single copy. */
const joined = (all: readonly Int32Array[]): Int32Array => {
  const runs: number[] = []
  for (const some of all) {
    for (let i = 0; i < some.length; i += 2) {
      const last = runs.length - 2
      if (last >= 0 && runs[last] + runs[last + 1] === some[i]) runs[last + 1] += some[i + 1]
      else runs.push(some[i], some[i + 1])
    }
  }
  return Int32Array.from(runs)
}

/** The parts of a layout under a template, the trunk first. `private` segments are in none of them. */
export const partTemplates = (layout: Layout, template: Template): PartTemplate[] =>
  partNames(layout).map((name, index) => {
    const pieces = partRuns(layout, name, (segment) => template(segment) !== 'private')
    const runs = joined(pieces.map((piece) => piece.runs))
    return {
      name,
      expert: index === 0 ? undefined : index - 1,
      segments: pieces.map(({ segment }) => segment),
      runs,
      length: runsLength(runs),
      roles: [...new Set(pieces.map(({ segment }) => segment.role))].sort(),
      header: safetensorsHeader(pieces.map(({ segment, shape }) => ({ name: segment.name, shape }))),
    }
  })

/** Is the part, on the wire, the whole flat vector as it lies? */
export const isWhole = (part: PartTemplate, size: number): boolean =>
  part.runs.length === 2 && part.runs[0] === 0 && part.length === size

/** The part's values out of a client's flat vector, into `into` or a new array. */
export const takePart = (
  flat: Float32Array,
  part: PartTemplate,
  into: Float32Array = new Float32Array(part.length),
): Float32Array => {
  if (isWhole(part, flat.length)) into.set(flat)
  else gather(flat, part.runs, into)
  return into
}

/** Writes the part's values into a flat vector. */
export const putPart = (values: Float32Array, part: PartTemplate, flat: Float32Array): void => {
  scatter(values, part.runs, flat)
}

/**
 * The order in which a client sends its parts: experts first, the trunk last. The trunk's arrival is the answer that
 * rounds count, and on one line it then comes after the rest, so that a round does not close on half an answer.
 */
export const uploadOrder = <Part>(parts: readonly Part[]): Part[] => [...parts.slice(1), ...parts.slice(0, 1)]
