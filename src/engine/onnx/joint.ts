import type { Shape } from '../graph/shapes.js'
import { sizeOf } from '../graph/shapes.js'
import type { Sheet } from './sheet.js'

/**
 * Handing one tensor over costs the runtime about as long as copying this many floats: 1.2 microseconds for an input,
 * 2.5 for an output. Smaller ones had better travel together.
 */
const worthOwnTensor = 4096

/** Fewer ports than this are not worth the cutting and joining. */
const fewest = 4

/** Which of the ports to hand over jointly. */
export const jointly = <P extends { readonly size: number }>(ports: readonly P[], clients: number): ReadonlySet<P> => {
  const small = ports.filter(({ size }) => size * clients <= worthOwnTensor)
  return new Set(small.length < fewest ? [] : small)
}

/** A member of a joint tensor: its shape for one client, and whether it has the cohort axis. */
export interface Member {
  readonly shape: Shape
  readonly batched: boolean
}

/** Cuts a joint input, whose elements are all clients' values of the first member, then of the next. */
export const cut = (sheet: Sheet, joint: string, members: readonly Member[]): string[] => {
  const sizes = members.map(({ shape }) => sizeOf(shape))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const open = members.some(({ batched }) => batched)
  const clients = open ? sheet.op('Div', [sheet.op('Shape', [joint]), sheet.whole(total)]) : undefined
  const extents = clients === undefined ? sheet.whole(...sizes) : sheet.op('Mul', [clients, sheet.whole(...sizes)])
  const pieces = sheet.several('Split', [joint, extents], members.length, { axis: 0 })
  return pieces.map((piece, i) => {
    const { shape, batched } = members[i]
    return sheet.op('Reshape', [piece, batched ? sheet.whole(-1, ...shape) : sheet.whole(...shape)])
  })
}

/** Joins values into one output of the same order. */
export const join = (sheet: Sheet, values: readonly string[]): string =>
  sheet.op('Concat', values.map((value) => sheet.op('Reshape', [value, sheet.whole(-1)])), { axis: 0 })
