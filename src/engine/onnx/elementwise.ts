import type { Emission, Emit } from './emission.js'
import { elementTypes } from './model.js'

const plain = (op: string, attributes = {}): Emit => ({ sheet, name }, { inputs }) => sheet.op(op, inputs.map(name), attributes)

const ofFirst = (write: (emission: Emission, x: string) => string): Emit => (emission, { inputs }) =>
  write(emission, emission.name(inputs[0]))

/** 1 where x > 0, `alpha` elsewhere. */
const step: Emit = ({ sheet, name }, { inputs, attributes }) => {
  const positive = sheet.op('Greater', [name(inputs[0]), sheet.float(0)])
  if (attributes.alpha === 0) return sheet.op('Cast', [positive], { to: elementTypes.float32 })
  return sheet.op('Where', [positive, sheet.float(1), sheet.float(attributes.alpha as number)])
}

/** A product with a step is a choice, which saves a pass: this is the gradient of relu. */
const multiply: Emit = (emission, node) => {
  const { sheet, name } = emission
  const [a, b] = node.inputs.map((id) => emission.node(id))
  const [mask, x] = b.op === 'Step' ? [b, a] : [a, b]
  if (mask.op !== 'Step' || mask.attributes.alpha !== 0 || mask === x) return sheet.op('Mul', node.inputs.map(name))
  const positive = sheet.op('Greater', [name(mask.inputs[0]), sheet.float(0)])
  return sheet.op('Where', [positive, name(x.id), sheet.float(0)])
}

const clip: Emit = ({ sheet, name }, { inputs, attributes }) =>
  sheet.op('Clip', [name(inputs[0]), sheet.float(attributes.min as number), sheet.float(attributes.max as number)])

const squaredDifference: Emit = ({ sheet, name }, { inputs }) => {
  const difference = sheet.op('Sub', inputs.map(name))
  return sheet.op('Mul', [difference, difference])
}

/** Divisions and roots are rounded exactly; a reciprocal instruction is not. */
const reciprocal = ({ sheet }: Emission, x: string): string => sheet.op('Div', [sheet.float(1), x])

export const elementwiseEmitters: Readonly<Record<string, Emit>> = {
  Add: plain('Add'),
  Sub: plain('Sub'),
  Multiply: multiply,
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
  Softplus: plain('Softplus'),
  Erf: plain('Erf'),
  Sin: plain('Sin'),
  Cos: plain('Cos'),
  ClipByValue: clip,
  Cast: ({ sheet, name }, { inputs, dtype }) => sheet.op('Cast', inputs.map(name), { to: elementTypes[dtype] }),
}
