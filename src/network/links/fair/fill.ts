import type { EventQueue } from '../../../time/event-queue.js'
import type { Group, Pipe } from './members.js'
import { type Wide, wide, zero } from './wide.js'

/** All that shares a line with one of these, or with one that does. */
export const component = (touched: Iterable<Pipe>): { readonly pipes: Set<Pipe>; readonly groups: Set<Group> } => {
  const pipes = new Set(touched)
  const groups = new Set<Group>()
  for (const pipe of pipes) {
    for (const group of pipe.groups) {
      groups.add(group)
      for (const other of group.pipes) pipes.add(other)
    }
  }
  return { pipes, groups }
}

/**
 * The level at which a line is full, if those that have no level yet all go at one, or at their caps: the zero of a concave
 * function of straight pieces, by Newton's method, which begins at a guess. Undefined: it is not full, whatever the level.
 */
const fullAt = (pipe: Pipe, guess: Wide): Wide | undefined => {
  const capacity = wide(pipe.capacity)
  let level = guess
  // From anywhere one step leads below the zero, and from there up to it.
  for (let isBelow = level.hi === 0; ; isBelow = true) {
    let { taken } = pipe
    let weights = zero
    let [from, to] = [-Infinity, Infinity]
    for (const group of pipe.groups) {
      if (group.isSettled) continue
      const demand = group.demand(level.hi)
      taken = taken.plus(demand.capacities)
      weights = weights.plus(demand.weights)
      from = Math.max(from, demand.from)
      to = Math.min(to, demand.to)
    }
    if (weights.hi === 0) {
      if (isBelow || !capacity.isBelow(taken)) return undefined
      level = zero
      continue
    }
    const room = capacity.minus(taken)
    const next = room.hi > 0 ? room.over(weights) : zero
    // The caps that it reaches are those that were reckoned with, or rounding is all that is left.
    if ((next.hi >= from && next.hi < to) || (isBelow && !level.isBelow(next))) return next
    level = next
  }
}

/** The same if nobody had a level yet; reckoned again only where something has changed. */
const fullAlone = (pipe: Pipe): Wide | undefined => {
  if (pipe.alone !== undefined) return pipe.alone.level
  const level = fullAt(pipe, pipe.guess)
  pipe.alone = { level }
  if (level !== undefined) pipe.guess = level
  return level
}

/**
 * Weighted max-min fair levels by progressive filling (Bertsekas and Gallager, Data Networks, 2nd edition, 6.5.2): the level
 * of all rises together; a line that is full keeps those on it where they are, and the others go on. Each group is given the
 * level `found`; undefined where no line that it shares limits it.
 *
 * `queue`: an empty one. A line's level can only rise as others are settled below it, so it is reckoned again when its turn
 * comes, and not before.
 */
export const fill = (pipes: Iterable<Pipe>, groups: Iterable<Group>, queue: EventQueue<Pipe>): void => {
  for (const group of groups) {
    group.found = undefined
    group.isSettled = false
  }
  let floor = zero
  const enter = (pipe: Pipe, level: Wide | undefined): void => {
    pipe.isStale = false
    if (level === undefined) return
    // Rounding must not put it below those that are settled, nor at nothing.
    pipe.level = level.isBelow(floor) ? floor : level
    queue.push(pipe, pipe.level.hi, pipe.level.lo)
  }
  for (const pipe of pipes) {
    pipe.taken = zero
    if (pipe.groups.size > 0) enter(pipe, fullAlone(pipe))
  }
  for (let pipe = queue.pop(); pipe !== undefined; pipe = queue.pop()) {
    if (pipe.isStale) {
      enter(pipe, fullAt(pipe, pipe.given))
      continue
    }
    const { level } = pipe
    floor = level
    pipe.given = level
    for (const group of pipe.groups) {
      if (group.isSettled) continue
      group.found = level
      group.isSettled = true
      const { capacities, weights } = group.demand(level.hi)
      const taken = capacities.plus(weights.times(level))
      for (const other of group.pipes) {
        if (other === pipe) continue
        other.taken = other.taken.plus(taken)
        other.isStale = true
      }
    }
  }
}
