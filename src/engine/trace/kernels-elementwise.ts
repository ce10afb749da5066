import type { Attribute } from '../graph/graph.js'
import { arithmetic, comparisons } from '../graph/operations.js'
import { dtypeOf, like, type KernelAttributes, type KernelRule, type Recorder } from './recorder.js'
import { broadcast } from '../graph/shapes.js'

const binary = (op: string): KernelRule => (recorder, inputs) => {
  const [a, b] = [recorder.node(inputs.a), recorder.node(inputs.b)]
  return like(recorder, op, [a, b], broadcast(a.shape, b.shape))
}

const comparison = (op: string): KernelRule => (recorder, inputs) => {
  const [a, b] = [recorder.node(inputs.a), recorder.node(inputs.b)]
  return recorder.builder.add(op, [a.id, b.id], broadcast(a.shape, b.shape), 'bool')
}

type Pick = (attributes: KernelAttributes) => Readonly<Record<string, Attribute>>

const unary = (op: string, pick: Pick = () => ({})): KernelRule => (recorder, inputs, attributes) => {
  const x = recorder.node(inputs.x)
  return like(recorder, op, [x], x.shape, pick(attributes))
}

/** sum of a list, from the left */
const addAll: KernelRule = (recorder, inputs) => {
  const [first, ...rest] = Object.values(inputs).map((tensor) => recorder.node(tensor))
  return rest.reduce((sum, { id }) => recorder.builder.add('Add', [sum, id], first.shape, first.dtype), first.id)
}

/** The derivative of elu at its output y: dy where y >= 0, dy * (y + 1) elsewhere. */
const eluGradient: KernelRule = (recorder, inputs) => {
  const { builder } = recorder
  const [dy, y] = [recorder.node(inputs.dy), recorder.node(inputs.y)]
  const { shape } = y
  const rising = builder.add('GreaterEqual', [y.id, builder.constant([0], [], 'float32')], shape, 'bool')
  const slope = builder.add('Add', [y.id, builder.constant([1], [], 'float32')], shape, 'float32')
  const falling = builder.add('Multiply', [dy.id, slope], shape, 'float32')
  return builder.add('Select', [rising, dy.id, falling], shape, 'float32')
}

const select: KernelRule = (recorder, inputs) => {
  const [condition, t, e] = [inputs.condition, inputs.t, inputs.e].map((tensor) => recorder.node(tensor))
  const shape = broadcast(condition.shape, t.shape, e.shape)
  return recorder.builder.add('Select', [condition.id, t.id, e.id], shape, t.dtype)
}

const cast: KernelRule = (recorder, inputs, { dtype }) => {
  const x = recorder.node(inputs.x)
  const to = dtypeOf({ dtype: dtype as string })
  return x.dtype === to ? x.id : recorder.builder.add('Cast', [x.id], x.shape, to)
}

/** A tensor of the shape of `x`, all of whose elements are `value`. */
const filled = (value: number): KernelRule => (recorder, inputs) => {
  const x = recorder.node(inputs.x)
  return recorder.builder.constant([value], x.shape, x.dtype)
}

const fill: KernelRule = ({ builder }: Recorder, _none, { shape, value, dtype }) =>
  builder.constant([value as number], shape as number[], dtypeOf({ dtype: (dtype as string | undefined) ?? 'float32' }))

/** start, start + step, ... before stop. */
const range: KernelRule = ({ builder }, _none, { start, stop, step, dtype }) => {
  const length = Math.max(0, Math.ceil(((stop as number) - start) / (step as number)))
  const values = Array.from({ length }, (_gone, i) => start + i * step)
  return builder.constant(values, [length], dtypeOf({ dtype: (dtype as string | undefined) ?? 'float32' }))
}

/** `num` values from start to stop, both included. */
const linearSpace: KernelRule = ({ builder }, _none, { start, stop, num }) => {
  const gap = num > 1 ? (stop - start) / (num - 1) : 0
  return builder.constant(
    Array.from({ length: num as number }, (_gone, i) => start + i * gap), [num as number], 'float32',
  )
}

const plain = [
  'Relu', 'Relu6', 'Sigmoid', 'Tanh', 'Exp', 'Expm1', 'Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Square', 'Neg', 'Abs', 'Sign',
  'Softplus', 'Reciprocal', 'Erf', 'Sin', 'Cos', 'Elu', 'Selu', 'Floor', 'Ceil', 'LogicalNot',
]

export const elementwiseKernels: Readonly<Record<string, KernelRule>> = {
  ...Object.fromEntries(arithmetic.map((op) => [op, binary(op)])),
  ...Object.fromEntries([...comparisons, 'LogicalAnd', 'LogicalOr'].map((op) => [op, comparison(op)])),
  ...Object.fromEntries(plain.map((op) => [op, unary(op)])),
  LeakyRelu: unary('LeakyRelu', ({ alpha }) => ({ alpha: alpha as number })),
  Step: unary('Step', ({ alpha }) => ({ alpha: alpha as number })),
  ClipByValue: unary('ClipByValue', (attributes) => ({
    min: attributes.clipValueMin as number,
    max: attributes.clipValueMax as number,
  })),
  EluGrad: eluGradient,
  AddN: addAll,
  Select: select,
  Cast: cast,
  Identity: (recorder, inputs) => recorder.node(inputs.x).id,
  OnesLike: filled(1),
  ZerosLike: filled(0),
  Fill: fill,
  Range: range,
  LinSpace: linearSpace,
}
