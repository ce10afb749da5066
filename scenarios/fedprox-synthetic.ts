import { z } from 'zod'
import { assemble, type Frame } from '../src/data/assemble.js'
import { splitByOrder } from '../src/data/split.js'
import type { World } from '../src/data/world.js'
import { normal, streams, type Stream, type Streams } from '../src/random/streams.js'
import { worldKind } from './kind.js'
import { roomFor } from './room.js'

const sizes = z.discriminatedUnion('law', [
  z.strictObject({
    law: z.literal('lognormal'),
    mu: z.number().max(18).default(4),
    sigma: z.number().min(0).max(10).default(2),
    least: z.int().min(10).max(1e8).default(50).describe('added to every draw'),
  }).describe('least + floor(exp(mu + sigma z)), z standard normal: what the authors’ script draws'),
  z.strictObject({
    law: z.literal('power'),
    exponent: z.number().gt(1).default(2).describe('a: the density falls as n^-a'),
    least: z.int().min(10).max(1e8).default(50),
    most: z.int().min(10).max(1e8).default(10_000),
  }).refine(({ least, most }) => least < most, { path: ['most'], error: 'must be above `least`' })
    .describe('a power law between `least` and `most`'),
  z.strictObject({ law: z.literal('equal'), rows: z.int().min(10).max(1e8).default(320) }).describe('all alike'),
])

/** Rows of a client whose size is neither lucky nor unlucky: the mean, or the most that the law gives. */
const usualRows = (law: z.output<typeof sizes>): number => {
  switch (law.law) {
    case 'lognormal':
      return law.least + Math.exp(law.mu + law.sigma ** 2 / 2)
    case 'power':
      return law.most
    case 'equal':
      return law.rows
    default:
      return law satisfies never
  }
}

const share = z.number().min(0).max(1)

const schema = z.strictObject({
  kind: z.literal('fedprox-synthetic'),
  alpha: z.number().min(0).default(1).describe('how far the clients’ models are apart'),
  beta: z.number().min(0).default(1).describe('how far the clients’ features are apart'),
  iid: z.boolean().default(false).describe('one model and one distribution of features for all clients'),
  clients: z.int().min(1).max(100_000).default(30).describe('clients, each a scenario of its own'),
  columns: z.int().min(1).max(1e5).default(60).describe('numeric features'),
  classes: z.int().min(2).max(1e5).default(10).describe('classes of the one task'),
  sizes: sizes.prefault({ law: 'lognormal' }).describe('rows of a client'),
  most: z.int().min(10).max(1e8).optional().describe('cap on the rows of a client, whatever its law draws'),
  split: z
    .strictObject({ train: share, validation: share, test: share })
    .refine(({ train, validation, test }) => Math.abs(train + validation + test - 1) < 1e-9, 'the shares must add up to 1')
    .prefault({ train: 0.7, validation: 0.1, test: 0.2 })
    .describe('shares of a client’s rows; the authors’ script has 0.9, 0 and 0.1'),
}).superRefine(roomFor(
  ({ clients, sizes: law, most = Infinity, columns, classes }) =>
    clients * (Math.min(usualRows(law), most) * (columns + 1) + columns * classes),
  ['clients', 'sizes', 'columns', 'classes'],
))

type Spec = z.output<typeof schema>
export type FedproxSynthetic = Partial<Omit<z.input<typeof schema>, 'kind'>>

/**
 * Synthetic(alpha, beta): a softmax regression of its own for every client, on features of its own. Li et al., FedProx,
 * MLSys 2020, section 5.1 and appendix C.1:
 *
 *     y = argmax(softmax(W_k x + b_k)),  W_k, b_k ~ N(u_k, 1),  u_k ~ N(0, alpha)
 *     x ~ N(v_k, S),  S_jj = j^-1.2,  v_kj ~ N(B_k, 1),  B_k ~ N(0, beta)
 *
 * alpha and beta are standard deviations, as in the authors' script; the paper's values 0 and 1 mean the same either
 * way, 0.5 does not. Clients' sizes: 50 plus a log-normal(4, 2) draw as in that script, which the paper calls a power
 * law; `sizes: { law: 'power' }` is one in the strict sense. `iid` is the paper's Synthetic-IID.
 */
export const fedproxSynthetic = (
  options: FedproxSynthetic = {},
): { kind: 'fedprox-synthetic' } & FedproxSynthetic => ({ kind: 'fedprox-synthetic', ...options })

export const fedproxSyntheticKind = worldKind({
  kind: 'fedprox-synthetic',
  sentence: 'Synthetic(alpha, beta): clients of very unequal size whose models and features differ by two dials.',
  source: 'Li et al., Federated Optimization in Heterogeneous Networks (FedProx), MLSys 2020, section 5.1',
  schema,
  load: (spec, { seed }) => Promise.resolve(generate(spec, streams(seed))),
})

const sharesInWords = ({ train, validation, test }: Spec['split']): string => {
  const percent = (part: number): string => `${Number((100 * part).toFixed(2))} %`
  return `the first ${percent(train)} train, the next ${percent(validation)} validate, the last ${percent(test)} test`
}

const generate = (spec: Spec, named: Streams): World =>
  assemble({
    name: 'fedprox-synthetic',
    fields: [],
    numeric: Array.from({ length: spec.columns }, (_, c) => ({ name: `x${c + 1}`, scaling: 'asis' })),
    tasks: [{ name: 'class', kind: 'multiclass', classes: spec.classes }],
    frames: Array.from({ length: spec.clients }, (_, k) => drawClient(k, spec, named)),
    origins: [],
    split: `by order, rows being independent: ${sharesInWords(spec.split)}`,
    notes: [],
  })

/** Rows of client k: the floor of a draw from `law`, by inverting its distribution function where it is a power law. */
export const sizeOf = (law: Spec['sizes'], stream: Stream): number => {
  switch (law.law) {
    case 'lognormal':
      return law.least + Math.floor(Math.exp(law.mu + law.sigma * normal(stream)))
    case 'power': {
      const p = 1 - law.exponent
      const [low, high] = [law.least ** p, law.most ** p]
      return Math.floor((low + stream() * (high - low)) ** (1 / p))
    }
    case 'equal':
      return law.rows
    default:
      return law satisfies never
  }
}

/** Every client draws from streams of its own: another client changes none of its rows. */
const drawClient = (k: number, spec: Spec, named: Streams): Frame => {
  const from = (what: string, who: number): Stream => named('fedprox-synthetic', what, who)
  const { columns, classes } = spec
  const rows = Math.min(sizeOf(spec.sizes, from('size', k)), spec.most ?? Infinity)
  const model = from('model', spec.iid ? -1 : k)
  const centre = spec.iid ? 0 : spec.alpha * normal(model)
  const weights = Float64Array.from({ length: columns * classes }, () => centre + normal(model))
  const bias = Float64Array.from({ length: classes }, () => centre + normal(model))
  const place = from('place', k)
  const B = spec.beta * normal(place)
  const mean = Float64Array.from({ length: columns }, () => (spec.iid ? 0 : B + normal(place)))
  const deviation = mean.map((_, j) => (j + 1) ** -0.6)
  const draw = from('x', k)
  const numeric = Array.from({ length: columns }, () => new Float32Array(rows))
  const label = new Float32Array(rows)
  const scores = new Float64Array(classes)
  for (let row = 0; row < rows; row++) {
    scores.set(bias)
    for (let c = 0; c < columns; c++) {
      const x = (numeric[c][row] = mean[c] + deviation[c] * normal(draw))
      for (let y = 0; y < classes; y++) scores[y] += weights[c * classes + y] * x
    }
    label[row] = scores.indexOf(Math.max(...scores))
  }
  return {
    name: `client-${k + 1}`, rows, categorical: [], numeric, labels: [label],
    parts: splitByOrder(rows, spec.split),
  }
}
