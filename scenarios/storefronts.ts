import { z } from 'zod'
import { clientsSchema } from '../src/data/clients.js'
import { streams } from '../src/random/streams.js'
import { assemble } from '../src/data/assemble.js'
import { clipSchema } from '../src/data/scaler.js'
import type { World } from '../src/data/world.js'
import { worldKind } from './kind.js'
import { roomFor } from './room.js'
import { drawCatalogue, fieldsOf, numericNames } from './storefronts/catalogue.js'
import { drawImpressions } from './storefronts/impressions.js'
import { rateNames, ratesOf } from './storefronts/rates.js'

const rate = z
  .strictObject({ ctr: z.number().gt(0).lt(1), ctcvr: z.number().gt(0).lt(1) })
  .refine(({ ctr, ctcvr }) => ctcvr < ctr, { error: 'ctcvr must be below ctr: a conversion needs a click' })

const rows = z.int().min(20).max(1e8)

export const storefrontsSchema = z
  .strictObject({
    kind: z.literal('storefronts'),
    scenarios: z.int().min(1).max(100_000).default(6).describe('storefronts, each with impressions of its own'),
    impressions: z
      .union([rows, z.array(rows).min(1)])
      .default(20_000)
      .describe('impressions of each scenario, or a list with one number per scenario'),
    users: z.int().min(1).max(1e7).default(2000).describe('users, who visit all storefronts'),
    items: z.int().min(1).max(1e7).default(500).describe('items, which all storefronts show'),
    divergence: z
      .number().min(0).max(1).default(0.5)
      .describe('1 minus the cosine between the preferences of two scenarios: 0 the same function, 1 unrelated ones'),
    correlation: z
      .number().min(-1).max(1).default(0.7)
      .describe('cosine between the weights of clicking and of converting (p in the generator of MMoE)'),
    shift: z
      .number().min(0).default(0.5)
      .describe('how far the scenarios are apart in whom they serve and what they show; 0 not at all'),
    signal: z.number().min(0).default(1.5).describe('standard deviation of the log-odds that features explain'),
    noise: z.number().min(0).default(0.1).describe('standard deviation of what is added to a score, over its own'),
    rates: z
      .union([z.enum(rateNames), rate, z.array(rate).min(1)])
      .default('dense')
      .describe('dense: ctr .25, ctcvr .08; aliexpress: those of NL, ES, FR, US in turn; or a pair, or a list in turn'),
    ids: z.int().min(0).max(1e7).default(0).describe('hash buckets of a user and an item id as further fields; 0: no ids'),
    days: z.int().min(1).max(36_500).default(10).describe('days that the impressions are spread over'),
    clip: clipSchema.default('range'),
    clients: clientsSchema.optional(),
  })
  .refine(({ scenarios, impressions }) => !Array.isArray(impressions) || impressions.length === scenarios, {
    path: ['impressions'],
    error: 'the list needs one number per scenario: change it, or `scenarios`',
  })
  .superRefine(roomFor(
    // A row has 12 numbers, 9 categories and 2 labels.
    ({ scenarios, impressions }) =>
      23 * (Array.isArray(impressions) ? impressions.reduce((sum, one) => sum + one, 0) : scenarios * impressions),
    ['scenarios', 'impressions'],
  ))

export type Storefronts = Partial<Omit<z.input<typeof storefrontsSchema>, 'kind'>>

/**
 * A made world with dials: users and items with latent vectors, storefronts that show the same catalogue to shifted
 * audiences, and a funnel of a click (`ctr`) and a conversion after it (`ctcvr`, on all impressions).
 *
 * The score of task t in scenario s is `z = w_ts . x`, bent by sines as in the generator of MMoE (KDD 2018).
 * `x` holds 12 numeric features, 2 coordinates of each category, and 6 hidden coordinates: 4 products of user and item,
 * the user's eagerness and the item's quality. `w_ts = sqrt(1 - divergence) g_t + sqrt(divergence) h_ts`, with g common
 * and h the scenario's own, so that the expected cosine between two scenarios is `1 - divergence`, and that between the
 * two tasks is `correlation` exactly. Intercepts are found by bisection on each scenario's own impressions.
 */
export const storefronts = (options: Storefronts = {}): { kind: 'storefronts' } & Storefronts => ({
  kind: 'storefronts',
  ...options,
})

export const storefrontsKind = worldKind({
  kind: 'storefronts',
  sentence: 'Made storefronts with dials for size, divergence of preferences, task correlation and rates.',
  source: 'after the synthetic data of MMoE (Ma et al., KDD 2018) with the rates of AliExpress (HMOE, CIKM 2020)',
  schema: storefrontsSchema,
  load: (spec, { seed }) => Promise.resolve(generate(spec, seed)),
})

const generate = (spec: z.output<typeof storefrontsSchema>, seed: string): World => {
  const named = streams(seed)
  const catalogue = drawCatalogue(spec, named)
  const impressions = (s: number): number =>
    typeof spec.impressions === 'number' ? spec.impressions : spec.impressions[s]
  return assemble({
    name: 'storefronts',
    fields: fieldsOf(spec.ids),
    numeric: numericNames.map((name) => ({ name, scaling: 'standard' })),
    clip: spec.clip,
    tasks: [
      { name: 'ctr', kind: 'binary' },
      { name: 'ctcvr', kind: 'binary' },
    ],
    frames: Array.from({ length: spec.scenarios }, (_, s) =>
      drawImpressions(s, impressions(s), ratesOf(spec.rates, s), spec, catalogue, named),
    ),
    origins: [],
    split: 'by time: the earliest 70 % train, the next 10 % validate, the last 20 % test',
    notes: [],
  })
}
