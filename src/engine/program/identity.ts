import { createHash } from 'node:crypto'
import type { Weighting } from '../engine.js'
import type { Graph, Node } from '../graph/graph.js'
import type { Optimizer } from './optimizer.js'
import type { BalanceRecipe } from './recipe.js'

/** JSON with sorted keys, numbers that JSON lacks as text, typed arrays by their bytes, and no undefined fields. */
export const canonical = (value: unknown): string => {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (ArrayBuffer.isView(value)) {
    return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} has no canonical form`)
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
    .join(',')}}`
}

/** A node without the source line that made it: moving a model to another line or folder changes no number. */
const withoutPlace = (node: Node): Node => ({ ...node, where: undefined })

/** A graph as text, the same for the same computation. */
export const canonicalGraph = ({ nodes, outputs }: Graph): string =>
  canonical({ nodes: nodes.map(withoutPlace), outputs })

/** All that decides a program's numbers, apart from data and parameters. */
export interface Identity {
  readonly engine: string
  readonly step: Graph
  readonly score: Graph
  readonly optimizer: Optimizer
  readonly balance?: BalanceRecipe
  readonly weighting?: Weighting
  readonly batch: number
  readonly chunk: number
}

/** A program's handle: SHA-256, hexadecimal, over what decides its numbers. */
export const programHandle = ({ engine, step, score, ...host }: Identity): string =>
  createHash('sha256')
    .update(canonical({ engine, ...host }))
    .update(canonicalGraph(step))
    .update(canonicalGraph(score))
    .digest('hex')
