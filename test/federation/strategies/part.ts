import { buildStrategy, type StrategySpec } from '../../../src/federation/strategies/registry.js'
import type { FoldContext, PartSegment, PartState, Strategy, Update } from '../../../src/federation/strategies/strategy.js'

/** What `client` sent. */
export const sent = (
  client: string,
  values: readonly number[],
  more: Partial<Pick<Update, 'round' | 'examples' | 'steps' | 'extras'>> = {},
): Update => ({ client, round: 1, examples: 1, steps: 1, extras: {}, ...more, values: Float32Array.from(values) })

/** A part with common values, and nothing remembered. */
export const part = (
  values: readonly number[],
  personal: Readonly<Record<string, readonly number[]>> = {},
  memory: Readonly<Record<string, readonly number[]>> = {},
): PartState => ({
  part: 'trunk',
  values: Float32Array.from(values),
  personal: new Map(Object.entries(personal).map(([name, own]) => [name, Float32Array.from(own)])),
  memory: Object.fromEntries(Object.entries(memory).map(([name, own]) => [name, Float32Array.from(own)])),
})

/** A segment of `size` floats at `offset` of the part. */
export const segment = (offset: number, size: number, changes: Partial<PartSegment> = {}): PartSegment => ({
  name: `segment-${offset}`, shape: [size], role: 'other', trainable: true, scope: 'global', expert: undefined,
  offset, size, ...changes,
})

/** The order in which clients are listed, where a flight would draw one. */
export const asListed: FoldContext['order'] = () => ({ at: (place) => place, placeOf: (client) => client })

/** A round of clients with one row each, or with the rows given, and one segment of parameters. */
export const round = (clients: readonly string[] | Readonly<Record<string, number>>, changes: Partial<FoldContext> = {}): FoldContext => ({
  round: 1,
  clients: Array.isArray(clients)
    ? clients.map((name: string) => ({ name, examples: 1 }))
    : Object.entries(clients).map(([name, examples]) => ({ name, examples: examples as number })),
  order: asListed,
  segments: [],
  optimizer: { kind: 'sgd', rate: 0.1, momentum: 0 },
  ...changes,
})

/** Numbers as they are once stored in float32. */
export const stored = (values: readonly number[]): number[] => values.map(Math.fround)

/** How a strategy folds one part, given as data. */
export const folding =
  (spec: StrategySpec): Strategy['fold'] =>
  (state, updates, about) => buildStrategy(spec).fold(state, updates, about)
