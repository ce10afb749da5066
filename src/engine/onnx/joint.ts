import type { Shape } from '../graph/shapes.js'
import { sizeOf } from '../graph/shapes.js'
import type { GraphWriter } from './graph-writer.js'

/** A member of a joint tensor: its shape for one client, and whether it has the cohort axis. */
interface Member {
  readonly shape: Shape
  readonly batched: boolean
}

const sizesOf = (members: readonly Member[]): number[] => members.map(({ shape }) => sizeOf(shape))

const total = (members: readonly Member[]): number => sizesOf(members).reduce((sum, size) => sum + size, 0)

/** Cuts a vector into members, one after the other. */
const pieces = (writer: GraphWriter, vector: string, members: readonly Member[]): string[] => {
  const sizes = sizesOf(members)
  const open = members.some(({ batched }) => batched)
  const clients = open ? writer.op('Div', [writer.op('Shape', [vector]), writer.whole(total(members))]) : undefined
  const extents = clients === undefined ? writer.whole(...sizes) : writer.op('Mul', [clients, writer.whole(...sizes)])
  return writer.several('Split', [vector, extents], members.length, { axis: 0 })
}

/** What a joint input is cut into: the vectors of its runs, and every member by itself. */
interface Cut {
  readonly runs: readonly string[]
  readonly members: readonly string[]
}

/**
 * Cuts a joint input, whose elements are all clients' values of the first member, then of the next. Members of a run,
 * which lie one after the other, are wanted as one vector too.
 */
export const cut = (writer: GraphWriter, joint: string, runs: readonly (readonly Member[])[]): Cut => {
  const whole = runs.map((members) => ({ shape: [total(members)], batched: members.some(({ batched }) => batched) }))
  const vectors = pieces(writer, joint, whole)
  const members = runs.flatMap((run, i) => {
    const parts = run.length === 1 ? [vectors[i]] : pieces(writer, vectors[i], run)
    return run.map(({ shape, batched }, j) =>
      writer.op('Reshape', [parts[j], batched ? writer.whole(-1, ...shape) : writer.whole(...shape)]))
  })
  return { runs: vectors, members }
}

/** Joins values into one output of the same order. Those that are `flat` are vectors already. */
export const join = (
  writer: GraphWriter, values: readonly { readonly name: string; readonly flat: boolean }[],
): string => {
  const vectors = values.map(({ name, flat }) => (flat ? name : writer.op('Reshape', [name, writer.whole(-1)])))
  return writer.op('Concat', vectors, { axis: 0 })
}
