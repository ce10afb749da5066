import { z } from 'zod'

const rounds = z.int().min(1)
const warmup = z.int().min(0).prefault(0).describe('Rounds in which the rate rises from near 0, in equal steps')
const by = z.number().positive().max(1)
const to = z.number().min(0).max(1).prefault(0).describe('Share of the rate that is left at the end, and stays')

/** How the learning rate goes from round to round; `warmup` rounds come before. */
export const rateScheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmup }),
  z.strictObject({
    kind: z.literal('step'),
    every: rounds.describe('Rounds from one fall to the next'),
    by: by.describe('What the rate is multiplied by then'),
    warmup,
  }),
  z.strictObject({
    kind: z.literal('exponential'),
    by: by.describe('What the rate is multiplied by from each round to the next'),
    warmup,
  }),
  z.strictObject({ kind: z.literal('linear'), over: rounds.describe('Rounds until the end'), to, warmup }),
  z.strictObject({ kind: z.literal('cosine'), over: rounds.describe('Rounds until the end'), to, warmup }),
])

export type RateSchedule = z.output<typeof rateScheduleSchema>

/** What is left of the rate after so many rounds of falling: 0 in the first. */
const fallen = (schedule: RateSchedule, after: number): number => {
  switch (schedule.kind) {
    case 'constant':
      return 1
    case 'step':
      return schedule.by ** Math.floor(after / schedule.every)
    case 'exponential':
      return schedule.by ** after
    case 'linear':
      return 1 - (1 - schedule.to) * Math.min(1, after / schedule.over)
    case 'cosine':
      // Loshchilov and Hutter, SGDR, ICLR 2017, equation 5, without restarts.
      return schedule.to + ((1 - schedule.to) * (1 + Math.cos(Math.PI * Math.min(1, after / schedule.over)))) / 2
    default:
      return schedule satisfies never
  }
}

/**
 * What the learning rate is multiplied by in round `round` (from 1): a function of the round alone, so that a crash, a new
 * client or a kept optimizer restarts nothing. Where rounds overlap, the round is that of the model that is trained.
 */
export const rateFactor = (schedule: RateSchedule, round: number): number => {
  const { warmup: rising } = schedule
  return round <= rising ? round / (rising + 1) : fallen(schedule, round - 1 - rising)
}
