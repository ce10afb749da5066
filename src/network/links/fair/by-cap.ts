import { Wide, wide, zero } from './wide.js'

/** What goes at its own cap where the level of all is above it, and at the level where it is below. */
export interface Capped {
  readonly number: number
  /** The level that it cannot exceed; Infinity: none. */
  readonly cap: number
  /** Bytes per second at its cap; 0 where it has none. */
  readonly capacity: number
  readonly weight: Wide
}

/** What a set of those asks for at a level: the capacities of those whose cap it reaches, and the weights of the others. */
export interface Demand {
  readonly capacities: Wide
  readonly weights: Wide
  /** It is the same at all levels from `from` up to below `to`. */
  readonly from: number
  readonly to: number
}

interface Node<T> {
  readonly member: T
  readonly priority: number
  left: Node<T> | undefined
  right: Node<T> | undefined
  size: number
  capacities: Wide
  weights: Wide
}

type Tree<T> = Node<T> | undefined

/** Integers alike to random ones, from the member's number: trees are the same in every run. */
const priorityOf = (number: number): number => {
  const mixed = Math.imul(number + 0x9e3779b9, 0x85ebca6b)
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 0
}

const isBefore = (a: Capped, b: Capped): boolean => a.cap < b.cap || (a.cap === b.cap && a.number < b.number)

const count = <T extends Capped>(node: Node<T>, child: Node<T>): void => {
  node.size += child.size
  node.capacities = node.capacities.plus(child.capacities)
  node.weights = node.weights.plus(child.weights)
}

/** The node, with the sums of what is below it. */
const summed = <T extends Capped>(node: Node<T>): Node<T> => {
  const { member, left, right } = node
  node.size = 1
  node.capacities = wide(member.capacity)
  node.weights = member.weight
  if (left !== undefined) count(node, left)
  if (right !== undefined) count(node, right)
  return node
}

const merged = <T extends Capped>(a: Tree<T>, b: Tree<T>): Tree<T> => {
  if (a === undefined) return b
  if (b === undefined) return a
  if (a.priority > b.priority) {
    a.right = merged(a.right, b)
    return summed(a)
  }
  b.left = merged(a, b.left)
  return summed(b)
}

/** Those before a member, and the others. */
const split = <T extends Capped>(tree: Tree<T>, at: Capped): [Tree<T>, Tree<T>] => {
  if (tree === undefined) return [undefined, undefined]
  if (isBefore(tree.member, at)) {
    const [left, right] = split(tree.right, at)
    tree.right = left
    return [summed(tree), right]
  }
  const [left, right] = split(tree.left, at)
  tree.left = right
  return [left, summed(tree)]
}

const inserted = <T extends Capped>(tree: Tree<T>, node: Node<T>): Node<T> => {
  if (tree === undefined) return node
  if (node.priority > tree.priority) {
    const [left, right] = split(tree, node.member)
    node.left = left
    node.right = right
    return summed(node)
  }
  if (isBefore(node.member, tree.member)) tree.left = inserted(tree.left, node)
  else tree.right = inserted(tree.right, node)
  return summed(tree)
}

const removed = <T extends Capped>(tree: Tree<T>, member: T): Tree<T> => {
  if (tree === undefined) return undefined
  if (tree.member === member) return merged(tree.left, tree.right)
  if (isBefore(member, tree.member)) tree.left = removed(tree.left, member)
  else tree.right = removed(tree.right, member)
  return summed(tree)
}

/**
 * Members by cap, with the sums below and above any level in logarithmic time: a treap (Seidel and Aragon, Algorithmica 16,
 * 1996). Sums are of what is there, never corrected by what comes and goes, so that no rounding gathers in them. What a
 * member says of itself must not change while it is in here.
 */
export class ByCap<T extends Capped> {
  #root: Tree<T>

  get size(): number {
    return this.#root?.size ?? 0
  }

  add(member: T): void {
    const node = { member, priority: priorityOf(member.number), left: undefined, right: undefined, size: 1, capacities: zero, weights: zero }
    this.#root = inserted(this.#root, summed(node))
  }

  remove(member: T): void {
    this.#root = removed(this.#root, member)
  }

  /** How many are before a member, which may be in here or not. */
  before(member: Capped): number {
    let found = 0
    let node = this.#root
    while (node !== undefined) {
      if (isBefore(node.member, member)) {
        found += 1 + (node.left?.size ?? 0)
        node = node.right
      } else node = node.left
    }
    return found
  }

  /** The one before which there are `place` others; undefined: there are no more than that. */
  nth(place: number): T | undefined {
    let left = place
    let node = this.#root
    while (node !== undefined) {
      const before = node.left?.size ?? 0
      if (left === before) return node.member
      if (left < before) node = node.left
      else {
        left -= before + 1
        node = node.right
      }
    }
    return undefined
  }

  demand(level: number): Demand {
    let [capacities, weights] = [zero, zero]
    let [from, to] = [-Infinity, Infinity]
    let node = this.#root
    while (node !== undefined) {
      const { member, left, right } = node
      if (member.cap <= level) {
        capacities = capacities.plus(wide(member.capacity))
        if (left !== undefined) capacities = capacities.plus(left.capacities)
        from = member.cap
        node = right
      } else {
        weights = weights.plus(member.weight)
        if (right !== undefined) weights = weights.plus(right.weights)
        to = member.cap
        node = left
      }
    }
    return { capacities, weights, from, to }
  }
}
