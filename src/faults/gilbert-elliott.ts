import type { Envelope } from '../network/envelope.js'
import type { Draws } from '../random/draws.js'
import { kindNumber } from '../record/message.js'
import { LinkMemory } from './link-memory.js'

/**
 * Gilbert-Elliott: a link is good or bad. With every message a good one turns bad with probability `p` and a bad one good
 * with probability `r`; a message is lost with probability `good` or `bad`, by the state that it meets. Gilbert, Bell
 * System Technical Journal 39, 1960; Elliott, same journal 42, 1963. (netem's `gemodel p r 1-h 1-k` is p, r, bad, good.)
 */
export interface GilbertElliott {
  readonly p: number
  readonly r: number
  readonly good: number
  readonly bad: number
}

/** Share of messages that meet a bad link: p / (p + r). */
export const badShare = ({ p, r }: GilbertElliott): number => p / (p + r)

/** Share of messages that are lost: (r good + p bad) / (p + r). */
export const lossRate = ({ p, r, good, bad }: GilbertElliott): number => (r * good + p * bad) / (p + r)

/** Messages that meet one bad spell, on average: 1 / r. */
export const meanBadSpell = ({ r }: GilbertElliott): number => 1 / r

/**
 * Messages lost in a row, on average: L / (L - P), where P is the probability that two successive messages are lost,
 *     P = (r good ((1 - p) good + p bad) + p bad (r good + (1 - r) bad)) / (p + r).
 * 1 / r where good is 0 and bad 1.
 */
export const meanLossRun = (model: GilbertElliott): number => {
  const { p, r, good, bad } = model
  const both = (r * good * ((1 - p) * good + p * bad) + p * bad * (r * good + (1 - r) * bad)) / (p + r)
  const rate = lossRate(model)
  return rate === 0 ? 0 : rate / (rate - both)
}

/** Of the draws of a message: its coin, and the number by which its link turns. */
const COIN = 0
const TURNS = 9

const name = ({ from, to }: Envelope): string => `${from} > ${to}`

/**
 * Whether messages meet a bad link. A link begins in one of its states by their shares, so that every message is lost at
 * the same rate, the first too. One number turns both states (bad is what is below p for a good link and below 1 - r for
 * a bad one), so two flights whose links differ for a while agree again soon.
 */
export const burstLosses = ({ p, r, good, bad }: GilbertElliott, draws: Draws): ((envelope: Envelope, copy: string) => boolean) => {
  const isBad = new LinkMemory<boolean>((envelope, before) => {
    if (before === undefined) return draws.visit(name(envelope), 0, 0) < p / (p + r)
    return draws.message(kindNumber[envelope.kind], envelope, '', TURNS) < (before ? 1 - r : p)
  })
  return (envelope, copy) => {
    const chance = isBad.of(envelope) ? bad : good
    return chance >= 1 || (chance > 0 && draws.message(kindNumber[envelope.kind], envelope, copy, COIN) < chance)
  }
}
