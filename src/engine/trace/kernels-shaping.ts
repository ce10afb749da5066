import { backend_util, slice_util, util, type Tensor } from '@tensorflow/tfjs'
import type { Node } from '../graph/graph.js'
import { like, type KernelRule, type Recorder } from './recorder.js'
import { sizeOf, type Shape } from '../graph/shapes.js'

const reshape = (recorder: Recorder, x: Node, shape: Shape): number => like(recorder, 'Reshape', [x], shape)

/** An axis counted from the front. */
const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

const slice = (recorder: Recorder, x: Node, begin: Shape, size: Shape): number =>
  like(recorder, 'Slice', [x], size, { begin, size })

const concat = (recorder: Recorder, parts: readonly Node[], axis: number): number => {
  const full = parts.filter(({ shape }) => sizeOf(shape) > 0)
  const [{ shape }] = full.length > 0 ? full : parts
  const joint = shape.map((extent, i) => (i === axis ? full.reduce((sum, part) => sum + part.shape[axis], 0) : extent))
  return like(recorder, 'Concat', full, joint, { axis })
}

/** Cuts x along an axis into pieces of the given extents. */
const cut = (recorder: Recorder, x: Node, extents: readonly number[], axis: number): number[] => {
  let start = 0
  return extents.map((extent) => {
    const begin = x.shape.map((_, i) => (i === axis ? start : 0))
    start += extent
    return slice(recorder, x, begin, x.shape.map((full, i) => (i === axis ? extent : full)))
  })
}

const pack: KernelRule = (recorder, inputs, attributes) => {
  const parts = Object.values(inputs).map((tensor) => recorder.node(tensor))
  const axis = axisOf(attributes.axis as number, parts[0].shape.length + 1)
  const layer = [...parts[0].shape.slice(0, axis), 1, ...parts[0].shape.slice(axis)]
  return concat(recorder, parts.map((part) => recorder.builder.node(reshape(recorder, part, layer))), axis)
}

const unpack: KernelRule = (recorder, inputs, attributes) => {
  const value = recorder.node(inputs.value)
  const axis = axisOf(attributes.axis as number, value.shape.length)
  const layers = cut(recorder, value, Array.from({ length: value.shape[axis] }, () => 1), axis)
  const shape = value.shape.filter((_, i) => i !== axis)
  return layers.map((layer) => reshape(recorder, recorder.builder.node(layer), shape))
}

const stridedSlice: KernelRule = (recorder, inputs, attributes) => {
  const x = recorder.node(inputs.x)
  const info = slice_util.sliceInfo(
    [...x.shape], attributes.begin, attributes.end, attributes.strides, attributes.beginMask, attributes.endMask,
    attributes.ellipsisMask, attributes.newAxisMask, attributes.shrinkAxisMask,
  )
  const size = slice_util.computeOutShape(info.begin, info.end, info.strides)
  const plain = info.strides.every((stride) => stride === 1)
  const strided = plain
    ? slice(recorder, x, info.begin, size)
    : like(recorder, 'Slice', [x], size, { begin: info.begin, size, strides: info.strides })
  return reshape(recorder, recorder.builder.node(strided), info.finalShape)
}

export const shapingKernels: Readonly<Record<string, KernelRule>> = {
  Reshape: (recorder, inputs, attributes) => {
    const x = recorder.node(inputs.x)
    return reshape(recorder, x, util.inferFromImplicitShape(attributes.shape as number[], sizeOf(x.shape)))
  },
  ExpandDims: (recorder, inputs, attributes) => {
    const x = recorder.node(inputs.input)
    const axis = axisOf(attributes.dim as number, x.shape.length + 1)
    return reshape(recorder, x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)])
  },
  Transpose: (recorder, inputs, attributes) => {
    const x = recorder.node(inputs.x)
    const perm = attributes.perm as number[]
    return like(recorder, 'Transpose', [x], perm.map((axis) => x.shape[axis]), { perm })
  },
  Concat: (recorder, inputs, attributes) => {
    const parts = Object.values(inputs).map((tensor) => recorder.node(tensor))
    return concat(recorder, parts, axisOf(attributes.axis as number, parts[0].shape.length))
  },
  Pack: pack,
  Unpack: unpack,
  SplitV: (recorder, inputs, attributes) => {
    const x = recorder.node(inputs.x)
    const axis = axisOf(attributes.axis as number, x.shape.length)
    // Only the shape of the tensor is read.
    const extents = backend_util.prepareSplitSize(x as unknown as Tensor, attributes.numOrSizeSplits, axis)
    return cut(recorder, x, extents, axis)
  },
  Slice: (recorder, inputs, attributes) => {
    const x = recorder.node(inputs.x)
    const [begin, size] = slice_util.parseSliceParams(x as unknown as Tensor, attributes.begin, attributes.size)
    return slice(recorder, x, begin, size)
  },
  StridedSlice: stridedSlice,
  PadV2: (recorder, inputs, attributes) => {
    const x = recorder.node(inputs.x)
    const paddings = attributes.paddings as [number, number][]
    const shape = x.shape.map((extent, i) => paddings[i][0] + extent + paddings[i][1])
    const value = attributes.constantValue as number
    return like(
      recorder, 'PadV2', [x], shape, { before: paddings.map(([n]) => n), after: paddings.map(([, n]) => n), value },
    )
  },
  Tile: (recorder, inputs, attributes) => {
    const x = recorder.node(inputs.x)
    const reps = attributes.reps as number[]
    return like(recorder, 'Tile', [x], x.shape.map((extent, i) => extent * reps[i]), { reps })
  },
}
