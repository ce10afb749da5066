import { z } from 'zod'

/** A bandwidth in bits per second, as networks are sold; links turn it into bytes per second. */
export type BitsPerSecond = number

export const kbps = (n: number): BitsPerSecond => Math.round(n * 1e3)
export const mbps = (n: number): BitsPerSecond => Math.round(n * 1e6)
export const gbps = (n: number): BitsPerSecond => Math.round(n * 1e9)

/** A number of bytes. */
export type Bytes = number

export const kib = (n: number): Bytes => Math.round(n * 1024)
export const mib = (n: number): Bytes => Math.round(n * 1024 * 1024)

const units: Readonly<Record<string, number>> = { bps: 1, kbps: 1e3, Mbps: 1e6, Gbps: 1e9 }

const pattern = /^(\d+(?:\.\d+)?) ?(bps|kbps|Mbps|Gbps)$/

/** `'5 Mbps'`, `'800 kbps'`, `'1 Gbps'` as bits per second; undefined for anything else. */
export const parseBandwidth = (text: string): BitsPerSecond | undefined => {
  const match = pattern.exec(text)
  return match === null ? undefined : Math.round(Number(match[1]) * units[match[2]])
}

/** The least that is a bandwidth: a byte takes eight seconds. */
const least: BitsPerSecond = 1

/** A bandwidth in a specification: bits per second, or a number with a unit. */
export const bandwidthSchema = z
  .union(
    [
      z.number().min(least, `a bandwidth must be at least ${least} bit per second`),
      z
        .string()
        .regex(pattern)
        .transform((text) => parseBandwidth(text) ?? Number.NaN)
        .refine((rate) => rate >= least, `a bandwidth must be at least ${least} bit per second`),
    ],
    { error: 'expected bits per second or a text such as "5 Mbps" (units: bps, kbps, Mbps, Gbps)' },
  )
  .describe('Bits per second, or a number with a unit: bps, kbps, Mbps, Gbps')
