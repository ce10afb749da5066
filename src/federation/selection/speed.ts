import { z } from 'zod'

import type { Candidate } from '../choice.js'
import { selectionEntry } from './entry.js'

export const byField = z
  .enum(['device', 'answers'])
  .default('device')
  .describe('What is known of speed: `device`, the undisturbed time that it trains for a round, as profiled before the flight; `answers`, how long its last answer took')

/** Virtual time by which a client is fast or slow; undefined: it has not been heard. */
export const timeOf = ({ profile, last }: Candidate, by: 'device' | 'answers'): number | undefined =>
  by === 'device' ? profile : last?.took

/** The fastest first, or the slowest. */
export const bySpeed = selectionEntry({
  kind: 'speed',
  sentence: 'Asks the fastest clients, or the slowest; by answers, those that have not been heard come first.',
  source: 'Nishio and Yonetani, FedCS, ICC 2019: as many as are fast enough, here as many as the round wants',
  schema: z.strictObject({
    kind: z.literal('speed'),
    prefer: z.enum(['fast', 'slow']).default('fast').describe('Who comes first'),
    by: byField,
  }),
  rule: ({ prefer, by }) => {
    const sign = prefer === 'fast' ? 1 : -1
    const time = (one: Candidate): number => sign * (timeOf(one, by) ?? -Infinity * sign)
    return {
      choose: (_, candidates, { wanted }) => ({
        names: candidates.map((one) => ({ name: one.name, time: time(one) }))
          .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
          .slice(0, wanted).map(({ name }) => name),
      }),
    }
  },
})
