import type { Shape } from '../graph/shapes.js'
import { sizeOf } from '../graph/shapes.js'
import type { Sheet } from './sheet.js'

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
