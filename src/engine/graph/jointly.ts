/**
 * Handing one tensor over costs a runtime about as long as copying this many floats: ONNX Runtime 1.2 microseconds for
 * an input and 2.5 for an output, TensorFlow 3 and 5. Smaller ones had better travel together.
 */
const worthOwnTensor = 4096

/**
 * The same for a program of one client, where what travels together is updated together as well (`jointUpdates`): in
 * ONNX Runtime a step of MMoE small is 4% faster than with 4,096, and with all of its segments joint 1% slower again.
 */
export const worthOwnUpdate = 16384

/** Fewer ports than this are not worth the cutting and joining. */
const fewest = 4

/** Which of the ports to hand over jointly. */
export const jointly = <P extends { readonly size: number; readonly batched: boolean }>(
  ports: readonly P[],
  clients: number,
): ReadonlySet<P> => {
  const small = ports.filter(({ size, batched }) =>
    batched ? size * clients <= worthOwnTensor : size <= worthOwnUpdate)
  return new Set(small.length < fewest ? [] : small)
}
