import type { Gate } from '../graph/gates.js'
import { gatesOf, type GateRun } from '../graph/runs.js'
import type { Sink, Source } from '../program/body.js'
import { reshaped } from './emission.js'
import type { GraphWriter } from './graph-writer.js'

type AnyGate = Gate<Source | Sink>

const total = (gates: readonly AnyGate[]): number => gates.reduce((sum, { size }) => sum + size, 0)

const int = { T: 'int32' } as const

/** [1] int32: how many clients a joint input holds. */
export const clientsIn = (writer: GraphWriter, joint: string, gates: readonly AnyGate[]): string => {
  const length = writer.op('Shape', [joint], { T: 'float32', out_type: 'int32' })
  return writer.op('FloorDiv', [length, writer.whole(total(gates))], int)
}

/** Cuts a vector into pieces of these sizes, once for each of the `clients` where there are several. */
const pieces = (writer: GraphWriter, vector: string, sizes: readonly number[], clients?: string): string[] => {
  if (sizes.length === 1) return [vector]
  const whole = writer.whole(...sizes)
  const extents = clients === undefined ? whole : writer.op('Mul', [clients, whole], int)
  return writer.several('SplitV', [vector, extents, writer.constant('int32', [0], [])], sizes.length, {
    T: 'float32', Tlen: 'int32', num_split: { int: sizes.length },
  })
}

/**
 * Cuts a joint input, whose elements are all clients' values of the first port, then of the next: the name of every
 * port's value and, for runs that are wanted as one vector, of that vector, by node.
 */
export const cut = (
  writer: GraphWriter, joint: string, runs: readonly GateRun<Gate<Source>>[], clients?: string,
): Map<number, string> => {
  const found = new Map<number, string>()
  const vectors = pieces(writer, joint, runs.map(({ gates }) => total(gates)), clients)
  for (const [i, { gates, vector }] of runs.entries()) {
    if (vector !== undefined) found.set(vector, vectors[i])
    const parts = pieces(writer, vectors[i], gates.map(({ size }) => size), clients)
    for (const [j, { node, shape, batched }] of gates.entries()) {
      found.set(node.id, reshaped(writer, parts[j], 'float32', batched ? [-1, ...shape] : shape))
    }
  }
  return found
}

/** Joins values into one output of the same order. */
export const join = (writer: GraphWriter, values: readonly string[]): string => {
  const vectors = values.map((value) => reshaped(writer, value, 'float32', [-1]))
  if (vectors.length === 1) return vectors[0]
  return writer.op('ConcatV2', [...vectors, writer.constant('int32', [0], [])], {
    T: 'float32', Tidx: 'int32', N: { int: vectors.length },
  })
}

/** The names of the ports of runs, in their order. */
export const namesOf = (runs: readonly GateRun<AnyGate>[]): string[] => gatesOf(runs).map(({ port }) => port.name)
