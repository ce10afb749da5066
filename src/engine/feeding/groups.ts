import { DataError } from '../../errors.js'
import type { Stream } from '../../random/streams.js'

/**
 * For each id of one field its group: the ids of another that occur with it in a row, distinct, ascending, unknown (0)
 * left out.
 */
export interface Groups {
  /** The members of `group` are `ids[start[group]]` .. `ids[start[group + 1] - 1]`. */
  readonly start: Int32Array
  readonly ids: Int32Array
}

/** Lists the groups of a table's `categorical` [rows, fields], by the places of the two fields. */
export const groupsOf = (categorical: ArrayLike<number>, fields: number, of: number, within: number): Groups => {
  const sets: Set<number>[] = []
  for (let row = 0; row < categorical.length; row += fields) {
    const [id, group] = [categorical[row + of], categorical[row + within]]
    if (id > 0) (sets[group] ??= new Set()).add(id)
  }
  const lists = Array.from(sets, (ids) => Int32Array.from(ids ?? []).sort())
  const start = new Int32Array(lists.length + 1)
  lists.forEach((list, group) => (start[group + 1] = start[group] + list.length))
  const ids = new Int32Array(start[lists.length])
  lists.forEach((list, group) => ids.set(list, start[group]))
  return { start, ids }
}

/** The first place from `from` to `to` of a sorted stretch whose entry fulfils `late`, or `to`. */
const firstWhere = (from: number, to: number, late: (place: number) => boolean): number => {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (late(middle)) high = middle
    else low = middle + 1
  }
  return low
}

const stretch = ({ start }: Groups, group: number): readonly [number, number] =>
  group + 1 < start.length ? [start[group], start[group + 1]] : [0, 0]

/** Another member of the group than `own`, uniformly; `own` itself where it is the only one. One draw. */
export const drawMember = (groups: Groups, group: number, own: number, stream: Stream): number => {
  const { ids } = groups
  const [from, to] = stretch(groups, group)
  const place = firstWhere(from, to, (i) => ids[i] >= own)
  const known = place < to && ids[place] === own
  const others = to - from - (known ? 1 : 0)
  const drawn = from + Math.floor(stream() * others)
  if (others === 0) return own
  return ids[known && drawn >= place ? drawn + 1 : drawn]
}

/** One of 1 .. size - 1 that is no member of the group, uniformly. One draw, however many members there are. */
export const drawStranger = (groups: Groups, group: number, size: number, stream: Stream): number => {
  const { ids } = groups
  const [from, to] = stretch(groups, group)
  const strangers = size - 1 - (to - from)
  if (strangers < 1) {
    throw new DataError(`group ${group} has all ${size - 1} ids as members, so there is no negative to draw for it`)
  }
  const rank = Math.floor(stream() * strangers)
  // Before the member at place i, ids[i] - 1 - (i - from) ids are strangers.
  const before = firstWhere(from, to, (i) => ids[i] - 1 - (i - from) > rank) - from
  return rank + 1 + before
}
