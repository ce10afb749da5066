import type { DType } from '../program/body.js'
import type { TensorflowAttribute, TensorflowNode } from './model.js'

type Attributes = Readonly<Record<string, TensorflowAttribute>>

/** Larger constants are taken to differ. */
const largestKeyed = 64

/** A value that leaves, and what it is called outside. */
export interface NamedOutput {
  readonly value: string
  readonly name: string
  readonly type: DType
}

/** Writes the nodes of a TensorFlow graph. What is asked for twice is written once. */
export class GraphWriter {
  private readonly written: TensorflowNode[] = []
  private readonly known = new Map<string, string>()

  /** Adds an operation and gives the name of its first output. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.once(`${op}(${inputs}) ${JSON.stringify(attributes)}`, () =>
      this.put(`${op}${this.written.length}`, op, inputs, attributes))
  }

  /** Adds an operation with several outputs, and gives their names. */
  several(op: string, inputs: readonly string[], count: number, attributes: Attributes = {}): string[] {
    const name = this.op(op, inputs, attributes)
    return Array.from({ length: count }, (_, i) => (i === 0 ? name : `${name}:${i}`))
  }

  /** An input, whose open extents are -1. */
  placeholder(name: string, type: DType, shape: readonly number[]): string {
    return this.put(name, 'Placeholder', [], { dtype: type, shape: { shape } })
  }

  /** A constant; one value stands for all elements. */
  constant(type: DType, values: ArrayLike<number>, shape: readonly number[]): string {
    const typed = type === 'float32' ? Float32Array.from(values) : Int32Array.from(values)
    const add = (): string => {
      const attributes = { dtype: type, value: { tensor: { type, shape, values: typed } } } as const
      return this.put(`Const${this.written.length}`, 'Const', [], attributes)
    }
    if (typed.length > largestKeyed) return add()
    const exact = Array.from(typed, (value) => (Object.is(value, -0) ? '-0' : String(value)))
    return this.once(`${type}[${shape}] ${exact}`, add)
  }

  float(value: number): string {
    return this.constant('float32', [value], [])
  }

  /** A vector of whole numbers, as operations take shapes and axes. */
  whole(...values: number[]): string {
    return this.constant('int32', values, [values.length])
  }

  /**
   * The nodes that the outputs need, and every input. A node that makes an output gets the output's name. TensorFlow
   * gives no tensor back that it was given, and none twice: such an output is a copy.
   */
  finish(outputs: readonly NamedOutput[]): TensorflowNode[] {
    const made = new Set(this.written.filter(({ op }) => op !== 'Placeholder').map(({ name }) => name))
    const names = new Map<string, string>()
    for (const { value, name, type } of outputs) {
      if (made.has(value) && !names.has(value)) names.set(value, name)
      else this.put(name, 'Identity', [value], { T: type })
    }
    const current = (value: string): string => {
      const [node, ...output] = value.split(':')
      return [names.get(node) ?? node, ...output].join(':')
    }
    const needed = new Set(outputs.map(({ name }) => name))
    const nodes: TensorflowNode[] = []
    const renamed = this.written.map((node) => (
      { ...node, name: current(node.name), inputs: node.inputs.map(current) }
    ))
    for (const node of renamed.toReversed()) {
      if (!needed.has(node.name) && node.op !== 'Placeholder') continue
      for (const input of node.inputs) needed.add(input.split(':')[0])
      nodes.push(node)
    }
    return nodes.toReversed()
  }

  private put(name: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    this.written.push({ name, op, inputs, attributes })
    return name
  }

  private once(key: string, make: () => string): string {
    const before = this.known.get(key)
    if (before !== undefined) return before
    const name = make()
    this.known.set(key, name)
    return name
  }
}
