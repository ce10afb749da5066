import { nameOf, type Sink, type Source } from '../program/body.js'
import { GraphBuilder } from './graph-builder.js'
import type { Graph, Node } from './graph.js'
import { arithmetic, exactUnary } from './operations.js'
import { sizeOf } from './shapes.js'

/** Exactly rounded, so that an element's bits do not depend on its neighbours. */
const exact = new Set<string>([...arithmetic.filter((op) => op !== 'Pow'), ...exactUnary])

/** Nodes of several segments that do the same, one per segment in the order of the group: computed as one vector. */
type Row = readonly number[]

const segmentOf = (port: Source | Sink): string | undefined => ('segment' in port ? port.segment : undefined)

/** What a port is, whichever segment it belongs to. */
const roleOf = (port: Source | Sink): string => {
  const segment = segmentOf(port)
  return segment === undefined ? nameOf(port) : nameOf({ ...port, segment: '' } as Source)
}

/** Reads a graph for what is alike between segments. */
class Likeness {
  private readonly signatures = new Map<number, number>()
  private readonly known = new Map<string, number>()

  constructor(private readonly graph: Graph) {}

  /** A value of one element that belongs to no segment: a rate, a constant. */
  shared(id: number): boolean {
    const { op, shape, source, inputs } = this.graph.nodes[id]
    if (sizeOf(shape) !== 1) return false
    if (source) return segmentOf(source) === undefined
    return op === 'Constant' || (exact.has(op) && inputs.every((input) => this.shared(input)))
  }

  /** Whether a node works element by element on values of its own size and on shared ones. */
  elementwise(id: number): boolean {
    const { op, shape, inputs } = this.graph.nodes[id]
    const size = sizeOf(shape)
    return exact.has(op) &&
      inputs.every((input) => this.shared(input) || sizeOf(this.graph.nodes[input].shape) === size)
  }

  /** Equal for two nodes whose elements are computed alike from their segments' ports and from other values. */
  signature(id: number): number {
    const before = this.signatures.get(id)
    if (before !== undefined) return before
    const text = this.shared(id) ? `shared ${id}` : this.describe(this.graph.nodes[id])
    let number = this.known.get(text)
    if (number === undefined) this.known.set(text, (number = this.known.size))
    this.signatures.set(id, number)
    return number
  }

  private describe({ id, op, source, inputs, attributes }: Node): string {
    if (source && segmentOf(source) !== undefined) return `port ${roleOf(source)}`
    if (!this.elementwise(id)) return 'value'
    return `${op} ${JSON.stringify(attributes)} ${inputs.map((input) => this.signature(input))}`
  }
}

/** The rows that compute `outputs`, which are rows themselves. Elementwise ones come with those that they read. */
const rowsOf = (graph: Graph, likeness: Likeness, outputs: readonly Row[]): Row[] => {
  const rows = new Map<string, Row>()
  const open = [...outputs]
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    const key = row.join()
    if (rows.has(key)) continue
    rows.set(key, row)
    if (!likeness.elementwise(row[0])) continue
    const inputs = row.map((id) => graph.nodes[id].inputs)
    for (const [i, first] of inputs[0].entries()) {
      if (!likeness.shared(first)) open.push(inputs.map((of) => of[i]))
    }
  }
  return [...rows.values()]
}

/** What leaves a segment: the node of every sink of it. */
const leaving = (graph: Graph): Map<string, Map<string, number>> => {
  const found = new Map<string, Map<string, number>>()
  for (const { sink, node } of graph.outputs) {
    const segment = segmentOf(sink)
    if (segment === undefined) continue
    if (!found.has(segment)) found.set(segment, new Map())
    found.get(segment)!.set(roleOf(sink), node)
  }
  return found
}

/** Rows of every group of at least two segments of at most `largest` elements that are updated alike. */
const groupsOf = (graph: Graph, likeness: Likeness, largest: number): Row[][] => {
  const groups = new Map<string, number[][]>()
  for (const sinks of leaving(graph).values()) {
    const nodes = [...sinks.values()]
    const sizes = new Set(nodes.map((id) => sizeOf(graph.nodes[id].shape)))
    if (sizes.size > 1 || Math.max(...sizes) > largest || !nodes.every((id) => likeness.elementwise(id))) continue
    const key = [...sinks].map(([role, id]) => `${role} ${likeness.signature(id)}`).join()
    groups.set(key, [...(groups.get(key) ?? []), nodes])
  }
  return [...groups.values()]
    .filter((segments) => segments.length > 1)
    .map((segments) => rowsOf(graph, likeness, segments[0].map((_, i) => segments.map((nodes) => nodes[i]))))
}

/** Rows whose values are computed, by their last node: there the whole row can be, unless somebody needs it before. */
const placesOf = (graph: Graph, likeness: Likeness, rows: readonly Row[]): Map<number, Row> | undefined => {
  const places = new Map<number, Row>()
  const place = new Map<number, number>()
  for (const row of rows) {
    if (!likeness.elementwise(row[0])) continue
    const last = Math.max(...row)
    places.set(last, row)
    for (const id of row) {
      if (place.has(id)) return undefined
      place.set(id, last)
    }
  }
  const at = (id: number): number => place.get(id) ?? id
  return graph.nodes.every(({ id, inputs }) => inputs.every((input) => at(input) < at(id))) ? places : undefined
}

/**
 * The same graph with the optimizer's updates of small segments as one: their parameters, slots and gradients are
 * joined to vectors, updated in one pass per operation, and cut again. A step of a small model has ten segments of a
 * few hundred elements, each with the ten operations of Adam, and an operation costs more than its elements.
 *
 * Elements are computed by the same exactly rounded operations as before: no bit changes. For clients that run one by
 * one; `largest` is the size of a segment from which on joining costs more than it gains.
 */
export const jointUpdates = (graph: Graph, largest: number): Graph => {
  const likeness = new Likeness(graph)
  const places = placesOf(graph, likeness, groupsOf(graph, likeness, largest).flat())
  if (places === undefined || places.size === 0) return graph
  const members = new Set([...places.values()].flat())
  const builder = new GraphBuilder()
  const numbers: number[] = []
  const joint = new Map<string, number>()
  const flat = (id: number): number => {
    const { shape, dtype } = graph.nodes[id]
    return builder.add('Reshape', [numbers[id]], [sizeOf(shape)], dtype)
  }
  const single = (id: number): number => builder.add('Reshape', [numbers[id]], [], graph.nodes[id].dtype)
  /** The vector of a row: computed before, or joined. */
  const vector = (row: Row, size: number): number => {
    const key = row.join()
    const known = joint.get(key)
    if (known !== undefined) return known
    const made = builder.add('Concat', row.map(flat), [size], graph.nodes[row[0]].dtype, { axis: 0 })
    joint.set(key, made)
    return made
  }
  const compute = (row: Row): void => {
    const nodes = row.map((id) => graph.nodes[id])
    const [{ op, dtype, attributes, inputs }] = nodes
    const size = nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
    const operands = inputs.map((first, i) =>
      likeness.shared(first) ? single(first) : vector(nodes.map((node) => node.inputs[i]), size))
    const made = builder.add(op, operands, [size], dtype, attributes)
    joint.set(row.join(), made)
    let start = 0
    for (const { id, shape } of nodes) {
      const length = sizeOf(shape)
      const piece = builder.add('Slice', [made], [length], dtype, { begin: [start], size: [length] })
      numbers[id] = builder.add('Reshape', [piece], shape, dtype)
      start += length
    }
  }
  for (const { id, op, source, values, inputs, shape, dtype, attributes } of graph.nodes) {
    const row = places.get(id)
    if (row) compute(row)
    else if (members.has(id)) continue
    else if (source) numbers[id] = builder.input(source, shape, dtype)
    else if (values) numbers[id] = builder.constant(values, shape, dtype)
    else numbers[id] = builder.add(op, inputs.map((input) => numbers[input]), shape, dtype, attributes)
  }
  return builder.finish(graph.outputs.map(({ sink, node }) => ({ sink, node: numbers[node] })))
}
