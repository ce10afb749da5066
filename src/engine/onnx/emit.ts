import { inputsOf, outputsOf, type Gate } from '../graph/gates.js'
import type { Graph } from '../graph/graph.js'
import { jointly } from '../graph/jointly.js'
import { transcendental } from '../graph/operations.js'
import { gatesOf, inputRuns, outputRuns } from '../graph/runs.js'
import { sameShape, type Shape } from '../graph/shapes.js'
import type { Sink, Source } from '../program/body.js'
import type { Compiled } from '../runtime.js'
import { elementwiseEmitters } from './elementwise.js'
import { viewed, type Emission, type Emit } from './emission.js'
import { GraphWriter } from './graph-writer.js'
import { cut, join } from './joint.js'
import { encodeModel, type OnnxModel } from './model.js'
import { declared, declaredJointly } from './ports.js'
import { productEmitters } from './products.js'
import { shapingEmitters } from './shaping.js'

/** How each operation is written in ONNX. */
export const emitters: Readonly<Record<string, Emit>> = {
  ...elementwiseEmitters, ...shapingEmitters, ...productEmitters,
}

const series = new Set<string>([...transcendental, 'Pow'])

/**
 * A series computes other bits before the first address that its vectors like. The runtime's own buffers all start on
 * such an address, the caller's do not: so a series that leaves is copied out. (A reshaping is not optimized away.)
 */
const inOwnBuffer = ({ writer, name, node: at }: Emission, id: number, view: Shape): string => {
  const { op, batched } = at(id)
  return series.has(op) ? viewed(writer, name(id), batched, view) : name(id)
}

/** Writes the nodes, and gives the name of every value. `given` holds those that come from outside, by node. */
const writeNodes = (
  graph: Graph,
  writer: GraphWriter,
  inputs: readonly Gate<Source>[],
  given: ReadonlyMap<number, string>,
): Emission => {
  const names: string[] = []
  const views = new Map<number, Shape>(inputs.map(({ node, shape }) => [node.id, shape]))
  const readers = graph.nodes.map(() => 0)
  for (const { inputs: read } of graph.nodes) for (const id of read) readers[id]++
  for (const { node } of graph.outputs) readers[node]++
  const single = new Set(graph.nodes.map(({ op, inputs: read }) => `${op} ${read.join()}`))
  const emission: Emission = {
    writer, name: (id) => names[id], node: (id) => graph.nodes[id], readers: (id) => readers[id],
    has: (op, input) => single.has(`${op} ${input}`),
  }
  for (const node of graph.nodes) {
    const { id, op, values, shape, dtype } = node
    const outside = given.get(id)
    if (outside !== undefined) {
      names[id] = outside
    } else if (values) {
      const one = values.length === 1
      const constant = writer.constant(dtype, values, one ? [] : shape)
      names[id] = one && shape.length > 0 ? writer.op('Expand', [constant, writer.whole(...shape)]) : constant
    } else {
      const [x] = node.inputs
      const idle = op === 'Reshape' && sameShape(views.get(x) ?? graph.nodes[x].shape, shape)
      names[id] = idle ? names[x] : emitters[op](emission, node)
    }
  }
  return emission
}

interface Written extends Pick<Compiled, 'inputs' | 'outputs' | 'joint'> {
  readonly model: OnnxModel
}

/**
 * The ONNX model of a graph, and its ports. A port of its own is called `in<n>` or `out<n>` there, by its place in the
 * list; those that travel jointly are `ins` and `outs`.
 */
export const modelOf = (graph: Graph, clients = 1): Written => {
  const writer = new GraphWriter()
  const inputs = inputsOf(graph)
  const together = jointly(inputs.filter(({ port }) => port.dtype === 'float32'), clients)
  const runs = inputRuns(graph, together)
  const given = new Map(inputs.map(({ node }, i) => [node.id, `in${i}`]))
  if (together.size > 0) {
    const pieces = cut(writer, 'ins', runs.map(({ gates }) => gates))
    for (const [i, { node }] of gatesOf(runs).entries()) given.set(node.id, pieces.members[i])
    for (const [i, { vector }] of runs.entries()) {
      if (vector === undefined) continue
      const { shape } = graph.nodes[vector]
      given.set(vector, shape.length === 1 ? pieces.runs[i] : viewed(writer, pieces.runs[i], false, shape))
    }
  }
  const emission = writeNodes(graph, writer, inputs, given)
  const outputs = outputsOf(graph, inputs)
  const joined = jointly(outputs, clients)
  const joins = outputRuns(graph, joined)
  const separate = outputs.flatMap((gate, i) => (joined.has(gate) ? [] : [{ gate, name: `out${i}` }]))
  const wanted = separate.map(({ gate, name }) => ({ name, value: inOwnBuffer(emission, gate.beneath, gate.shape) }))
  if (joined.size > 0) {
    wanted.push({
      name: 'outs',
      value: join(writer, joins.map(({ gates, vector }) => (
        { name: emission.name(vector ?? gates[0].beneath), flat: vector !== undefined }
      ))),
    })
  }
  const names = (gates: readonly Gate<Source | Sink>[]): string[] => gates.map(({ port }) => port.name)
  return {
    model: {
      ...writer.finish(wanted),
      inputs: [
        ...inputs.flatMap((gate, i) => (together.has(gate) ? [] : [declared(`in${i}`, gate)])),
        ...(together.size > 0 ? [declaredJointly('ins', gatesOf(runs))] : []),
      ],
      outputs: [
        ...separate.map(({ gate, name }) => declared(name, gate)),
        ...(joined.size > 0 ? [declaredJointly('outs', gatesOf(joins))] : []),
      ],
    },
    inputs: inputs.map(({ port }) => port),
    outputs: outputs.map(({ port }) => port),
    ...(together.size + joined.size > 0 && { joint: { inputs: names(gatesOf(runs)), outputs: names(gatesOf(joins)) } }),
  }
}

/**
 * Writes a graph as an ONNX model: with an open cohort axis if `cohort` has added it, for one client otherwise.
 * `clients` is how many will mostly share a run; it decides which ports travel jointly and changes no bit.
 */
export const emitOnnx = (graph: Graph, { clients = 1 }: { readonly clients?: number } = {}): Compiled => {
  const { model, ...ports } = modelOf(graph, clients)
  const alone = !graph.nodes.some(({ batched }) => batched)
  return { runtime: 'onnx', bytes: encodeModel(model), ...ports, ...(alone && { alone }) }
}
