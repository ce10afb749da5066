import type { Node } from '../graph/graph.js'
import { sameShape } from '../graph/shapes.js'
import type { Emission, Emit } from './emission.js'
import { elementTypes } from './model.js'

/** One operator of the same meaning. */
const plain = (op: string): Emit => ({ sheet, name }, { inputs }) => sheet.op(op, inputs.map(name))

const ofFirst = (write: (emission: Emission, x: string) => string): Emit => (emission, { inputs }) =>
  write(emission, emission.name(inputs[0]))

/** So steep that its hard sigmoid is 1 for every positive float32 but the denormal ones, and 0 for all others. */
const steep = { alpha: { float: 3e38 }, beta: { float: 0 } }

/**
 * 1 where x > 0, `alpha` elsewhere. With 0 it is the mask of relu's gradient: one fast pass instead of two slow ones.
 */
const step: Emit = ({ sheet, name }, { inputs, attributes }) => {
  if (attributes.alpha === 0) return sheet.op('HardSigmoid', inputs.map(name), steep)
  const positive = sheet.op('Greater', [name(inputs[0]), sheet.float(0)])
  return sheet.op('Where', [positive, sheet.float(1), sheet.float(attributes.alpha as number)])
}

const clip: Emit = ({ sheet, name }, { inputs, attributes }) =>
  sheet.op('Clip', [name(inputs[0]), sheet.float(attributes.min as number), sheet.float(attributes.max as number)])

const squaredDifference: Emit = ({ sheet, name }, { inputs }) => {
  const difference = sheet.op('Sub', inputs.map(name))
  return sheet.op('Mul', [difference, difference])
}

/** log(1 + e^x) as max(x, 0) + log(1 + e^-|x|): the runtime's own operator is scalar, and eight times slower. */
const softplus = ({ sheet }: Emission, x: string): string => {
  const tail = sheet.op('Exp', [sheet.op('Neg', [sheet.op('Abs', [x])])])
  return sheet.op('Add', [sheet.op('Relu', [x]), sheet.op('Log', [sheet.op('Add', [tail, sheet.float(1)])])])
}

/** Divisions and roots are rounded exactly; a reciprocal instruction is not. */
const reciprocal = ({ sheet }: Emission, x: string): string => sheet.op('Div', [sheet.float(1), x])

/** Whether a value is a product of two matrices that only one node reads, and no stack of products. */
const lone = (emission: Emission, { id, op, shape, batched }: Node): boolean =>
  op === 'BatchMatMul' && shape.length === 2 && !batched && emission.readers(id) === 1

/**
 * What is added to a product that nobody else reads, a bias or a matrix, goes into the product, and the runtime pulls
 * the activation in as well. Only matrices can do this: a product with a cohort axis, or any other stack of matrices,
 * is added to in a pass of its own.
 */
const add: Emit = (emission, node) => {
  const { sheet, name } = emission
  const operands = node.inputs.map((id) => emission.node(id))
  for (const [product, other] of [operands, operands.toReversed()]) {
    const [rows, columns] = product.shape
    const fits = [[columns], [1, columns], [rows, columns]].some((shape) => sameShape(other.shape, shape))
    if (!lone(emission, product) || !fits || other.batched || rows === 1) continue
    const { transposeA, transposeB } = product.attributes
    const flags = { transA: Number(transposeA), transB: Number(transposeB) }
    return sheet.op('Gemm', [...product.inputs.map(name), name(other.id)], flags)
  }
  return sheet.op('Add', node.inputs.map(name))
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
  NotEqual: ({ sheet, name }, { inputs }) => sheet.op('Not', [sheet.op('Equal', inputs.map(name))]),
  LogicalAnd: plain('And'),
  LogicalOr: plain('Or'),
  LogicalNot: plain('Not'),
  Select: plain('Where'),
  Relu: plain('Relu'),
  LeakyRelu: ({ sheet, name }, { inputs, attributes }) =>
    sheet.op('LeakyRelu', inputs.map(name), { alpha: { float: attributes.alpha as number } }),
  Relu6: ofFirst(({ sheet }, x) => sheet.op('Clip', [x, sheet.float(0), sheet.float(6)])),
  Elu: plain('Elu'),
  Selu: plain('Selu'),
  Sigmoid: plain('Sigmoid'),
  Tanh: plain('Tanh'),
  Exp: plain('Exp'),
  Expm1: ofFirst(({ sheet }, x) => sheet.op('Sub', [sheet.op('Exp', [x]), sheet.float(1)])),
  Log: plain('Log'),
  Log1p: ofFirst(({ sheet }, x) => sheet.op('Log', [sheet.op('Add', [x, sheet.float(1)])])),
  Sqrt: plain('Sqrt'),
  Rsqrt: ofFirst((emission, x) => reciprocal(emission, emission.sheet.op('Sqrt', [x]))),
  Reciprocal: ofFirst(reciprocal),
  Square: ofFirst(({ sheet }, x) => sheet.op('Mul', [x, x])),
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
  Cast: ({ sheet, name }, { inputs, dtype }) => sheet.op('Cast', inputs.map(name), { to: elementTypes[dtype] }),
}
