import { z } from 'zod'
import { SpecificationError } from '../../errors.js'
import { defineModel } from '../define.js'
import { modelEntry } from '../entry.js'
import type { SegmentRole, SegmentSpec } from '../layout.js'
import type { Features, Interactions, Model } from '../model.js'
import { encode } from './encode.js'
import { encoderKinds, type Counts, type Encoder, type EncoderKind, type EncoderOptions } from './encoder.js'
import { head, headSegments, rowsOf } from './heads.js'
import { lightGcn } from './light-gcn.js'
import { mf } from './mf.js'
import { ngcf } from './ngcf.js'
import { count, dropout } from '../options.js'

export interface RankerOptions extends EncoderOptions {
  readonly encoder: EncoderKind
}

const encoders: Readonly<Record<EncoderKind, (options: EncoderOptions, counts: Counts) => Encoder>> = {
  mf, lightgcn: lightGcn, ngcf,
}

/** The fields of a world of interactions. Throws where the world has none. */
export const interactionsOf = ({ interactions }: Features): Interactions => {
  if (interactions !== undefined) return interactions
  throw new SpecificationError('The model `ranker` needs a world of users and items: use the world `interactions`.')
}

/** Rows of the two tables. */
export const countsOf = (features: Features): Counts => {
  const { user, item } = interactionsOf(features)
  return { users: features.categorical[user].size, items: features.categorical[item].size }
}

/** An embedding table in Xavier's (Glorot's) first values, as PMTRec starts. */
const table = (name: string, role: SegmentRole, rows: number, width: number): SegmentSpec => ({
  name,
  shape: [rows, width],
  axes: ['row', 'out'],
  role,
  initial: { kind: 'glorot', fanIn: rows, fanOut: width },
  tables: [rows],
})

/**
 * A top-K recommender on one table of users and one of items, which all tasks share: the setting of PMTRec (arXiv
 * 2407.21364, section 4.1).
 *
 *     segments `user` [users, width], `item` [items, width]
 *     encoded users [users, out], items [items, out]              MF, LightGCN or NGCF
 *     rows u, i                                  [batch, out]
 *     heads                                      see `head`
 *
 * Its score of a pair is <u, i>. Full ranking reads the encoded tables on the host: `encode` of `encode.ts`.
 */
export const rankerModel = ({ encoder: kind, ...options }: RankerOptions): Model => ({
  vectors: (layout, parameters, history) => encode({ encoder: kind, ...options }, layout, parameters, history),
  ...defineModel('ranker', ({ features, tasks }) => {
    const interactions = interactionsOf(features)
    const counts = countsOf(features)
    const encoder = encoders[kind](options, counts)
    const about = { features, interactions, width: encoder.width }
    const tables = {
      segments: [
        table('user', 'user', counts.users, options.embedding),
        table('item', 'embedding', counts.items, options.embedding),
      ],
    }
    return {
      layers: [tables, encoder, { segments: tasks.flatMap((task) => headSegments(task, about)) }],
      forward(run) {
        const { user: users, item: items } = run.parameters
        const rows = rowsOf(encoder.apply({ users, items }, run), run, interactions)
        const heads = tasks.map((task) => [task.name, head(task, rows, run, about)] as const)
        return Object.fromEntries(heads.flatMap(([name, made]) => (made === undefined ? [] : [[name, made] as const])))
      },
    }
  }),
})

/** The recommender as data. */
export const ranker = modelEntry({
  kind: 'ranker',
  sentence: 'A top-K recommender: embeddings of users and items, propagated or not, under BPR and auxiliary tasks.',
  source: 'Rendle et al., UAI 2009 (BPR); He et al., SIGIR 2020 (LightGCN); Wang et al., SIGIR 2019 (NGCF)',
  options: {
    encoder: z.enum(encoderKinds).default('mf').describe('The tables as they are (mf), or a graph encoder'),
    embedding: count('Width of the embedding tables'),
    layers: count('').optional().describe('Steps of propagation along interactions, default 3; mf has none'),
    dropout,
  },
  build: ({ encoder, embedding, layers, dropout: rate }) =>
    rankerModel({ encoder, embedding, ...(layers !== undefined && { layers }), ...(rate !== undefined && { dropout: rate }) }),
})
