import { z } from 'zod'

import type { GilbertElliott } from './gilbert-elliott.js'
import { chance } from './window.js'
import { meanLossRun, lossRate } from './gilbert-elliott.js'
import { percent } from './words.js'

/** Parameters of bursts that others have published, and where they were read. */
export const burstPresets = {
  backbone: {
    p: 0.00001333, r: 0.00601795, good: 0.000001, bad: 0.445051,
    source:
      'Haßlinger and Hohlfeld, The Gilbert-Elliott Model for Packet Loss in Real Time Services on the Internet, MMB 2008: ' +
      'a backbone of Deutsche Telekom; as restated by sim2net (packet_loss/gilbert_elliott.py), whose defaults these are',
  },
  'in-flight': {
    p: 0.045, r: 0.29, good: 0.01, bad: 0.95,
    source:
      'the middle of p 1-8 %, r 8-50 %, loss 90-100 % in the bad and 0-2 % in the good state, for air-to-ground and satellite ' +
      'links of aircraft: François Michel, thesis, as restated by the notes (pos2) of a public netem experiment',
  },
  'access-link': {
    p: 0.015, r: 0.00392156862745098, good: 0, bad: 0.025,
    source:
      'ITU-T G.1050 (2005), appendix II.6.2: an access link that is 50 % occupied; p = .0003 x 50, r = .2 / 51, loss .0005 x 50; ' +
      'as restated by SpanDSP (spandsp-sim/g1050.c). G.1050 turns once a millisecond, here links turn with every message',
  },
  lan: {
    p: 0.08, r: 0.1, good: 0, bad: 0.08,
    source:
      'ITU-T G.1050 (2005), appendix II.6.1: a LAN that is 20 % occupied; p = .004 x 20, r = .1, loss .004 x 20; as restated by ' +
      'SpanDSP (spandsp-sim/g1050.c). G.1050 turns once a millisecond, here links turn with every message',
  },
} as const satisfies Readonly<Record<string, GilbertElliott & { readonly source: string }>>

export type BurstPreset = keyof typeof burstPresets

const presetNames = Object.keys(burstPresets) as [BurstPreset, ...BurstPreset[]]
const turns = z.number().gt(0).max(1)

export const burstField = z
  .union([
    z.enum(presetNames),
    z.strictObject({
      p: turns.describe('Probability that a good link turns bad, with every message'),
      r: turns.describe('Probability that a bad link turns good, with every message'),
      good: chance.prefault(0).describe('Share of messages that a good link loses'),
      bad: chance.prefault(1).describe('Share of messages that a bad link loses'),
    }),
  ], { error: `expected { p, r, good?, bad? } with p and r above 0 and at most 1, or one of ${presetNames.join(', ')}` })
  .optional()
  .describe('Losses in bursts (Gilbert-Elliott), in place of `probability`')

export type Burst = BurstPreset | GilbertElliott

export const burstModel = (burst: Burst): GilbertElliott => (typeof burst === 'string' ? burstPresets[burst] : burst)

/** ` in bursts (in-flight): 13.6 % of them, 3.1 in a row` */
export const burstWords = (burst: Burst | undefined): string => {
  if (burst === undefined) return ''
  const model = burstModel(burst)
  const run = Number(meanLossRun(model).toFixed(1))
  return ` in bursts${typeof burst === 'string' ? ` (${burst})` : ''}: ${percent(lossRate(model))} of them, ${run} in a row on average`
}
