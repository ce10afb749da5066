import type { Sink, Source } from '../program/body.js'
import type { Gate } from '../graph/gates.js'
import type { OnnxPort } from './model.js'

/** How a port is declared that travels by itself. */
export const declared = (name: string, { port, shape, batched }: Gate<Source | Sink>): OnnxPort => ({
  name, type: port.dtype, shape: batched ? ['clients', ...shape] : shape,
})

/** How the joint port of all of these is declared. */
export const declaredJointly = (name: string, gates: readonly Gate<Source | Sink>[]): OnnxPort => {
  const size = gates.reduce((sum, each) => sum + each.size, 0)
  return { name, type: 'float32', shape: [gates.some(({ batched }) => batched) ? 'all' : size] }
}
