import type { Sink, Source } from '../program/body.js'
import { sizeOf, type Shape } from '../graph/shapes.js'
import type { Gate } from './ports.js'
import type { Sheet } from './sheet.js'

/**
 * Handing one tensor over costs the runtime about as long as copying this many floats: 1.2 microseconds for an input,
 * 2.5 for an output. Smaller ones had better travel together.
 */
const worthOwnTensor = 4096

/**
 * The same for a program of one client, where what travels together is updated together as well (`jointUpdates`): a
 * step of MMoE small is 4% faster than with 4,096, and with all of its segments joint 1% slower again.
 */
export const worthOwnUpdate = 16384

/** Fewer ports than this are not worth the cutting and joining. */
const fewest = 4

/** Which of the ports to hand over jointly. */
export const jointly = <G extends Gate<Source | Sink>>(gates: readonly G[], clients: number): ReadonlySet<G> => {
  const small = gates.filter(({ size, batched, port }) =>
    size * clients <= worthOwnTensor || (!batched && 'segment' in port.kind && size <= worthOwnUpdate))
  return new Set(small.length < fewest ? [] : small)
}

/** A member of a joint tensor: its shape for one client, and whether it has the cohort axis. */
export interface Member {
  readonly shape: Shape
  readonly batched: boolean
}

const sizesOf = (members: readonly Member[]): number[] => members.map(({ shape }) => sizeOf(shape))

const total = (members: readonly Member[]): number => sizesOf(members).reduce((sum, size) => sum + size, 0)

/** Cuts a vector into members, one after the other. */
const pieces = (sheet: Sheet, vector: string, members: readonly Member[]): string[] => {
  const sizes = sizesOf(members)
  const open = members.some(({ batched }) => batched)
  const clients = open ? sheet.op('Div', [sheet.op('Shape', [vector]), sheet.whole(total(members))]) : undefined
  const extents = clients === undefined ? sheet.whole(...sizes) : sheet.op('Mul', [clients, sheet.whole(...sizes)])
  return sheet.several('Split', [vector, extents], members.length, { axis: 0 })
}

/** What a joint input is cut into: the vectors of its runs, and every member by itself. */
export interface Cut {
  readonly runs: readonly string[]
  readonly members: readonly string[]
}

/**
 * Cuts a joint input, whose elements are all clients' values of the first member, then of the next. Members of a run,
 * which lie one after the other, are wanted as one vector too.
 */
export const cut = (sheet: Sheet, joint: string, runs: readonly (readonly Member[])[]): Cut => {
  const whole = runs.map((members) => ({ shape: [total(members)], batched: members.some(({ batched }) => batched) }))
  const vectors = pieces(sheet, joint, whole)
  const members = runs.flatMap((run, i) => {
    const parts = run.length === 1 ? [vectors[i]] : pieces(sheet, vectors[i], run)
    return run.map(({ shape, batched }, j) =>
      sheet.op('Reshape', [parts[j], batched ? sheet.whole(-1, ...shape) : sheet.whole(...shape)]))
  })
  return { runs: vectors, members }
}

/** Joins values into one output of the same order. Those that are `flat` are vectors already. */
export const join = (sheet: Sheet, values: readonly { readonly name: string; readonly flat: boolean }[]): string => {
  const vectors = values.map(({ name, flat }) => (flat ? name : sheet.op('Reshape', [name, sheet.whole(-1)])))
  return sheet.op('Concat', vectors, { axis: 0 })
}
