import { backend_util, util } from '@tensorflow/tfjs'
import { like, type KernelAttributes, type KernelInputs, type KernelRule, type Recorder } from './recorder.js'
import { broadcast, sizeOf } from '../graph/shapes.js'
import { traceError } from './trace-error.js'

const matMul = (recorder: Recorder, inputs: KernelInputs, attributes: KernelAttributes): number => {
  const [a, b] = [recorder.node(inputs.a), recorder.node(inputs.b)]
  const transposeA = Boolean(attributes.transposeA)
  const transposeB = Boolean(attributes.transposeB)
  const rows = a.shape.at(transposeA ? -1 : -2)!
  const columns = b.shape.at(transposeB ? -2 : -1)!
  const stacks = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
  return like(recorder, 'BatchMatMul', [a, b], [...stacks, rows, columns], { transposeA, transposeB })
}

const activations: Readonly<Record<string, string>> = {
  relu: 'Relu', relu6: 'Relu6', sigmoid: 'Sigmoid', elu: 'Elu',
}

/** A product, a bias and an activation, as three nodes: emitters fuse what they can. */
const fusedMatMul: KernelRule = (recorder, inputs, attributes) => {
  const { builder } = recorder
  let y = builder.node(matMul(recorder, inputs, attributes))
  if (inputs.bias !== undefined) {
    y = builder.node(like(recorder, 'Add', [y, recorder.node(inputs.bias)], y.shape))
  }
  const activation = (attributes.activation as string | undefined) ?? 'linear'
  if (activation === 'linear') return y.id
  if (activation === 'prelu') throw traceError("The activation 'prelu' cannot be recorded", 'Write it with `tf.where`.')
  if (activation !== 'leakyrelu') return like(recorder, activations[activation], [y], y.shape)
  return like(recorder, 'LeakyRelu', [y], y.shape, { alpha: attributes.leakyreluAlpha as number })
}

const reduction = (op: string, name: string): KernelRule => (recorder, inputs, attributes) => {
  const x = recorder.node(inputs.x)
  const axes = util.parseAxisParam(attributes[name] as number | number[], [...x.shape])
  const [reduced] = backend_util.computeOutAndReduceShapes([...x.shape], axes)
  const shape = attributes.keepDims ? backend_util.expandShapeToKeepDim(reduced, axes) : reduced
  // TensorFlow.js counts booleans and sums whole numbers as such; a mean is always a float.
  const dtype = op === 'Mean' ? 'float32' : x.dtype === 'bool' ? 'int32' : x.dtype
  const from = x.dtype === dtype ? x.id : recorder.builder.add('Cast', [x.id], x.shape, dtype)
  return recorder.builder.add(op, [from], shape, dtype, { axes: [...axes].sort((a, b) => a - b) })
}

const gather: KernelRule = (recorder, inputs, attributes) => {
  const [x, indices] = [recorder.node(inputs.x), recorder.node(inputs.indices)]
  const [axis] = util.parseAxisParam(attributes.axis as number, [...x.shape])
  const batchDims = (attributes.batchDims as number | undefined) ?? 0
  if (batchDims !== 0) {
    throw traceError(
      `A gather with batchDims ${batchDims} cannot be recorded`, 'Gather from a flat table with offset ids.',
    )
  }
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]
  return like(recorder, 'GatherV2', [x, indices], shape, { axis })
}

const segmentSum: KernelRule = (recorder, inputs, attributes) => {
  const [x, ids] = [recorder.node(inputs.x), recorder.node(inputs.segmentIds)]
  const numSegments = attributes.numSegments as number
  const { builder } = recorder
  const rows = builder.node(builder.add('Reshape', [ids.id], [sizeOf(ids.shape)], ids.dtype))
  return like(
    recorder, 'UnsortedSegmentSum', [x, rows], [numSegments, ...x.shape.slice(ids.shape.length)], { numSegments },
  )
}

/** Scattering rows by one index each, which is a segment sum: rows of one index add up. */
const scatter: KernelRule = (recorder, inputs, attributes) => {
  const [ids, x] = [recorder.node(inputs.indices), recorder.node(inputs.updates)]
  const shape = attributes.shape as number[]
  if (ids.shape.length !== 2 || ids.shape[1] !== 1) {
    throw traceError(
      `A scatter by indices of shape [${ids.shape.join()}] cannot be recorded`, 'Give every row one index, as [rows, 1].',
    )
  }
  const rows = recorder.builder.add('Reshape', [ids.id], [ids.shape[0]], ids.dtype)
  return like(recorder, 'UnsortedSegmentSum', [x, recorder.builder.node(rows)], shape, { numSegments: shape[0] })
}

const oneHot: KernelRule = (recorder, inputs, attributes) => {
  const indices = recorder.node(inputs.indices)
  const depth = attributes.depth as number
  const dtype = attributes.dtype === 'float32' ? 'float32' : attributes.dtype === 'bool' ? 'bool' : 'int32'
  const values = { depth, on: attributes.onValue as number, off: attributes.offValue as number }
  return recorder.builder.add('OneHot', [indices.id], [...indices.shape, depth], dtype, values)
}

/** Along the last axis: TensorFlow.js knows no other. Its `logSoftmax` is made of other kernels. */
const softmax: KernelRule = (recorder, inputs) => {
  const logits = recorder.node(inputs.logits)
  return like(recorder, 'Softmax', [logits], logits.shape)
}

const cumulativeSum: KernelRule = (recorder, inputs, attributes) => {
  const x = recorder.node(inputs.x)
  const axis = attributes.axis as number
  return like(recorder, 'Cumsum', [x], x.shape, {
    axis: axis < 0 ? axis + x.shape.length : axis,
    exclusive: Boolean(attributes.exclusive),
    reverse: Boolean(attributes.reverse),
  })
}

export const productKernels: Readonly<Record<string, KernelRule>> = {
  BatchMatMul: matMul,
  _FusedMatMul: fusedMatMul,
  Sum: reduction('Sum', 'axis'),
  Mean: reduction('Mean', 'axis'),
  Max: reduction('Max', 'reductionIndices'),
  Min: reduction('Min', 'axis'),
  Softmax: softmax,
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  ScatterNd: scatter,
  OneHot: oneHot,
  Cumsum: cumulativeSum,
}
