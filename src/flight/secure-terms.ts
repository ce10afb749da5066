import { drawsOf } from '../codecs/coding/draws.js'
import { SpecificationError } from '../errors.js'
import type { PartTemplate } from '../federation/parts.js'
import { demandRoom, type FixedPoint, roomFor } from '../federation/secure-aggregation/fixed-point.js'
import { type SecureAggregation, type SecureAggregationTerms, thresholdOf } from '../federation/secure-aggregation/secure-aggregation.js'
import type { Strategy } from '../federation/strategies/strategy.js'
import { createDraws, createLexicon } from '../random/draws.js'
import { type Fresh, freshened } from '../random/fresh.js'
import { encodeKey, streams } from '../random/streams.js'
import type { Name } from '../roster/participant.js'
import { shareUp } from '../shares.js'
import type { Resolved } from '../simulation/specification.js'

/** A federation as far as its secure aggregation depends on it. */
interface Federation {
  readonly parts: readonly PartTemplate[]
  /** In the order of their names. */
  readonly clients: readonly { readonly name: Name; readonly rows: number }[]
  readonly strategy: Pick<Strategy, 'counts'>
}

/** How many clients rounds ask at most, and with how many answers they close; undefined: they are a function, and say so when they open. */
export const askedBy = ({ rounds }: Pick<Resolved, 'rounds'>, clients: number): { readonly asked: number; readonly closeAt: number } | undefined => {
  if (typeof rounds === 'function' || 'next' in rounds) return undefined
  const { kind, select = clients, overSelect = 0, quorum = clients } = rounds as {
    readonly kind: string; readonly select?: number; readonly overSelect?: number; readonly quorum?: number
  }
  const wanted = Math.min(select, clients)
  return { asked: Math.min(clients, wanted + shareUp(overSelect, wanted)), closeAt: kind === 'quorum' ? quorum : wanted }
}

/** Bits that leave room for sums of so many clients, as many as there can be. */
const bitsFor = (ring: number, clients: number): number => {
  for (let bits = ring; bits > 2; bits--) if (roomFor({ bits, ring }) >= clients) return bits
  return 2
}

const fixedPointOf = ({ range, ring, bits }: SecureAggregation, clients: number): FixedPoint => {
  const about = { range, ring, bits: bits ?? bitsFor(ring, clients) }
  try {
    demandRoom(about, clients)
  } catch (error) {
    throw error instanceof SpecificationError ? new SpecificationError(`secureAggregation: ${error.message}`) : error
  }
  return about
}

/** Throws `SpecificationError` for rounds in which no sum could ever be unmasked. */
const demandEnough = (secure: SecureAggregation, rounds: Pick<Resolved, 'rounds'>, { parts, clients }: Federation): void => {
  if (parts.every(({ length }) => length === 0)) throw new SpecificationError('secureAggregation is given, and nothing of the model travels that could be summed. Take it away.')
  const plan = askedBy(rounds, clients.length)
  const { asked, closeAt } = plan ?? { asked: clients.length, closeAt: clients.length }
  if (asked < 2) throw new SpecificationError('secureAggregation sums updates of several clients, and rounds ask one. Ask 2 at least, or take it away.')
  const threshold = thresholdOf(secure, asked)
  if (threshold > asked) {
    throw new SpecificationError(`secureAggregation.threshold is ${secure.threshold}, and rounds ask ${asked} clients: no round could close. Give at most ${asked}, or a share.`)
  }
  if (threshold > closeAt) {
    const share = secure.threshold <= 1 ? ` (${Number(secure.threshold.toFixed(3))} of the ${asked} that are asked)` : ''
    throw new SpecificationError(
      `secureAggregation.threshold is ${threshold} clients${share}, and rounds close at ${closeAt} answers: none could be unmasked. ` +
        'Give a lower threshold, ask fewer beyond those that are wanted, or close later.',
    )
  }
}

/** What all actors go by where a specification has `secureAggregation`. */
export const secureTerms = (
  { secureAggregation: secure, rounds, seeds }: Pick<Resolved, 'secureAggregation' | 'rounds' | 'seeds'>, federation: Federation, fresh?: Fresh,
): SecureAggregationTerms | undefined => {
  if (secure === undefined) return undefined
  demandEnough(secure, { rounds }, federation)
  const { clients } = federation
  const numbers = new Map(clients.map(({ name }, i) => [name, i + 1]))
  const draws = freshened(fresh, createDraws(streams(seeds.batches), createLexicon(), 'secure aggregation'), 'secure aggregation')
  return {
    fixedPoint: fixedPointOf(secure, clients.length),
    threshold: secure.threshold,
    patience: secure.patience,
    mostRows: federation.strategy.counts === 'uniform' ? undefined : Math.max(1, ...clients.map(({ rows }) => rows)),
    numberOf: (client) => numbers.get(client) ?? 0,
    draws: (what, part, round, client, life) => {
      const key = encodeKey([what, part, client, life])
      const word = (nth: number): number => Math.floor(draws.visit(key, round, nth) * 2 ** 32)
      return drawsOf([word(0), word(1)])
    },
  }
}
