import type { Draft, GraphBuilder } from './graph-builder.js'
import { elementwise } from './operations.js'
import { broadcast, coreOf, sameShape, sizeOf, withRank, type Shape } from './shapes.js'

/** Gives a node of the same value that costs less than the draft, or nothing. */
type Rule = (builder: GraphBuilder, draft: Draft) => number | undefined

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
const foldConstants: Rule = (builder, { op, inputs, shape, dtype }) => {
  if (inputs.length === 0 || inputs.length > 2) return undefined
  const values = inputs.map((id) => builder.uniform(id))
  if (values.includes(undefined)) return undefined
  const [a, b] = values as number[]
  const constant = (value: number): number => builder.constant([value], shape, dtype)
  if (inputs.length === 2) return dtype !== 'bool' && op in binary ? constant(binary[op](a, b)) : undefined
  if (moves.has(op)) return constant(a)
  if (op === 'Cast') return constant(dtype === 'int32' ? Math.trunc(a) : dtype === 'bool' ? Number(a !== 0) : a)
  return op in unary ? constant(unary[op](a)) : undefined
}

/** A view of a constant is a constant. */
const reshapeConstant: Rule = (builder, { op, inputs, shape, dtype }) => {
  const values = op === 'Reshape' ? builder.node(inputs[0]).values : undefined
  return values && builder.constant(values, shape, dtype)
}

const reshapes: Rule = (builder, { op, inputs, shape, dtype }) => {
  if (op !== 'Reshape') return undefined
  const x = builder.node(inputs[0])
  if (sameShape(x.shape, shape)) return x.id
  if (x.op === 'Reshape') return builder.add('Reshape', x.inputs, shape, dtype)
  if (x.op !== 'BroadcastTo') return undefined
  const source = builder.node(x.inputs[0])
  if (sizeOf(source.shape) === 1) {
    const single = builder.add('Reshape', [source.id], shape.map(() => 1), dtype)
    return builder.add('BroadcastTo', [single], shape, dtype)
  }
  if (!sameShape(coreOf(x.shape), coreOf(shape))) return undefined
  const extents = withRank(source.shape, x.shape.length).filter((_, axis) => x.shape[axis] !== 1)
  const view = shape.map((extent) => (extent === 1 ? 1 : extents.shift()!))
  return builder.add('BroadcastTo', [builder.add('Reshape', [source.id], view, dtype)], shape, dtype)
}

const transposes: Rule = (builder, { op, inputs, shape, dtype, attributes }) => {
  if (op !== 'Transpose') return undefined
  const x = builder.node(inputs[0])
  const perm = attributes.perm as readonly number[]
  const moving = perm.filter((axis) => x.shape[axis] !== 1)
  if (moving.every((axis, i) => i === 0 || moving[i - 1] < axis)) return builder.add('Reshape', [x.id], shape, dtype)
  if (x.op !== 'Transpose') return undefined
  const inner = x.attributes.perm as readonly number[]
  return builder.add('Transpose', x.inputs, shape, dtype, { perm: perm.map((axis) => inner[axis]) })
}

/** A broadcast, a slice or a repetition that changes nothing; a repetition of single elements. */
const idle: Rule = (builder, { op, inputs, shape, dtype, attributes }) => {
  if (!['BroadcastTo', 'Slice', 'Tile', 'PadV2', 'Concat'].includes(op)) return undefined
  const x = builder.node(inputs[0])
  if (inputs.length === 1 && sameShape(x.shape, shape) && attributes.strides === undefined) return x.id
  if (op === 'BroadcastTo' && sizeOf(x.shape) === sizeOf(shape)) return builder.add('Reshape', inputs, shape, dtype)
  if (op === 'BroadcastTo' && x.op === 'BroadcastTo') return builder.add(op, x.inputs, shape, dtype)
  if (op !== 'Tile') return undefined
  const single = (attributes.reps as readonly number[]).every((times, axis) => times === 1 || x.shape[axis] === 1)
  return single ? builder.add('BroadcastTo', [x.id], shape, dtype) : undefined
}

/** `rest` broadcast on its own has the shape of the whole, so an operand can be left out of the reckoning. */
const reaches = (shape: Shape, ...rest: readonly Shape[]): boolean => sameShape(broadcast(...rest), shape)

/** Elementwise operations broadcast by themselves: their operands need not be, and equal elements need only one. */
const implicitBroadcast: Rule = (builder, draft) => {
  const { op, inputs, shape, dtype, attributes } = draft
  if (!elementwise.has(op)) return undefined
  const operands = inputs.map((id) => {
    const x = builder.node(id)
    if (x.op === 'BroadcastTo') return x.inputs[0]
    const value = x.shape.length > 0 ? builder.uniform(id) : undefined
    return value === undefined ? id : builder.constant([value], [], x.dtype)
  })
  if (operands.every((id, i) => id === inputs[i])) return undefined
  const shapes = operands.map((id) => builder.node(id).shape)
  if (reaches(shape, ...shapes)) return builder.add(op, operands, shape, dtype, attributes)
  const small = builder.add(op, operands, broadcast(...shapes), dtype, attributes)
  return builder.add('BroadcastTo', [small], shape, dtype)
}

/** x * 1, x / 1, x + 0, x - 0. */
const neutral: Rule = (builder, { op, inputs, shape, dtype }) => {
  const [a, b] = inputs
  const keep = (id: number): number => builder.add('BroadcastTo', [id], shape, dtype)
  const one = op === 'Multiply' || op === 'RealDiv'
  if (!one && op !== 'Add' && op !== 'Sub') return undefined
  const value = one ? 1 : 0
  if (builder.uniform(b) === value) return keep(a)
  if (builder.uniform(a) === value && (op === 'Multiply' || op === 'Add')) return keep(b)
  return undefined
}

const signs: Rule = (builder, { op, inputs, shape, dtype }) => {
  const [a, b] = inputs.map((id) => builder.node(id))
  const again = (other: string, ...ids: number[]): number => builder.add(other, ids, shape, dtype)
  if (op === 'Add' && b.op === 'Neg') return again('Sub', a.id, b.inputs[0])
  if (op === 'Add' && a.op === 'Neg') return again('Sub', b.id, a.inputs[0])
  if (op === 'Sub' && b.op === 'Neg') return again('Add', a.id, b.inputs[0])
  if (op !== 'Neg') return undefined
  if (a.op === 'Neg') return a.inputs[0]
  if (a.op === 'Sub') return again('Sub', a.inputs[1], a.inputs[0])
  const factor = a.op === 'Multiply' ? builder.uniform(a.inputs[1]) : undefined
  return factor === undefined ? undefined : again('Multiply', a.inputs[0], builder.constant([-factor], [], dtype))
}

/** Factors gather on the small side: (big * small) * small is big * (small * small), and constants come last. */
const factors: Rule = (builder, { op, inputs, shape, dtype }) => {
  if (dtype !== 'float32' || (op !== 'Multiply' && op !== 'RealDiv')) return undefined
  const [a, b] = inputs
  const divisor = op === 'RealDiv' ? builder.uniform(b) : undefined
  if (divisor !== undefined) {
    return builder.add('Multiply', [a, builder.constant([1 / divisor], builder.node(b).shape, dtype)], shape, dtype)
  }
  if (op !== 'Multiply') return undefined
  if (builder.uniform(a) !== undefined && builder.uniform(b) === undefined) {
    return builder.add(op, [b, a], shape, dtype)
  }
  for (const [big, small] of [[a, b], [b, a]]) {
    const product = builder.node(big)
    const extent = builder.node(small).shape
    if (product.op === 'Neg' && builder.uniform(small) !== undefined) {
      return builder.add(op, [product.inputs[0], builder.add('Neg', [small], extent, dtype)], shape, dtype)
    }
    if (product.op !== 'Multiply' || !sameShape(product.shape, shape)) continue
    for (const [inner, factor] of [product.inputs, product.inputs.toReversed()]) {
      const joint = broadcast(builder.node(factor).shape, extent)
      const constant = builder.uniform(factor) !== undefined && builder.uniform(small) !== undefined
      if (!constant && sizeOf(joint) >= sizeOf(shape)) continue
      if (!sameShape(builder.node(inner).shape, shape)) continue
      return builder.add(op, [inner, builder.add(op, [factor, small], joint, dtype)], shape, dtype)
    }
  }
  return undefined
}

/** Powers that have an instruction of their own. */
const powers: Rule = (builder, { op, inputs, shape, dtype }) => {
  const exponent = op === 'Pow' && dtype === 'float32' ? builder.uniform(inputs[1]) : undefined
  const [x] = inputs
  if (exponent === undefined || !sameShape(builder.node(x).shape, shape)) return undefined
  switch (exponent) {
    case 1:
      return x
    case 2:
      return builder.add('Square', [x], shape, dtype)
    case 0.5:
      return builder.add('Sqrt', [x], shape, dtype)
    case -0.5:
      return builder.add('Rsqrt', [x], shape, dtype)
    case -1:
      return builder.add('Reciprocal', [x], shape, dtype)
    case 1.5:
      return builder.add('Multiply', [x, builder.add('Sqrt', [x], shape, dtype)], shape, dtype)
    default:
      return undefined
  }
}

/** Where x is positive, relu(x) is too: the mask can be taken from the activation, and x be forgotten. */
const maskOfActivation: Rule = (builder, { op, inputs, shape, dtype, attributes }) => {
  if (op !== 'Step' || attributes.alpha !== 0) return undefined
  const activation = builder.find('Relu', inputs, shape, dtype)
  return activation === undefined ? undefined : builder.add('Step', [activation], shape, dtype, attributes)
}

/** A product reads its operands transposed without a pass of its own. */
const transposedOperands: Rule = (builder, { op, inputs, shape, dtype, attributes }) => {
  if (op !== 'BatchMatMul') return undefined
  const operands = inputs.map((id) => {
    const x = builder.node(id)
    const perm = x.op === 'Transpose' ? (x.attributes.perm as readonly number[]) : []
    const rank = perm.length
    const last = rank >= 2 && perm[rank - 1] === rank - 2 && perm[rank - 2] === rank - 1
    const flip = last && perm.slice(0, -2).every((axis, i) => axis === i)
    return { id: flip ? x.inputs[0] : id, flip }
  })
  const [a, b] = operands
  if (!a.flip && !b.flip) return undefined
  return builder.add(op, [a.id, b.id], shape, dtype, {
    transposeA: attributes.transposeA !== a.flip,
    transposeB: attributes.transposeB !== b.flip,
  })
}

/** A sum over axes of extent 1 is a view; one over nothing is nothing. */
const thinReduction: Rule = (builder, { op, inputs, shape, dtype, attributes }) => {
  if (op !== 'Sum' && op !== 'Mean' && op !== 'Max' && op !== 'Min') return undefined
  const { shape: from } = builder.node(inputs[0])
  return (attributes.axes as readonly number[]).every((axis) => from[axis] === 1)
    ? builder.add('Reshape', inputs, shape, dtype)
    : undefined
}

const rules: readonly Rule[] = [
  foldConstants, reshapeConstant, reshapes, transposes, idle, implicitBroadcast, neutral, signs, factors, powers,
  maskOfActivation, transposedOperands, thinReduction,
]

/** The first rule that applies; each gives its result through `builder.add`, which simplifies further. */
export const simplify: Rule = (builder, draft) => {
  for (const rule of rules) {
    const simpler = rule(builder, draft)
    if (simpler !== undefined) return simpler
  }
  return undefined
}
