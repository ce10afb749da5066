import { z } from 'zod'
import { normal, streams } from '../src/random/streams.js'
import type { InteractionLog } from './interactions/interactions.js'
import { interactionOptions } from './interactions/options.js'
import { toInteractionWorld } from './interactions/world.js'
import { worldKind } from './kind.js'
import { roomFor } from './room.js'

const schema = z.strictObject({
  kind: z.literal('synthetic-interactions'),
  scenarios: z.int().min(1).max(100_000).default(1).describe('clients; users are dealt out to them, items are common'),
  users: z.int().min(2).max(1e7).default(300).describe('users, over all scenarios'),
  items: z.int().min(2).max(1e6).default(200).describe('items'),
  each: z.int().min(1).max(1e6).default(20).describe('interactions of each user'),
  tags: z.int().min(1).max(1e6).default(8).describe('groups of items; an item resembles the others of its tag'),
  taste: z.number().min(0).max(1e6).default(3).describe('how much a user prefers some items over others; 0: not at all'),
  ...interactionOptions,
}).superRefine(roomFor(
  // A user weighs every item; an interaction has a dozen values until it is in its table.
  ({ users, items, each }) => users * (items + 12 * Math.min(each, items)),
  ['users', 'items', 'each'],
))

export type SyntheticInteractions = Partial<Omit<z.input<typeof schema>, 'kind'>>

/** A made-up world of users and items that takes no data, for tests and first steps. */
export const syntheticInteractions = (
  options: SyntheticInteractions = {},
): { kind: 'synthetic-interactions' } & SyntheticInteractions => ({ kind: 'synthetic-interactions', ...options })

/** Coordinates of a user, a tag or an item. */
const width = 4

/**
 * Users and tags are standard normal points, an item is its tag's point plus half a normal one, and a user takes items
 * without replacement with odds exp(taste * cosine): the largest `taste * cosine + Gumbel noise`. A long view is a coin
 * with odds exp(3 cosine).
 */
const logOf = (spec: z.output<typeof schema>, seed: string): InteractionLog => {
  const named = streams(seed)
  const point = (...key: (string | number)[]): Float64Array => {
    const stream = named('synthetic-interactions', ...key)
    return Float64Array.from({ length: width }, () => normal(stream))
  }
  const tags = Array.from({ length: spec.tags }, (_, tag) => point('tag', tag))
  const items = Array.from({ length: spec.items }, (_, item) =>
    point('item', item).map((v, d) => tags[item % spec.tags][d] + v / 2))
  const cosine = (a: Float64Array, b: Float64Array): number => {
    const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, v, d) => sum + v * y[d], 0)
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
  }
  const rows: { user: number; item: number; time: number; long: number }[] = []
  for (let user = 0; user < spec.users; user++) {
    const own = point('user', user)
    const draw = named('synthetic-interactions', 'choices', user)
    const liking = items.map((item) => cosine(own, item))
    const scored = liking.map((c, item) => ({ item, score: spec.taste * c - Math.log(-Math.log(1 - draw())) }))
    const chosen = scored.sort((a, b) => b.score - a.score || a.item - b.item).slice(0, spec.each)
    for (const { item } of chosen) {
      const long = draw() < 1 / (1 + Math.exp(-3 * liking[item])) ? 1 : 0
      rows.push({ user, item, time: Math.floor(draw() * 86_400_000), long })
    }
  }
  return {
    name: 'synthetic-interactions',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    times: rows.map(({ time }) => time),
    scenarios: {
      names: Array.from({ length: spec.scenarios }, (_, s) => `scenario-${s + 1}`),
      of: rows.map(({ user }) => user % spec.scenarios),
    },
    groups: [{ name: 'tag', codes: rows.map(({ item }) => item % spec.tags) }],
    labels: [{ name: 'long_view', kind: 'binary', values: rows.map(({ long }) => long) }],
    origins: [],
    notes: [],
  }
}

export const syntheticInteractionsKind = worldKind({
  kind: 'synthetic-interactions',
  sentence: 'Made-up users who choose among made-up items by taste, with tags and long views, for top-K recommendation.',
  source: 'a softmax choice model (McFadden 1974) over points in four dimensions, made for this project',
  schema,
  load: (spec, { seed }) =>
    Promise.resolve(toInteractionWorld(logOf(spec, seed), spec, streams(seed)('interactions', 'split'))),
})
