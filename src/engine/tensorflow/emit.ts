import { inputsOf, outputsOf, type Gate } from '../graph/gates.js'
import type { Graph } from '../graph/graph.js'
import { sameShape, type Shape } from '../graph/shapes.js'
import type { Sink, Source } from '../program/body.js'
import type { Compiled } from '../runtime.js'
import { elementwiseEmitters } from './elementwise.js'
import type { Emission, Emit } from './emission.js'
import { encodeModel, type TensorflowModel, type TensorflowPort } from './model.js'
import { productEmitters } from './products.js'
import { shapingEmitters } from './shaping.js'
import { Sheet } from './sheet.js'

/** How each operation is written in TensorFlow. */
export const emitters: Readonly<Record<string, Emit>> = {
  ...elementwiseEmitters, ...shapingEmitters, ...productEmitters,
}

const declared = (name: string, { port, shape, batched }: Gate<Source | Sink>): TensorflowPort => ({
  name, type: port.dtype, shape: batched ? [-1, ...shape] : shape,
})

const readersOf = (graph: Graph): number[] => {
  const readers = graph.nodes.map(() => 0)
  for (const { inputs } of graph.nodes) for (const id of inputs) readers[id]++
  for (const { node } of graph.outputs) readers[node]++
  return readers
}

/** Writes the nodes, and gives the name of every value. */
const writeNodes = (graph: Graph, sheet: Sheet, inputs: readonly Gate<Source>[]): string[] => {
  const names: string[] = []
  const views = new Map<number, Shape>()
  for (const [i, gate] of inputs.entries()) {
    const { name, type, shape } = declared(`in${i}`, gate)
    names[gate.node.id] = sheet.placeholder(name, type, shape)
    views.set(gate.node.id, gate.shape)
  }
  const readers = readersOf(graph)
  const someone = inputs.find(({ batched }) => batched)
  const clients = (): string => {
    const shape = sheet.op('Shape', [names[someone!.node.id]], { T: someone!.port.dtype, out_type: 'int32' })
    return sheet.op('Slice', [shape, sheet.whole(0), sheet.whole(1)], { T: 'int32', Index: 'int32' })
  }
  const emission: Emission = {
    sheet, name: (id) => names[id], node: (id) => graph.nodes[id], readers: (id) => readers[id], clients,
  }
  for (const node of graph.nodes) {
    const { id, op, values, shape, dtype } = node
    if (op === 'Input') continue
    if (values) {
      names[id] = sheet.constant(dtype, values, shape)
      continue
    }
    const [x] = node.inputs
    const idle = op === 'Reshape' && sameShape(views.get(x) ?? graph.nodes[x].shape, shape)
    names[id] = idle ? names[x] : emitters[op](emission, node)
  }
  return names
}

interface Written extends Pick<Compiled, 'inputs' | 'outputs'> {
  readonly model: TensorflowModel
}

/** The TensorFlow graph of a graph, and its ports, which are called `in<n>` and `out<n>` there, by place in the list. */
export const modelOf = (graph: Graph): Written => {
  const sheet = new Sheet()
  const inputs = inputsOf(graph)
  const names = writeNodes(graph, sheet, inputs)
  const outputs = outputsOf(graph, inputs)
  const wanted = outputs.map(({ beneath, port }, i) => ({ value: names[beneath], name: `out${i}`, type: port.dtype }))
  return {
    model: {
      nodes: sheet.finish(wanted),
      inputs: inputs.map((gate, i) => declared(`in${i}`, gate)),
      outputs: outputs.map((gate, i) => declared(`out${i}`, gate)),
    },
    inputs: inputs.map(({ port }) => port),
    outputs: outputs.map(({ port }) => port),
  }
}

/**
 * Writes a graph as a TensorFlow SavedModel (the bytes of its one file): with an open cohort axis if `cohort` has
 * added it, for one client otherwise. `compileTensorflow` does both from a recorded graph.
 */
export const emitTensorflow = (graph: Graph): Compiled => {
  const { model, ...ports } = modelOf(graph)
  const alone = !graph.nodes.some(({ batched }) => batched)
  return { runtime: 'tensorflow', bytes: encodeModel(model), ...ports, ...(alone && { alone }) }
}
