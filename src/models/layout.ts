import { SpecificationError } from '../errors.js'
import { normal, type Stream, type Streams } from '../random/streams.js'

/** What a segment is in its model; `user` is an embedding table of users. Strategies give scopes by role. */
export const segmentRoles = [
  'embedding', 'user', 'input', 'bottom', 'expert', 'gate', 'tower', 'batch-norm', 'other',
] as const
export type SegmentRole = (typeof segmentRoles)[number]

/** How a segment starts. `glorot` and `he` are uniform; fans are of one matrix, not of a stack of them. */
export type Initial =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly limit: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'glorot'; readonly fanIn: number; readonly fanOut: number }
  | { readonly kind: 'he'; readonly fanIn: number }
  /** `on` where the first two axes have the same index, `off` elsewhere. */
  | { readonly kind: 'diagonal'; readonly on: number; readonly off: number }

/** What an axis of a segment counts; `expert` and `task` axes are what parts and scopes are cut along. */
export type Axis = 'expert' | 'task' | 'in' | 'out' | 'row'

/**
 * Which factor of a parameter template a segment is, where a layer's weight is made of several: what all clients share,
 * what one scenario has of its own, what one task has of its own. Strategies may give scopes by it.
 */
export type Factor = (typeof factors)[number]

const factors = ['global', 'scenario', 'task'] as const

/** A tensor of parameters as a model declares it. */
export interface SegmentSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** One label per axis of `shape`. At most one `expert` axis: entry e of it belongs to expert network e. */
  readonly axes: readonly Axis[]
  readonly role: SegmentRole
  readonly initial: Initial
  /** The expert network that owns the whole segment, for a model that keeps each expert in segments of its own. */
  readonly expert?: number
  /** The task that the whole segment serves. */
  readonly task?: string
  /** Rows of each embedding table that lies in it, one after the other along the first axis, row 0 of each being that
   * of unknown words: what `fillUntrained` fills. Left out for a segment that holds none. */
  readonly tables?: readonly number[]
  /** The factor that the segment is; left out for a parameter that is whole. */
  readonly factor?: Factor
  /** False for running statistics: they come back from the model as `state` and get no gradient. Default true. */
  readonly trainable?: boolean
}

/** A segment with its place in the flat vector: `offset` and `size` count float32 elements. */
export interface Segment extends SegmentSpec {
  readonly trainable: boolean
  readonly offset: number
  readonly size: number
}

/** The ordered, named segments of one flat `Float32Array` of `size` elements. */
export interface Layout {
  readonly segments: readonly Segment[]
  readonly size: number
  /** How many expert networks the segments speak of (0 for a model without experts). */
  readonly experts: number
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

const expertAxis = (segment: SegmentSpec): number => segment.axes.indexOf('expert')

const check = (spec: SegmentSpec, holds: boolean, rule: string): void => {
  if (!holds) {
    const { name, shape, axes, role, initial, expert, factor, tables } = spec
    const seen = JSON.stringify({ name, shape, axes, role, initial, expert, factor, tables })
    throw new SpecificationError(`Segment ${seen}: ${rule}. Change what the model's \`segments\` returns.`)
  }
}

const initials: readonly Initial['kind'][] = ['constant', 'uniform', 'normal', 'glorot', 'he', 'diagonal']

/** What the compiler asks for, of a model that it has not seen. */
const checkDeclared = (spec: SegmentSpec): void => {
  if (typeof spec !== 'object' || spec === null) throw new SpecificationError(`A segment is ${spec === null ? 'null' : `a ${typeof spec}`}, expected { name, shape, axes, role, initial }.`)
  check(spec, typeof spec.name === 'string', '`name` is a text')
  check(spec, Array.isArray(spec.shape), '`shape` is a list of lengths, [] for a single number')
  check(spec, Array.isArray(spec.axes), '`axes` is a list with one label per axis of `shape`: expert, task, in, out or row')
  check(spec, segmentRoles.includes(spec.role), `\`role\` is one of ${segmentRoles.join(', ')}`)
  check(spec, initials.includes(spec.initial?.kind), `\`initial\` is { kind: ... }, of a kind of ${initials.join(', ')}`)
}

/** What a model declares: a list that is not empty. */
const checkAll = (specs: readonly SegmentSpec[]): void => {
  if (!Array.isArray(specs)) throw new SpecificationError(`The model's \`segments\` gives ${specs === undefined ? 'nothing' : `a ${typeof specs}`}, expected a list of segments. Return [{ name, shape, axes, role, initial }, ...].`)
  if (specs.length === 0) throw new SpecificationError("The model has no segments: there is nothing to train, to send or to fold. Return at least one from its `segments`.")
}

const checkSegment = (spec: SegmentSpec): void => {
  check(spec, /^[\w.-]+$/.test(spec.name), 'a name holds letters, digits, `_`, `.` and `-` only')
  check(spec, spec.axes.length === spec.shape.length, '`axes` needs one label per axis of `shape`')
  check(spec, spec.shape.every((n) => Number.isInteger(n) && n > 0), 'every axis has a positive whole length')
  for (const label of ['expert', 'task'] as const) {
    check(spec, spec.axes.filter((axis) => axis === label).length < 2, `at most one axis may be \`${label}\``)
  }
  check(spec, spec.expert === undefined || expertAxis(spec) < 0, 'give `expert` or an `expert` axis, not both')
  const whole = spec.expert === undefined || (Number.isInteger(spec.expert) && spec.expert >= 0)
  check(spec, whole, '`expert` counts from 0 in whole numbers')
  check(spec, spec.task === undefined || !spec.axes.includes('task'), 'give `task` or a `task` axis, not both')
  const rows = spec.tables?.reduce((sum, each) => sum + each, 0) ?? spec.shape[0]
  check(spec, rows === spec.shape[0], '`tables` add up to the length of the first axis')
  const known = spec.factor === undefined || factors.includes(spec.factor)
  check(spec, known, `\`factor\` is one of ${factors.join(', ')}`)
}

/**
 * Lays segments out one after the other, in their order.
 *
 * Throws `SpecificationError` if there are none, two segments share a name, labels do not fit the shape, or `expert` axes differ in
 * length.
 */
export const buildLayout = (specs: readonly SegmentSpec[]): Layout => {
  checkAll(specs)
  for (const spec of specs) checkDeclared(spec)
  const names = new Set<string>()
  const stacked = specs.find((spec) => expertAxis(spec) >= 0)
  const own = specs.reduce((most, spec) => Math.max(most, (spec.expert ?? -1) + 1), 0)
  const experts = stacked === undefined ? own : stacked.shape[expertAxis(stacked)]
  let offset = 0
  const segments = specs.map((spec): Segment => {
    checkSegment(spec)
    check(spec, !names.has(spec.name), 'another segment has this name')
    names.add(spec.name)
    const axis = expertAxis(spec)
    check(spec, axis < 0 || spec.shape[axis] === experts, `the model's other segments speak of ${experts} experts`)
    check(spec, (spec.expert ?? 0) < Math.max(experts, 1), `the model's \`expert\` axes have ${experts} entries`)
    const size = product(spec.shape)
    const segment = { ...spec, trainable: spec.trainable ?? true, offset, size }
    offset += size
    return segment
  })
  return { segments, size: offset, experts }
}

const draws = (initial: Initial, stream: Stream, shape: readonly number[]): ((i: number) => number) => {
  const uniform = (limit: number) => () => (2 * stream() - 1) * limit
  switch (initial.kind) {
    case 'constant':
      return () => initial.value
    case 'uniform':
      return uniform(initial.limit)
    case 'normal':
      return () => normal(stream) * initial.deviation
    case 'glorot':
      return uniform(Math.sqrt(6 / (initial.fanIn + initial.fanOut)))
    case 'he':
      return uniform(Math.sqrt(6 / initial.fanIn))
    case 'diagonal': {
      const [, columns] = shape
      const inner = product(shape.slice(2))
      const place = (i: number): number => Math.floor(i / inner)
      return (i) => (Math.floor(place(i) / columns) === place(i) % columns ? initial.on : initial.off)
    }
    default:
      return initial satisfies never
  }
}

/** Two gigabytes, of which every client that trains holds some. */
const mostParameters = 2 ** 29

/** First values: [layout.size]. Each segment draws from its own stream, so adding one changes no other. */
export const initialize = (layout: Layout, streams: Streams): Float32Array => {
  if (layout.size > mostParameters) {
    const floats = layout.size.toLocaleString('en')
    throw new SpecificationError(`model: it would have ${floats} parameters, and ${mostParameters.toLocaleString('en')} are the most. Make it narrower.`)
  }
  const values = new Float32Array(layout.size)
  for (const { name, initial, offset, size, shape } of layout.segments) {
    const draw = draws(initial, streams('initialise', name), shape)
    for (let i = 0; i < size; i++) values[offset + i] = draw(i)
  }
  return values
}
