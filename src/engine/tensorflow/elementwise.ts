import type { Node } from '../graph/graph.js'
import { sameShape } from '../graph/shapes.js'
import { reshaped, type Emission, type Emit } from './emission.js'

/** One operation of the same meaning; `T` is the type of what it reads. */
const plain = (op: string): Emit => ({ writer, name, node: at }, { inputs }) =>
  writer.op(op, inputs.map(name), { T: at(inputs[0]).dtype })

const equality = (op: string): Emit => ({ writer, name, node: at }, { inputs }) =>
  writer.op(op, inputs.map(name), { T: at(inputs[0]).dtype, incompatible_shape_error: true })

const logical = (op: string): Emit => ({ writer, name }, { inputs }) => writer.op(op, inputs.map(name))

const float = { T: 'float32' } as const

/** 1 where x > 0, `alpha` elsewhere. */
const step: Emit = ({ writer, name }, { inputs, attributes }) => {
  const positive = writer.op('Greater', [name(inputs[0]), writer.float(0)], float)
  return writer.op('SelectV2', [positive, writer.float(1), writer.float(attributes.alpha as number)], float)
}

/**
 * 1 / x as -1 / -x. A division is rounded exactly; a reciprocal, which TensorFlow's graph optimizer would make of it,
 * is a series in vectors only, so that its bits depend on the place. Nor does the optimizer see a root behind -x.
 */
const reciprocal = ({ writer }: Emission, x: string): string =>
  writer.op('RealDiv', [writer.float(-1), writer.op('Neg', [x], float)], float)

/** What views and copies of a value look at. */
const beneath = (emission: Emission, id: number): Node => {
  const node = emission.node(id)
  return node.op === 'Reshape' || node.op === 'BroadcastTo' ? beneath(emission, node.inputs[0]) : node
}

/**
 * TensorFlow's graph optimizer also turns a division by a square root into a product with an approximate reciprocal
 * root. It does not look through a (here idle) absolute value.
 */
const divide: Emit = (emission, node) => {
  const { writer, name } = emission
  const [dividend, divisor] = node.inputs
  const { values = [] } = beneath(emission, dividend)
  const broadcasts = !sameShape(emission.node(divisor).shape, node.shape)
  if (values.length === 1 && values[0] === 1 && !broadcasts) return reciprocal(emission, name(divisor))
  if (beneath(emission, divisor).op !== 'Sqrt') return plain('RealDiv')(emission, node)
  return writer.op('RealDiv', [name(dividend), writer.op('Abs', [name(divisor)], float)], float)
}

const alike = (a: Node, b: Node): boolean => sameShape(a.shape, b.shape) && a.batched === b.batched

/** A slope times ReLU's mask is one pass in TensorFlow instead of three. */
const multiply: Emit = (emission, node) => {
  const { writer, name } = emission
  const operands = node.inputs.map((id) => emission.node(id))
  for (const [mask, slope] of [operands, operands.toReversed()]) {
    if (mask.op !== 'Step' || mask.attributes.alpha !== 0 || !alike(mask, slope)) continue
    return writer.op('ReluGrad', [name(slope.id), name(mask.inputs[0])], float)
  }
  return plain('Mul')(emission, node)
}

/**
 * A bias on a product of two matrices that nobody else reads is written as such: TensorFlow then computes both, and
 * the activation as well, in one operation.
 */
const add: Emit = (emission, node) => {
  const { writer, name } = emission
  const operands = node.inputs.map((id) => emission.node(id))
  for (const [product, other] of [operands, operands.toReversed()]) {
    const { id, op, shape, batched } = product
    if (op !== 'BatchMatMul' || shape.length !== 2 || batched || other.batched || emission.readers(id) > 1) continue
    if (!sameShape(other.shape, [shape[1]]) && !sameShape(other.shape, [1, shape[1]])) continue
    const bias = other.shape.length === 1 ? name(other.id) : reshaped(writer, name(other.id), 'float32', [shape[1]])
    return writer.op('BiasAdd', [name(id), bias], float)
  }
  return plain('AddV2')(emission, node)
}

export const elementwiseEmitters: Readonly<Record<string, Emit>> = {
  Add: add,
  Sub: plain('Sub'),
  Multiply: multiply,
  RealDiv: divide,
  Maximum: plain('Maximum'),
  Minimum: plain('Minimum'),
  Pow: plain('Pow'),
  SquaredDifference: plain('SquaredDifference'),
  Greater: plain('Greater'),
  GreaterEqual: plain('GreaterEqual'),
  Less: plain('Less'),
  LessEqual: plain('LessEqual'),
  Equal: equality('Equal'),
  NotEqual: equality('NotEqual'),
  LogicalAnd: logical('LogicalAnd'),
  LogicalOr: logical('LogicalOr'),
  LogicalNot: logical('LogicalNot'),
  Select: ({ writer, name }, { inputs, dtype }) => writer.op('SelectV2', inputs.map(name), { T: dtype }),
  Relu: plain('Relu'),
  LeakyRelu: ({ writer, name }, { inputs, attributes }) =>
    writer.op('LeakyRelu', inputs.map(name), { ...float, alpha: { float: attributes.alpha as number } }),
  Relu6: plain('Relu6'),
  Elu: plain('Elu'),
  Selu: plain('Selu'),
  Sigmoid: plain('Sigmoid'),
  Tanh: plain('Tanh'),
  Exp: plain('Exp'),
  Expm1: plain('Expm1'),
  Log: plain('Log'),
  Log1p: plain('Log1p'),
  Sqrt: plain('Sqrt'),
  Rsqrt: (emission, { inputs }) =>
    reciprocal(emission, emission.writer.op('Sqrt', [emission.name(inputs[0])], float)),
  Reciprocal: (emission, { inputs }) => reciprocal(emission, emission.name(inputs[0])),
  Square: plain('Square'),
  Neg: plain('Neg'),
  Abs: plain('Abs'),
  Sign: plain('Sign'),
  Floor: plain('Floor'),
  Ceil: plain('Ceil'),
  Step: step,
  Softplus: plain('Softplus'),
  Erf: plain('Erf'),
  Sin: plain('Sin'),
  Cos: plain('Cos'),
  ClipByValue: ({ writer, name }, { inputs, attributes }) =>
    writer.op(
      'ClipByValue', [name(inputs[0]), writer.float(attributes.min as number), writer.float(attributes.max as number)],
      float,
    ),
  Cast: ({ writer, name, node: at }, { inputs, dtype }) =>
    writer.op('Cast', inputs.map(name), { SrcT: at(inputs[0]).dtype, DstT: dtype, Truncate: false }),
}
