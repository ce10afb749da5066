/**
 * The vocabulary of a graph: the TensorFlow.js kernels that are left after recording. `Input` and `Constant` stand
 * beside them.
 */
export const arithmetic = [
  'Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'Pow', 'SquaredDifference',
] as const

export const comparisons = ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual'] as const

export const logical = ['LogicalAnd', 'LogicalOr', 'LogicalNot'] as const

/** One tensor in, one of the same shape out, computed by exactly rounded instructions: the same bits in any place. */
export const exactUnary = [
  'Relu', 'LeakyRelu', 'Relu6', 'Sqrt', 'Rsqrt', 'Square', 'Neg', 'Abs', 'Sign', 'Step', 'Reciprocal', 'ClipByValue',
  'Floor', 'Ceil', 'Cast',
] as const

/**
 * One tensor in, one of the same shape out, computed by series that a vector unit and its scalar tail may round apart.
 */
export const transcendental = [
  'Exp', 'Expm1', 'Log', 'Log1p', 'Sigmoid', 'Tanh', 'Softplus', 'Erf', 'Sin', 'Cos', 'Elu', 'Selu',
] as const

/** Operations between two or three tensors that follow NumPy's broadcasting rules, and unary ones. */
export const elementwise: ReadonlySet<string> = new Set([
  ...arithmetic, ...comparisons, ...logical, ...exactUnary, ...transcendental, 'Select',
])

/** Operations that move values without computing. */
export const shaping = [
  'Reshape', 'Transpose', 'BroadcastTo', 'Concat', 'Slice', 'PadV2', 'Tile', 'GatherV2',
] as const

export const reductions = ['Sum', 'Mean', 'Max', 'Min'] as const

export const operations: readonly string[] = [
  ...elementwise, ...shaping, ...reductions,
  'Softmax', 'BatchMatMul', 'UnsortedSegmentSum', 'OneHot', 'Cumsum',
]
