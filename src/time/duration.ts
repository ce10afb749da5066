import { z } from 'zod'
import { longest, type Micros } from './micros.js'

const units: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, min: 60e6, h: 3600e6, d: 86_400e6 }

const pattern = /^(\d+(?:\.\d+)?) ?(us|ms|s|min|h|d)$/

/** `'5 min'`, `'40 ms'`, `'2 h'`, `'1.5 s'` as microseconds; undefined for anything else. */
export const parseDuration = (text: string): Micros | undefined => {
  const match = pattern.exec(text)
  return match === null ? undefined : Math.round(Number(match[1]) * units[match[2]])
}

/** A duration or an instant in a specification: integer microseconds, or a number with a unit. Parses to `Micros`. */
export const durationSchema = z
  .union(
    [
      z.int().min(0),
      z
        .string()
        .regex(pattern)
        .transform((text) => parseDuration(text) ?? Number.NaN),
    ],
    { error: 'expected integer microseconds or a text such as "5 min" (units: us, ms, s, min, h, d)' },
  )
  .refine((duration) => duration <= longest, { error: 'must be at most 1000 d: the clock ends after 8.9 years' })
  .describe('Integer microseconds, or a number with a unit: us, ms, s, min, h, d')

/** As a researcher writes it. */
export type DurationInput = z.input<typeof durationSchema>
