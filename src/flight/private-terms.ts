import { drawsOf } from '../codecs/coding/draws.js'
import { SpecificationError } from '../errors.js'
import type { PartTemplate } from '../federation/parts.js'
import { type Privacy, type PrivacyTerms, weightOf } from '../federation/privacy/privacy.js'
import { createDraws, createLexicon } from '../random/draws.js'
import { type Fresh, freshened } from '../random/fresh.js'
import { encodeKey, streams } from '../random/streams.js'
import type { Resolved } from '../simulation/specification.js'

/** A federation as far as its privacy depends on it. */
interface Federation {
  readonly parts: readonly PartTemplate[]
  readonly clients: readonly { readonly rows: number }[]
}

/** Clients whose updates a round wants: what rounds say, or everybody. */
export const wantedOf = ({ rounds }: Pick<Resolved, 'rounds'>, clients: number): number => {
  if (typeof rounds === 'function' || 'next' in rounds) return clients
  if (rounds.kind === 'quorum') return Math.min(rounds.quorum, clients)
  const { select } = rounds as { readonly select?: number }
  return Math.min(select ?? clients, clients)
}

/** Throws `SpecificationError` for what nothing can be promised of once the world and the model are known. */
const demandPromise = ({ delta }: Privacy, { parts, clients }: Federation): void => {
  const travels = parts.filter(({ length }) => length > 0)
  if (travels.length === 0) throw new SpecificationError('privacy is given, and nothing of the model travels that it could hide. Take it away.')
  const statistics = travels.flatMap(({ segments }) => segments.filter(({ trainable }) => !trainable).map(({ name }) => name))
  if (statistics.length > 0) {
    throw new SpecificationError(
      `privacy hides what parameters learn, and running statistics travel too (${statistics.slice(0, 3).join(', ')}): noise could leave a ` +
        'variance below 0. Take a model without batch normalisation, or strategy fedbn, which keeps it with the clients.',
    )
  }
  if (delta * clients.length >= 1) {
    throw new SpecificationError(
      `privacy.delta is ${delta}, and there are ${clients.length} clients: below 1/${clients.length} it promises something to each. ` +
        `Give, say, ${Number((0.1 / clients.length).toPrecision(1))}.`,
    )
  }
}

/** What all actors go by where a specification has `privacy`. */
export const privateTerms = (
  { privacy, rounds, seeds }: Pick<Resolved, 'privacy' | 'rounds' | 'seeds'>, federation: Federation, fresh?: Fresh,
): PrivacyTerms | undefined => {
  if (privacy === undefined) return undefined
  demandPromise(privacy, federation)
  const { parts, clients } = federation
  const { clip, noise, where, per, cap } = privacy
  const wanted = wantedOf({ rounds }, clients.length)
  const weight = clients.reduce((sum, { rows }) => sum + weightOf(privacy, rows), 0)
  const draws = freshened(fresh, createDraws(streams(seeds.batches), createLexicon(), 'privacy'), 'privacy')
  return {
    clip, noise, where, per, cap, wanted,
    parts: parts.filter(({ length }) => length > 0).length,
    divisor: (wanted / clients.length) * weight,
    draws: (part, round, who, life) => {
      const key = encodeKey([part, who, life])
      const word = (nth: number): number => Math.floor(draws.visit(key, round, nth) * 2 ** 32)
      return drawsOf([word(0), word(1)])
    },
  }
}
