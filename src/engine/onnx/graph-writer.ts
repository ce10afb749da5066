import type { ElementType, OnnxAttribute, OnnxNode, OnnxTensor } from './model.js'

type Attributes = Readonly<Record<string, OnnxAttribute>>

const arrays = {
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
}

const encode = (type: ElementType, values: ArrayLike<number>): Uint8Array => {
  const numbers = Array.from(values)
  const typed = type === 'int64' ? BigInt64Array.from(numbers.map(BigInt)) : arrays[type].from(numbers)
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength)
}

/** Writes the nodes and constants of an ONNX graph. What is asked for twice is written once. */
export class GraphWriter {
  private readonly written: OnnxNode[] = []
  private readonly tensors = new Map<string, OnnxTensor>()
  private readonly known = new Map<string, string>()

  /** Adds an operator and gives the name of its output. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.once(`${op}(${inputs}) ${JSON.stringify(attributes)}`, () => {
      const output = `${op}${this.written.length}`
      this.written.push({ op, inputs, outputs: [output], attributes, domain })
      return output
    })
  }

  /** Adds an operator with several outputs, and gives their names. */
  several(op: string, inputs: readonly string[], count: number, attributes: Attributes = {}): string[] {
    const outputs = Array.from({ length: count }, (_, i) => `${op}${this.written.length}.${i}`)
    this.written.push({ op, inputs, outputs, attributes, domain: '' })
    return outputs
  }

  constant(type: ElementType, values: ArrayLike<number>, shape: readonly number[]): string {
    const add = (): string => {
      const name = `constant${this.tensors.size}`
      this.tensors.set(name, { type, shape, bytes: encode(type, values) })
      return name
    }
    if (values.length > 64) return add()
    const exact = Array.from(values, (value) => (Object.is(value, -0) ? '-0' : String(value)))
    return this.once(`${type}[${shape}] ${exact}`, add)
  }

  float(value: number): string {
    return this.constant('float32', [value], [])
  }

  /** A vector of whole numbers, as operators take shapes and axes. */
  whole(...values: number[]): string {
    return this.constant('int64', values, [values.length])
  }

  /**
   * The nodes and constants that the outputs need. `outputs` names them: a value that two of them want, or that no node
   * makes, is copied.
   */
  finish(outputs: readonly { readonly value: string; readonly name: string }[]): {
    nodes: OnnxNode[]
    constants: Map<string, OnnxTensor>
  } {
    const made = new Set(this.written.flatMap(({ outputs: all }) => all))
    const names = new Map<string, string>()
    const copies: OnnxNode[] = []
    for (const { value, name } of outputs) {
      if (made.has(value) && !names.has(value)) {
        names.set(value, name)
        continue
      }
      const from = names.get(value) ?? value
      copies.push({ op: 'Identity', inputs: [from], outputs: [name], attributes: {}, domain: '' })
    }
    const current = (value: string): string => names.get(value) ?? value
    const renamed = this.written.map((node) => ({
      ...node, inputs: node.inputs.map(current), outputs: node.outputs.map(current),
    }))
    const needed = new Set(outputs.map(({ name }) => name))
    const nodes: OnnxNode[] = []
    for (const node of [...renamed, ...copies].toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue
      for (const input of node.inputs) needed.add(input)
      nodes.push(node)
    }
    return { nodes: nodes.toReversed(), constants: new Map([...this.tensors].filter(([name]) => needed.has(name))) }
  }

  private once(key: string, make: () => string): string {
    const before = this.known.get(key)
    if (before !== undefined) return before
    const name = make()
    this.known.set(key, name)
    return name
  }
}
