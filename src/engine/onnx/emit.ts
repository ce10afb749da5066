import { nameOf, type Sink, type Source } from '../body.js'
import type { Graph, Node } from '../graph.js'
import type { Compiled, Port } from '../runtime.js'
import { sameShape, type Shape } from '../shapes.js'
import { elementwiseEmitters } from './elementwise.js'
import type { Emission, Emit } from './emission.js'
import { encodeModel, type OnnxModel, type OnnxPort } from './model.js'
import { productEmitters } from './products.js'
import { shapingEmitters } from './shaping.js'
import { Sheet } from './sheet.js'

/** How each operation is written in ONNX. */
export const emitters: Readonly<Record<string, Emit>> = { ...elementwiseEmitters, ...shapingEmitters, ...productEmitters }

const portOf = <Kind>(name: string, kind: Kind, { shape, dtype }: Node, view: Shape): Port<Kind> => ({
  name, kind, shape, dtype, ...(!sameShape(shape, view) && { view }),
})

const declared = (name: string, { dtype, batched }: Node, view: Shape): OnnxPort => ({
  name, type: dtype, shape: batched ? ['clients', ...view] : view,
})

/** Nodes that read a value, and how many outputs do. */
const readersOf = (graph: Graph): { readonly nodes: Node[]; outputs: number }[] => {
  const readers = graph.nodes.map(() => ({ nodes: [] as Node[], outputs: 0 }))
  for (const node of graph.nodes) for (const input of new Set(node.inputs)) readers[input].nodes.push(node)
  for (const { node } of graph.outputs) readers[node].outputs++
  return readers
}

/** The shape in which an input is declared: that in which it is read, if it is never read in its own. */
const viewOf = (node: Node, { nodes, outputs }: { readonly nodes: readonly Node[]; readonly outputs: number }): Shape =>
  outputs === 0 && nodes.length > 0 && nodes.every(({ op }) => op === 'Reshape') ? nodes[0].shape : node.shape

interface Written {
  readonly model: OnnxModel
  readonly inputs: readonly Port<Source>[]
  readonly outputs: readonly Port<Sink>[]
}

/** The ONNX model of a graph, and its ports. Input n is called `in<n>` there, output n `out<n>`. */
export const modelOf = (graph: Graph): Written => {
  const sheet = new Sheet()
  const readers = readersOf(graph)
  const names: string[] = []
  const views = new Map<number, Shape>()
  const shapeBeneath = (id: number): Shape => views.get(id) ?? graph.nodes[id].shape
  const emission: Emission = { sheet, name: (id) => names[id], node: (id) => graph.nodes[id] }
  const inputs: { readonly port: Port<Source>; readonly declared: OnnxPort }[] = []
  for (const node of graph.nodes) {
    const { id, op, source, values, shape, dtype } = node
    if (source) {
      const view = viewOf(node, readers[id])
      const name = `in${inputs.length}`
      views.set(id, view)
      names.push(name)
      inputs.push({ port: portOf(nameOf(source), source, node, view), declared: declared(name, node, view) })
    } else if (values) {
      const one = values.length === 1
      const constant = sheet.constant(dtype, values, one ? [] : shape)
      names.push(one && shape.length > 0 ? sheet.op('Expand', [constant, sheet.whole(...shape)]) : constant)
    } else if (op === 'Reshape' && sameShape(shapeBeneath(node.inputs[0]), shape)) {
      names.push(names[node.inputs[0]])
    } else {
      names.push(emitters[op](emission, node))
    }
  }
  const outputs = graph.outputs.map(({ sink, node: id }, i) => {
    const node = graph.nodes[id]
    // Buffers do not care for shapes: a view is not worth a node.
    const beneath = node.op === 'Reshape' ? node.inputs[0] : id
    const view = shapeBeneath(beneath)
    const name = `out${i}`
    return { value: names[beneath], name, port: portOf(nameOf(sink), sink, node, view), declared: declared(name, node, view) }
  })
  return {
    model: {
      ...sheet.finish(outputs),
      inputs: inputs.map((input) => input.declared),
      outputs: outputs.map((output) => output.declared),
    },
    inputs: inputs.map(({ port }) => port),
    outputs: outputs.map(({ port }) => port),
  }
}

/** Writes a graph as an ONNX model: with an open cohort axis if `cohort` has added it, for one client otherwise. */
export const emitOnnx = (graph: Graph): Compiled => {
  const { model, inputs, outputs } = modelOf(graph)
  const alone = !graph.nodes.some(({ batched }) => batched)
  return { runtime: 'onnx', bytes: encodeModel(model), inputs, outputs, ...(alone && { alone }) }
}
