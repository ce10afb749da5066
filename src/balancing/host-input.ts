import { normal, permutation, uniformFloat, type Stream } from '../random/streams.js'

/*
 * What the host computes for a balancer at each step. Plain data, apart from the balancers themselves, so that workers
 * need neither them nor TensorFlow.js.
 */

/**
 * Numbers of one step that are not in the graph, by the balancer's own name for them.
 *
 * The epoch t of a step counts the passes over its rows that a client has finished in its whole life, over all rounds,
 * from 0: floor(steps taken / batches of one pass). A client that misses rounds so stays behind, and one that trains
 * half a pass a round needs two rounds for an epoch.
 */
export type HostInput =
  /** [factors]: factor_i * base_i ^ (t + from). */
  | {
      readonly kind: 'epoch-power'
      readonly name: string
      readonly factors: readonly number[]
      readonly bases: readonly number[]
      readonly from: number
    }
  /** []: 1 at the first step of every epoch but the first, 0 elsewhere. */
  | { readonly kind: 'epoch-begins'; readonly name: string }
  /** [size] standard normal draws, new at every step. */
  | { readonly kind: 'normal'; readonly name: string; readonly size: number }
  /** [...shape] uniform draws in [0, 1), new at every step. */
  | { readonly kind: 'uniform'; readonly name: string; readonly shape: readonly number[] }
  /**
   * [tasks - 1, tasks, tasks]: row i of matrix p is 1 at the task that comes p-th in task i's random order of the
   * others, and 0 elsewhere. New at every step.
   */
  | { readonly kind: 'orders'; readonly name: string; readonly tasks: number }

/** Where in its life a client is. */
export interface Moment {
  /** Steps that it has taken before, over all rounds. */
  readonly taken: number
  /** Steps of one pass over its rows. */
  readonly perEpoch: number
  /** The stream of this step and input. */
  readonly stream: (name: string) => Stream
}

/** Shape of what an input becomes in the graph. */
export const shapeOf = (input: HostInput): readonly number[] => {
  switch (input.kind) {
    case 'epoch-power':
      return [input.factors.length]
    case 'epoch-begins':
      return []
    case 'normal':
      return [input.size]
    case 'uniform':
      return input.shape
    case 'orders':
      return [input.tasks - 1, input.tasks, input.tasks]
    default:
      return input satisfies never
  }
}

/** Writes an input's numbers to `to`, from `at` on. */
export const fillInput = (input: HostInput, moment: Moment, to: Float32Array, at: number): void => {
  const { taken, perEpoch } = moment
  switch (input.kind) {
    case 'epoch-power': {
      const epoch = Math.floor(taken / perEpoch) + input.from
      input.factors.forEach((factor, i) => (to[at + i] = factor * input.bases[i] ** epoch))
      break
    }
    case 'epoch-begins':
      to[at] = taken > 0 && taken % perEpoch === 0 ? 1 : 0
      break
    case 'normal': {
      const stream = moment.stream(input.name)
      for (let i = 0; i < input.size; i++) to[at + i] = normal(stream)
      break
    }
    case 'uniform': {
      const stream = moment.stream(input.name)
      const end = at + input.shape.reduce((size, extent) => size * extent, 1)
      for (let i = at; i < end; i++) to[i] = uniformFloat(stream)
      break
    }
    case 'orders':
      fillOrders(input.tasks, moment.stream(input.name), to, at)
      break
    default:
      input satisfies never
  }
}

const fillOrders = (tasks: number, stream: Stream, to: Float32Array, at: number): void => {
  to.fill(0, at, at + (tasks - 1) * tasks * tasks)
  for (let task = 0; task < tasks; task++) {
    const others = Array.from({ length: tasks }, (_, other) => other).filter((other) => other !== task)
    permutation(tasks - 1, stream).forEach((pick, place) => (to[at + (place * tasks + task) * tasks + others[pick]] = 1))
  }
}
