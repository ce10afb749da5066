import type { Layout, Segment } from '../models/layout.js'
import { gather, partNames, type PartRuns, partRuns, runsLength, scatter } from '../models/parts.js'
import { safetensorsHeader } from '../network/safetensors.js'
import type { Body } from '../network/wire.js'
import { AGGREGATOR, expertName, type Name } from '../roster/participant.js'
import type { Extra, PartSegment, Strategy, Vectors } from './strategies/strategy.js'

/** `offset` and `length` count floats; `whole`: it has the length of the part. */
interface PlacedExtra extends Pick<Extra, 'name' | 'otherwise'> {
  readonly offset: number
  readonly length: number
  readonly whole: boolean
}

/** How a message about a part lies on the wire: the part's values, then the strategy's further tensors. */
export interface PartBody extends Body {
  /** Further tensors; `offset` counts floats from the first value. */
  readonly extras: readonly PlacedExtra[]
}

/** What of a part travels under a strategy's template, and how it lies in the flat vector and on the wire. */
export interface PartTemplate {
  /** `trunk` or `expert-2`. */
  readonly name: string
  /** The actor that clients have it from and send it to. */
  readonly owner: Name
  readonly segments: readonly PartSegment[]
  /** [offset, length, ...] in the flat vector, in the order of the wire; neighbours are one run. */
  readonly runs: Int32Array
  /** Floats of the part's values. */
  readonly length: number
  readonly roles: readonly string[]
  readonly up: PartBody
  readonly down: PartBody
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

/** What the lengths of further tensors depend on. */
export interface Census {
  /** That the model is trained by. */
  readonly tasks: number
  readonly clients: number
}

/** A part without travelling segments has no messages, and so no further tensors either. */
const bodyOf = (
  segments: readonly PartSegment[],
  length: number,
  asked: readonly Extra[],
  { tasks, clients }: Census,
): PartBody => {
  let end = length
  const there = length > 0 ? asked.filter(({ among }) => among?.(clients) ?? true) : []
  const extras = there.map(({ name, length: wanted, otherwise }) => {
    const whole = wanted === 'part'
    const offset = end
    end += whole ? length : wanted === 'tasks' ? tasks : wanted
    return { name, offset, length: end - offset, whole, otherwise }
  })
  const tensors = segments.map(({ name, shape }) => ({ name, shape }))
  // The header names the file's tensors, so an extra must not share a segment's name: those hold no colon.
  const further = extras.map(({ name, length: floats }) => ({ name: `extra:${name}`, shape: [floats] }))
  return { length: end, extras, header: safetensorsHeader([...tensors, ...further]) }
}

/** The segments of a part, placed one after the other. */
const placed = (pieces: readonly PartRuns[], expert: number | undefined, { template }: Pick<Strategy, 'template'>): PartSegment[] => {
  let offset = 0
  return pieces.map(({ segment, shape, runs }) => {
    const { name, role, task, factor, trainable } = segment
    const size = runsLength(runs)
    const at = offset
    offset += size
    const axes = expert === undefined ? segment.axes : segment.axes.filter((axis) => axis !== 'expert')
    return { name, role, task, factor, trainable, scope: template(segment), expert, shape, axes, offset: at, size }
  })
}

/** A part as a topology cuts it out of a model, before a strategy says what of it travels. */
export interface Cut {
  readonly name: string
  readonly owner: Name
  /** Index of the expert that it is, from 0; undefined: it is of what all experts share, or of all of the model. */
  readonly expert: number | undefined
  /** What of the flat vector it is, of segments that `include` accepts. */
  pieces(include: (segment: Segment) => boolean): PartRuns[]
}

/** A trunk, which the aggregator owns, and a part for each expert, which its network does. */
export const byExpert = (layout: Layout): Cut[] =>
  partNames(layout).map((name, index) => ({
    name,
    owner: index === 0 ? AGGREGATOR : expertName(index - 1),
    expert: index === 0 ? undefined : index - 1,
    pieces: (include) => partRuns(layout, name, include),
  }))

/** All of a model as one part, whose experts are not cut off it. */
export const whole = (layout: Layout, owner: Name): Cut[] => [{
  name: partNames(layout)[0],
  owner,
  expert: undefined,
  pieces: (include) => layout.segments.filter(include).map((segment): PartRuns => ({
    segment, shape: segment.shape, runs: Int32Array.of(segment.offset, segment.size),
  })),
}]

/** The parts of a model under a strategy's template, in the order of their cuts. `private` segments are in none of them. */
export const partTemplates = (
  cuts: readonly Cut[],
  strategy: Pick<Strategy, 'template' | 'extras'>,
  census: Census,
): PartTemplate[] =>
  cuts.map(({ name, owner, expert, pieces: piecesOf }) => {
    const pieces = piecesOf((segment) => strategy.template(segment) !== 'private')
    const runs = joined(pieces.map((piece) => piece.runs))
    const segments = placed(pieces, expert, strategy)
    const length = runsLength(runs)
    const { up, down } = strategy.extras
    return {
      name,
      owner,
      segments,
      runs,
      length,
      roles: [...new Set(segments.map(({ role }) => role))].sort(),
      up: bodyOf(segments, length, up, census),
      down: bodyOf(segments, length, down, census),
    }
  })

const nothing: Vectors = Object.freeze({})

/** The further tensors of a message's body, by name: views of it. */
export const extrasOf = ({ extras }: PartBody, body: Float32Array): Vectors =>
  extras.length === 0
    ? nothing
    : Object.fromEntries(extras.map(({ name, offset, length }) => [name, body.subarray(offset, offset + length)]))

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
