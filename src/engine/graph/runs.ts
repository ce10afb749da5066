import type { Sink, Source } from '../program/body.js'
import type { Gate, OutputGate } from './gates.js'
import type { Graph, Node } from './graph.js'
import { sizeOf } from './shapes.js'

/** Ports that lie one after the other in a joint one, because a node (`vector`) of the graph is all of them. */
export interface GateRun<G> {
  readonly gates: readonly G[]
  readonly vector?: number
}

const flat = ({ shape, batched }: Node): boolean => shape.length === 1 && !batched

/** Joined along the first axis, parts lie one after the other. */
const stacked = ({ op, attributes, batched }: Node): boolean => op === 'Concat' && attributes.axis === 0 && !batched

/** The node that a view looks at. */
const beneath = (graph: Graph, id: number): number => {
  const { op, inputs } = graph.nodes[id]
  return op === 'Reshape' ? inputs[0] : id
}

const alone = <G>(gates: readonly G[]): GateRun<G>[] => gates.map((gate) => ({ gates: [gate] }))

/** Joint inputs in runs: those that a node joins to a vector anyway, in its order, and every other one by itself. */
export const inputRuns = (graph: Graph, joint: ReadonlySet<Gate<Source>>): GateRun<Gate<Source>>[] => {
  const free = new Map([...joint].map((gate) => [gate.node.id, gate] as const))
  const runs: GateRun<Gate<Source>>[] = []
  for (const node of graph.nodes) {
    if (!stacked(node)) continue
    const ids = node.inputs.map((id) => beneath(graph, id))
    if (new Set(ids).size < ids.length || !ids.every((id) => free.has(id))) continue
    runs.push({ gates: ids.map((id) => free.get(id)!), vector: node.id })
    for (const id of ids) free.delete(id)
  }
  return [...runs, ...alone([...free.values()])]
}

/** Joint outputs in runs: those that are the pieces of one vector, in its order, and every other one by itself. */
export const outputRuns = (graph: Graph, joint: ReadonlySet<OutputGate>): GateRun<OutputGate>[] => {
  const pieces = new Map<number, OutputGate[]>()
  const start = ({ beneath: id }: OutputGate): number => (graph.nodes[id].attributes.begin as readonly number[])[0]
  for (const gate of joint) {
    const { op, inputs } = graph.nodes[gate.beneath]
    if (op !== 'Slice' || !flat(graph.nodes[inputs[0]])) continue
    pieces.set(inputs[0], [...(pieces.get(inputs[0]) ?? []), gate])
  }
  const free = new Set(joint)
  const runs: GateRun<OutputGate>[] = []
  for (const [vector, gates] of pieces) {
    const sorted = gates.toSorted((a, b) => start(a) - start(b))
    let end = 0
    for (const gate of sorted) end = start(gate) === end ? end + gate.size : NaN
    if (end !== sizeOf(graph.nodes[vector].shape)) continue
    runs.push({ gates: sorted, vector })
    for (const gate of gates) free.delete(gate)
  }
  return [...runs, ...alone([...free])]
}

export const gatesOf = <G extends Gate<Source | Sink>>(runs: readonly GateRun<G>[]): G[] =>
  runs.flatMap(({ gates }) => gates)
