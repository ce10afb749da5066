export type Shape = readonly number[]

export const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1)

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i])

/** `count` ones before the shape, so that it has the rank `rank`. */
export const withRank = (shape: Shape, rank: number): Shape =>
  shape.length >= rank ? shape : [...Array.from({ length: rank - shape.length }, () => 1), ...shape]

/** The shape that NumPy's broadcasting rules give. The caller knows that the shapes fit. */
export const broadcast = (...shapes: readonly Shape[]): Shape => {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  const aligned = shapes.map((shape) => withRank(shape, rank))
  return Array.from({ length: rank }, (_, axis) => {
    const extents = aligned.map((shape) => shape[axis])
    return extents.find((extent) => extent !== 1) ?? 1
  })
}

/** `shape` without its axes of extent 1: two shapes with the same core are views of one another. */
export const coreOf = (shape: Shape): Shape => shape.filter((extent) => extent !== 1)
