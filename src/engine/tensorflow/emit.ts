import { inputsOf, outputsOf, type Gate } from '../graph/gates.js'
import type { Graph } from '../graph/graph.js'
import { jointly } from '../graph/jointly.js'
import { gatesOf, inputRuns, outputRuns, type GateRun } from '../graph/runs.js'
import { sameShape, type Shape } from '../graph/shapes.js'
import type { Sink, Source } from '../program/body.js'
import type { Compiled } from '../runtime.js'
import { elementwiseEmitters } from './elementwise.js'
import type { Emission, Emit } from './emission.js'
import { GraphWriter } from './graph-writer.js'
import { clientsIn, cut, join, namesOf } from './joint.js'
import { encodeModel, type TensorflowModel, type TensorflowPort } from './model.js'
import { productEmitters } from './products.js'
import { shapingEmitters } from './shaping.js'

/** How each operation is written in TensorFlow. */
export const emitters: Readonly<Record<string, Emit>> = {
  ...elementwiseEmitters, ...shapingEmitters, ...productEmitters,
}

const declared = (name: string, { port, shape, batched }: Gate<Source | Sink>): TensorflowPort => ({
  name, type: port.dtype, shape: batched ? [-1, ...shape] : shape,
})

const declaredJointly = (name: string, gates: readonly Gate<Source | Sink>[]): TensorflowPort => {
  const size = gates.reduce((sum, each) => sum + each.size, 0)
  return { name, type: 'float32', shape: [gates.some(({ batched }) => batched) ? -1 : size] }
}

const readersOf = (graph: Graph): number[] => {
  const readers = graph.nodes.map(() => 0)
  for (const { inputs } of graph.nodes) for (const id of inputs) readers[id]++
  for (const { node } of graph.outputs) readers[node]++
  return readers
}

/** What comes in: the names of values by node, and how many clients there are. */
interface Given {
  readonly ports: readonly TensorflowPort[]
  readonly names: ReadonlyMap<number, string>
  readonly clients: () => string
}

/** Declares the inputs, of which `runs` travel jointly. */
const writeInputs = (
  writer: GraphWriter, inputs: readonly Gate<Source>[], runs: readonly GateRun<Gate<Source>>[],
): Given => {
  const together = gatesOf(runs)
  const ports: TensorflowPort[] = []
  const names = new Map<number, string>()
  const declare = (port: TensorflowPort): string => {
    ports.push(port)
    return writer.placeholder(port.name, port.type, port.shape)
  }
  for (const [i, gate] of inputs.entries()) {
    if (!together.includes(gate)) names.set(gate.node.id, declare(declared(`in${i}`, gate)))
  }
  if (together.length === 0) {
    const someone = inputs.find(({ batched }) => batched)
    const clients = (): string => {
      const shape = writer.op('Shape', [names.get(someone!.node.id)!], { T: someone!.port.dtype, out_type: 'int32' })
      return writer.op('Slice', [shape, writer.whole(0), writer.whole(1)], { T: 'int32', Index: 'int32' })
    }
    return { ports, names, clients }
  }
  const joint = declare(declaredJointly('ins', together))
  const clients = (): string => clientsIn(writer, joint, together)
  const parts = cut(writer, joint, runs, together.some(({ batched }) => batched) ? clients() : undefined)
  return { ports, names: new Map([...names, ...parts]), clients }
}

/** Writes the nodes, and gives the name of every value. */
const writeNodes = (graph: Graph, writer: GraphWriter, inputs: readonly Gate<Source>[], given: Given): string[] => {
  const names: string[] = []
  const views = new Map<number, Shape>(inputs.map(({ node, shape }) => [node.id, shape]))
  const readers = readersOf(graph)
  const emission: Emission = {
    writer, name: (id) => names[id], node: (id) => graph.nodes[id], readers: (id) => readers[id],
    clients: given.clients,
  }
  for (const node of graph.nodes) {
    const { id, op, values, shape, dtype } = node
    const outside = given.names.get(id)
    if (outside !== undefined) {
      names[id] = outside
    } else if (values) {
      names[id] = writer.constant(dtype, values, shape)
    } else {
      const [x] = node.inputs
      const idle = op === 'Reshape' && sameShape(views.get(x) ?? graph.nodes[x].shape, shape)
      names[id] = idle ? names[x] : emitters[op](emission, node)
    }
  }
  return names
}

interface Written extends Pick<Compiled, 'inputs' | 'outputs' | 'joint'> {
  readonly model: TensorflowModel
}

/**
 * The TensorFlow graph of a graph, and its ports. A port of its own is called `in<n>` or `out<n>` there, by its place
 * in the list; those that travel jointly are `ins` and `outs`.
 */
export const modelOf = (graph: Graph, clients = 1): Written => {
  const writer = new GraphWriter()
  const inputs = inputsOf(graph)
  const runs = inputRuns(graph, jointly(inputs.filter(({ port }) => port.dtype === 'float32'), clients))
  const given = writeInputs(writer, inputs, runs)
  const names = writeNodes(graph, writer, inputs, given)
  const outputs = outputsOf(graph, inputs)
  const joined = jointly(outputs.filter(({ port }) => port.dtype === 'float32'), clients)
  const joins = outputRuns(graph, joined)
  const separate = outputs.flatMap((gate, i) => (joined.has(gate) ? [] : [{ gate, name: `out${i}` }]))
  const wanted = separate.map(({ gate, name }) => ({ name, value: names[gate.beneath], type: gate.port.dtype }))
  const ports = separate.map(({ gate, name }) => declared(name, gate))
  if (joined.size > 0) {
    const values = joins.map(({ gates, vector }) => names[vector ?? gates[0].beneath])
    wanted.push({ name: 'outs', value: join(writer, values), type: 'float32' })
    ports.push(declaredJointly('outs', gatesOf(joins)))
  }
  return {
    model: { nodes: writer.finish(wanted), inputs: given.ports, outputs: ports },
    inputs: inputs.map(({ port }) => port),
    outputs: outputs.map(({ port }) => port),
    ...(runs.length + joins.length > 0 && { joint: { inputs: namesOf(runs), outputs: namesOf(joins) } }),
  }
}

/**
 * Writes a graph as a TensorFlow SavedModel (the bytes of its one file): with an open cohort axis if `cohort` has
 * added it, for one client otherwise. `clients` is how many will mostly share a run; it decides which ports travel
 * jointly and changes no bit. `compileTensorflow` does all this from a recorded graph.
 */
export const emitTensorflow = (graph: Graph, { clients = 1 }: { readonly clients?: number } = {}): Compiled => {
  const { model, ...ports } = modelOf(graph, clients)
  const alone = !graph.nodes.some(({ batched }) => batched)
  return { runtime: 'tensorflow', bytes: encodeModel(model), ...ports, ...(alone && { alone }) }
}
