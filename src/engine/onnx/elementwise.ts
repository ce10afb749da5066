import type { Node } from '../graph/graph.js'
import { sameShape } from '../graph/shapes.js'
import type { Emission, Emit } from './emission.js'
import { elementTypes } from './model.js'

/** One operator of the same meaning. */
const plain = (op: string): Emit => ({ writer, name }, { inputs }) => writer.op(op, inputs.map(name))

const ofFirst = (write: (emission: Emission, x: string) => string): Emit => (emission, { inputs }) =>
  write(emission, emission.name(inputs[0]))

/** So steep that its hard sigmoid is 1 for every positive float32 but the denormal ones, and 0 for all others. */
const steep = { alpha: { float: 3e38 }, beta: { float: 0 } }

/**
 * 1 where x > 0, `alpha` elsewhere. With 0 it is the mask of relu's gradient: one fast pass instead of two slow ones.
 */
const step: Emit = ({ writer, name }, { inputs, attributes }) => {
  if (attributes.alpha === 0) return writer.op('HardSigmoid', inputs.map(name), steep)
  const positive = writer.op('Greater', [name(inputs[0]), writer.float(0)])
  return writer.op('Where', [positive, writer.float(1), writer.float(attributes.alpha as number)])
}

const clip: Emit = ({ writer, name }, { inputs, attributes }) =>
  writer.op('Clip', [name(inputs[0]), writer.float(attributes.min as number), writer.float(attributes.max as number)])

const squaredDifference: Emit = ({ writer, name }, { inputs }) => {
  const difference = writer.op('Sub', inputs.map(name))
  return writer.op('Mul', [difference, difference])
}

/** log(1 + e^x) as max(x, 0) + log(1 + e^-|x|): the runtime's own operator is scalar, and eight times slower. */
const softplus = ({ writer }: Emission, x: string): string => {
  const tail = writer.op('Exp', [writer.op('Neg', [writer.op('Abs', [x])])])
  return writer.op('Add', [writer.op('Relu', [x]), writer.op('Log', [writer.op('Add', [tail, writer.float(1)])])])
}

/**
 * 1 / (1 + e^-x). The runtime's own operator is 7 % low at -14 and 0 below -18, where rare tasks have their logits. In a
 * loss, whose value is a softplus of the same x, the gradient's sigmoid is e^(x - softplus(x)) at the price of one pass
 * more, and right to single precision down to -87. A gate or an activation takes the runtime's.
 */
const sigmoid: Emit = (emission, { inputs: [x] }) => {
  const { writer, name } = emission
  if (!emission.has('Softplus', x)) return writer.op('Sigmoid', [name(x)])
  return writer.op('Exp', [writer.op('Sub', [name(x), softplus(emission, name(x))])])
}

/** Divisions and roots are rounded exactly; a reciprocal instruction is not. */
const reciprocal = ({ writer }: Emission, x: string): string => writer.op('Div', [writer.float(1), x])

/** Whether a value is a product of two matrices that only one node reads, and no stack of products. */
const lone = (emission: Emission, { id, op, shape, batched }: Node): boolean =>
  op === 'BatchMatMul' && shape.length === 2 && !batched && emission.readers(id) === 1

/**
 * What is added to a product that nobody else reads, a bias or a matrix, goes into the product, and the runtime pulls
 * the activation in as well. Only matrices can do this: a product with a cohort axis, or any other stack of matrices,
 * is added to in a pass of its own.
 */
const add: Emit = (emission, node) => {
  const { writer, name } = emission
  const operands = node.inputs.map((id) => emission.node(id))
  for (const [product, other] of [operands, operands.toReversed()]) {
    const [rows, columns] = product.shape
    const fits = [[columns], [1, columns], [rows, columns]].some((shape) => sameShape(other.shape, shape))
    if (!lone(emission, product) || !fits || other.batched || rows === 1) continue
    const { transposeA, transposeB } = product.attributes
    const flags = { transA: Number(transposeA), transB: Number(transposeB) }
    return writer.op('Gemm', [...product.inputs.map(name), name(other.id)], flags)
  }
  return writer.op('Add', node.inputs.map(name))
}

export const elementwiseEmitters: Readonly<Record<string, Emit>> = {
  Add: add,
  Sub: plain('Sub'),
  Multiply: plain('Mul'),
  RealDiv: plain('Div'),
  Maximum: plain('Max'),
  Minimum: plain('Min'),
  Pow: plain('Pow'),
  SquaredDifference: squaredDifference,
  Greater: plain('Greater'),
  GreaterEqual: plain('GreaterOrEqual'),
  Less: plain('Less'),
  LessEqual: plain('LessOrEqual'),
  Equal: plain('Equal'),
  NotEqual: ({ writer, name }, { inputs }) => writer.op('Not', [writer.op('Equal', inputs.map(name))]),
  LogicalAnd: plain('And'),
  LogicalOr: plain('Or'),
  LogicalNot: plain('Not'),
  Select: plain('Where'),
  Relu: plain('Relu'),
  LeakyRelu: ({ writer, name }, { inputs, attributes }) =>
    writer.op('LeakyRelu', inputs.map(name), { alpha: { float: attributes.alpha as number } }),
  Relu6: ofFirst(({ writer }, x) => writer.op('Clip', [x, writer.float(0), writer.float(6)])),
  Elu: plain('Elu'),
  Selu: plain('Selu'),
  Sigmoid: sigmoid,
  Tanh: plain('Tanh'),
  Exp: plain('Exp'),
  Expm1: ofFirst(({ writer }, x) => writer.op('Sub', [writer.op('Exp', [x]), writer.float(1)])),
  Log: plain('Log'),
  Log1p: ofFirst(({ writer }, x) => writer.op('Log', [writer.op('Add', [x, writer.float(1)])])),
  Sqrt: plain('Sqrt'),
  Rsqrt: ofFirst((emission, x) => reciprocal(emission, emission.writer.op('Sqrt', [x]))),
  Reciprocal: ofFirst(reciprocal),
  Square: ofFirst(({ writer }, x) => writer.op('Mul', [x, x])),
  Neg: plain('Neg'),
  Abs: plain('Abs'),
  Sign: plain('Sign'),
  Floor: plain('Floor'),
  Ceil: plain('Ceil'),
  Step: step,
  Softplus: ofFirst(softplus),
  Erf: plain('Erf'),
  Sin: plain('Sin'),
  Cos: plain('Cos'),
  ClipByValue: clip,
  Cast: ({ writer, name }, { inputs, dtype }) => writer.op('Cast', inputs.map(name), { to: elementTypes[dtype] }),
}
