import { nameOf, type Sink, type Source } from '../program/body.js'
import type { Graph, Node } from './graph.js'
import type { Port } from '../runtime.js'
import { sameShape, sizeOf, type Shape } from './shapes.js'

/** A port on its way into a runtime's model. */
export interface Gate<Kind> {
  readonly node: Node
  /** One client's, as the runtime declares it. */
  readonly shape: Shape
  /** Whether the runtime's tensor has the cohort axis. */
  readonly batched: boolean
  readonly port: Port<Kind>
  /** Elements per client. */
  readonly size: number
}

const gate = <Kind extends Source | Sink>(kind: Kind, node: Node, view: Shape): Gate<Kind> => {
  const { shape, dtype, batched = false } = node
  const port = { name: nameOf(kind), kind, shape, dtype, ...(!sameShape(shape, view) && { view }) }
  return { node, port, shape: view, batched, size: sizeOf(view) }
}

/** The shape in which an input is declared: that in which it is read, if it is never read in its own. */
const viewOf = (graph: Graph, { id, shape }: Node): Shape => {
  if (graph.outputs.some(({ node }) => node === id)) return shape
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(id))
  return readers.length > 0 && readers.every(({ op }) => op === 'Reshape') ? readers[0].shape : shape
}

export const inputsOf = (graph: Graph): Gate<Source>[] =>
  graph.nodes.flatMap((node) => (node.source ? [gate(node.source, node, viewOf(graph, node))] : []))

/** An output, and the node whose value leaves. */
export interface OutputGate extends Gate<Sink> {
  readonly beneath: number
}

/** Outputs; buffers do not care for shapes, so what leaves is that which a view looks at. */
export const outputsOf = (graph: Graph, inputs: readonly Gate<Source>[]): OutputGate[] => {
  const views = new Map(inputs.map(({ node, shape }) => [node.id, shape] as const))
  return graph.outputs.map(({ sink, node: id }) => {
    const node = graph.nodes[id]
    const beneath = node.op === 'Reshape' ? node.inputs[0] : id
    return { ...gate(sink, node, views.get(beneath) ?? graph.nodes[beneath].shape), beneath }
  })
}
