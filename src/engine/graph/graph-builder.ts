import { nameOf, type DType, type Sink, type Source } from '../program/body.js'
import type { Graph, Node } from './graph.js'
import type { Shape } from './shapes.js'
import type { GraphSoFar, NodeDraft } from './simplify-rule.js'
import { simplify } from './simplify.js'

/** Larger constants are taken to differ, so that no key grows beyond reason. */
const largestKeyed = 4096

const exact = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

const keyOf = ({ op, inputs, attributes, shape, dtype, values }: NodeDraft): string | undefined => {
  if (values === undefined) return `${op} ${dtype} ${shape} ${inputs} ${JSON.stringify(attributes)}`
  return values.length > largestKeyed ? undefined : `${op} ${dtype} ${shape} ${Array.from(values, exact)}`
}

/**
 * Builds a graph node by node. What it is asked for twice it makes once, and it simplifies while it builds, so `add`
 * may give back an older node or a chain of others with the same value.
 */
export class GraphBuilder implements GraphSoFar {
  private readonly nodes: Node[] = []
  private readonly known = new Map<string, number>()

  node(id: number): Node {
    return this.nodes[id]
  }

  add(op: string, inputs: readonly number[], shape: Shape, dtype: DType, attributes: Node['attributes'] = {}): number {
    const batched = inputs.some((id) => this.nodes[id].batched)
    const draft: NodeDraft = { op, inputs, attributes, shape: [...shape], dtype, ...(batched && { batched }) }
    return simplify(this, draft) ?? this.put(draft)
  }

  /** A node exactly like the draft, without simplification. */
  put(draft: NodeDraft): number {
    const key = keyOf(draft)
    const before = key === undefined ? undefined : this.known.get(key)
    if (before !== undefined) return before
    const id = this.nodes.length
    this.nodes.push({ id, ...draft })
    if (key !== undefined) this.known.set(key, id)
    return id
  }

  find(op: string, inputs: readonly number[], shape: Shape, dtype: DType): number | undefined {
    return this.known.get(keyOf({ op, inputs, attributes: {}, shape, dtype })!)
  }

  constant(values: ArrayLike<number>, shape: Shape, dtype: DType): number {
    const typed = dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values)
    const uniform = typed.length > 1 && typed.every((value) => Object.is(value, typed[0]))
    return this.put({
      op: 'Constant', inputs: [], attributes: {}, shape: [...shape], dtype, values: uniform ? typed.slice(0, 1) : typed,
    })
  }

  input(source: Source, shape: Shape, dtype: DType, batched = false): number {
    const key = `Input ${nameOf(source)}`
    const before = this.known.get(key)
    if (before !== undefined) return before
    const id = this.nodes.length
    const common = { id, op: 'Input', inputs: [], attributes: {}, shape: [...shape], dtype, source }
    this.nodes.push({ ...common, ...(batched && { batched }) })
    this.known.set(key, id)
    return id
  }

  uniform(id: number): number | undefined {
    const { values } = this.nodes[id]
    return values?.length === 1 ? values[0] : undefined
  }

  /** The graph of what the outputs need, numbered from 0. Inputs that nothing reads are left out. */
  finish(outputs: readonly { readonly sink: Sink; readonly node: number }[]): Graph {
    const needed = new Set(outputs.map(({ node }) => node))
    for (let id = this.nodes.length - 1; id >= 0; id--) {
      if (needed.has(id)) for (const input of this.nodes[id].inputs) needed.add(input)
    }
    const numbers = new Map<number, number>()
    const nodes: Node[] = []
    for (const node of this.nodes) {
      if (!needed.has(node.id)) continue
      numbers.set(node.id, nodes.length)
      nodes.push({ ...node, id: nodes.length, inputs: node.inputs.map((input) => numbers.get(input)!) })
    }
    return { nodes, outputs: outputs.map(({ sink, node }) => ({ sink, node: numbers.get(node)! })) }
  }
}
