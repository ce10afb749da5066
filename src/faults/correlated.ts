import { z } from 'zod'

import type { Envelope } from '../network/envelope.js'
import type { Draws, MessageKey } from '../random/draws.js'
import { kindNumber } from '../record/message.js'
import { LinkMemory } from './link-memory.js'
import { percent } from './words.js'

/** Of the draws of a message: the coin by which it takes the numbers of the one before it. */
const REPEATS = 8

export const correlationField = z
  .number()
  .min(0)
  .lt(1)
  .optional()
  .describe('Chance that a message takes the numbers of the one before it on its link, in place of its own; 0 when absent')

/** The message whose numbers another takes. */
interface Source extends MessageKey {
  readonly kind: number
}

/** The `nth` number of a message in [0, 1). */
export interface Numbers {
  of(envelope: Envelope, copy: string, nth: number): number
  /** Is told of each message, in the order of sending, where numbers depend on that; else undefined. */
  readonly sent: ((envelope: Envelope) => void) | undefined
}

/**
 * Uniform numbers, each the one before it on its link with probability `correlation`, else a new one: u(i) = u(i-1) or a
 * fresh draw. Every u(i) is exactly uniform, so every coin keeps its bias, and what is made of them (a loss, a jitter)
 * has the autocorrelation correlation^k at lag k. (netem adds a share of the last number to a share of a new one, which
 * pulls all numbers to the middle and changes the bias.) A copy follows its original.
 */
export const correlated = (draws: Draws, correlation = 0): Numbers => {
  if (correlation === 0) {
    return { of: (envelope, copy, nth) => draws.message(kindNumber[envelope.kind], envelope, copy, nth), sent: undefined }
  }
  const repeats = (envelope: Envelope, copy: string): boolean =>
    draws.message(kindNumber[envelope.kind], envelope, copy, REPEATS) < correlation
  const memory = new LinkMemory<Source>((envelope, before) => {
    if (before !== undefined && repeats(envelope, '')) return before
    const { kind, attempt, again, round, from, to, part } = envelope
    return { kind: kindNumber[kind], attempt, again, round, from, to, part }
  })
  return {
    of: (envelope, copy, nth) => {
      const source = memory.of(envelope)
      if (copy !== '' && !repeats(envelope, copy)) return draws.message(kindNumber[envelope.kind], envelope, copy, nth)
      return draws.message(source.kind, source, '', nth)
    },
    sent: (envelope) => void memory.of(envelope),
  }
}

/** `, correlated by 30 %` */
export const correlation = ({ correlation: share }: { readonly correlation?: number | undefined }): string =>
  share === undefined || share === 0 ? '' : `, correlated by ${percent(share)}`
