import { broadcast, sameShape, sizeOf } from './shapes.js'
import type { SimplifyRule } from './simplify-rule.js'
import { isMask } from './simplify-task-masks.js'

const unary: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Square: (x) => x * x,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Abs: Math.abs,
  Relu: (x) => Math.max(x, 0),
  Exp: Math.exp,
  Log: Math.log,
}

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Maximum: Math.max,
  Minimum: Math.min,
}

const moves = new Set(['Reshape', 'BroadcastTo', 'Tile', 'Transpose', 'Slice'])

/** Arithmetic between constants whose elements are all equal. */
export const foldConstants: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  if (inputs.length === 0 || inputs.length > 2) return undefined
  const values = inputs.map((id) => graph.uniform(id))
  if (values.includes(undefined)) return undefined
  const [a, b] = values as number[]
  const constant = (value: number): number => graph.constant([value], shape, dtype)
  if (inputs.length === 2) return dtype !== 'bool' && op in binary ? constant(binary[op](a, b)) : undefined
  if (moves.has(op)) return constant(a)
  if (op === 'Cast') return constant(dtype === 'int32' ? Math.trunc(a) : dtype === 'bool' ? Number(a !== 0) : a)
  return op in unary ? constant(unary[op](a)) : undefined
}

/** x * 1, x / 1, x + 0, x - 0. */
export const neutral: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  const [a, b] = inputs
  const keep = (id: number): number => graph.add('BroadcastTo', [id], shape, dtype)
  const one = op === 'Multiply' || op === 'RealDiv'
  if (!one && op !== 'Add' && op !== 'Sub') return undefined
  const value = one ? 1 : 0
  if (graph.uniform(b) === value) return keep(a)
  if (graph.uniform(a) === value && (op === 'Multiply' || op === 'Add')) return keep(b)
  return undefined
}

export const signs: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  const [a, b] = inputs.map((id) => graph.node(id))
  const again = (other: string, ...ids: number[]): number => graph.add(other, ids, shape, dtype)
  if (op === 'Add' && b.op === 'Neg') return again('Sub', a.id, b.inputs[0])
  if (op === 'Add' && a.op === 'Neg') return again('Sub', b.id, a.inputs[0])
  if (op === 'Sub' && b.op === 'Neg') return again('Add', a.id, b.inputs[0])
  if (op !== 'Neg') return undefined
  if (a.op === 'Neg') return a.inputs[0]
  if (a.op === 'Sub') return again('Sub', a.inputs[1], a.inputs[0])
  const factor = a.op === 'Multiply' ? graph.uniform(a.inputs[1]) : undefined
  return factor === undefined ? undefined : again('Multiply', a.inputs[0], graph.constant([-factor], [], dtype))
}

/** Factors gather on the small side: (big * small) * small is big * (small * small), and constants come last. */
export const factors: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  if (dtype !== 'float32' || (op !== 'Multiply' && op !== 'RealDiv')) return undefined
  const [a, b] = inputs
  const divisor = op === 'RealDiv' ? graph.uniform(b) : undefined
  if (divisor !== undefined) {
    return graph.add('Multiply', [a, graph.constant([1 / divisor], graph.node(b).shape, dtype)], shape, dtype)
  }
  if (op !== 'Multiply') return undefined
  if (graph.uniform(a) !== undefined && graph.uniform(b) === undefined) {
    return graph.add(op, [b, a], shape, dtype)
  }
  for (const [big, small] of [[a, b], [b, a]]) {
    const product = graph.node(big)
    const extent = graph.node(small).shape
    if (product.op === 'Neg' && graph.uniform(small) !== undefined) {
      return graph.add(op, [product.inputs[0], graph.add('Neg', [small], extent, dtype)], shape, dtype)
    }
    if (product.op !== 'Multiply' || !sameShape(product.shape, shape)) continue
    for (const [inner, factor] of [product.inputs, product.inputs.toReversed()]) {
      const joint = broadcast(graph.node(factor).shape, extent)
      if (isMask(graph, factor) || isMask(graph, small)) continue
      const constant = graph.uniform(factor) !== undefined && graph.uniform(small) !== undefined
      if (!constant && sizeOf(joint) >= sizeOf(shape)) continue
      if (!sameShape(graph.node(inner).shape, shape)) continue
      return graph.add(op, [inner, graph.add(op, [factor, small], joint, dtype)], shape, dtype)
    }
  }
  return undefined
}

/** Powers that have an instruction of their own. */
export const powers: SimplifyRule = (graph, { op, inputs, shape, dtype }) => {
  const exponent = op === 'Pow' && dtype === 'float32' ? graph.uniform(inputs[1]) : undefined
  const [x] = inputs
  if (exponent === undefined || !sameShape(graph.node(x).shape, shape)) return undefined
  switch (exponent) {
    case 1:
      return x
    case 2:
      return graph.add('Square', [x], shape, dtype)
    case 0.5:
      return graph.add('Sqrt', [x], shape, dtype)
    case -0.5:
      return graph.add('Rsqrt', [x], shape, dtype)
    case -1:
      return graph.add('Reciprocal', [x], shape, dtype)
    case 1.5:
      return graph.add('Multiply', [x, graph.add('Sqrt', [x], shape, dtype)], shape, dtype)
    default:
      return undefined
  }
}

/**
 * The mask of relu's gradient, however it is written. Where x is positive, relu(x) is too: so it can be taken from the
 * activation, and x be forgotten. The sign of what is never negative is a step.
 */
export const maskOfActivation: SimplifyRule = (graph, { op, inputs, shape, dtype, attributes }) => {
  if (op === 'Sign' && graph.node(inputs[0]).op === 'Relu') {
    return graph.add('Step', inputs, shape, dtype, { alpha: 0 })
  }
  if (op !== 'Step' || attributes.alpha !== 0) return undefined
  const activation = graph.find('Relu', inputs, shape, dtype)
  return activation === undefined ? undefined : graph.add('Step', [activation], shape, dtype, attributes)
}
