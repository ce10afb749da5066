import type { Name } from '../actors/actor.js'
import { beginParameters, decodeParameters, seal } from '../network/codec.js'
import type { Envelope } from '../network/envelope.js'
import type { Micros } from '../time/micros.js'
import { checkOnce } from '../checks/once.js'
import { checkWeights } from '../checks/weights.js'
import type { Ending } from './messages.js'
import type { PartTemplate } from './part-template.js'
import type { Update } from './strategies/strategy.js'
import type { Terms } from './terms.js'

/** An update that waits for the close of its round. */
export interface Held {
  readonly envelope: Envelope
  readonly update: Update
}

/** What any server-side actor holds of its part: the values, and the updates of the open round. Plain data. */
export interface Holding {
  readonly part: string
  readonly values: Float32Array
  /** The round that is open here; 0 before the first. */
  readonly round: number
  readonly held: readonly Held[]
  /** How past rounds ended here: what a straggler's update is. Indexed by round. */
  readonly endings: readonly (Ending | undefined)[]
}

export const emptyHolding = (part: string, values: Float32Array): Holding => ({
  part,
  values,
  round: 0,
  held: [],
  endings: [],
})

/** The part as a model message: encoded once, sent to every selected client. */
export const encodeModel = (holding: Holding, part: PartTemplate, round: number, terms: Terms): Uint8Array => {
  const { frame, values } = beginParameters({ kind: 'model', round, examples: 0 }, part.header, part.length)
  values.set(holding.values)
  return terms.checksums ? seal(frame) : frame
}

/**
 * Takes an update in, or refuses it: `rejected` (damaged, or of a round that was never opened here), `duplicate`,
 * or what the ending of its round says (`late`, `surplus`, `aborted`).
 */
export const receive = (
  holding: Holding,
  envelope: Envelope,
  from: Name,
  part: PartTemplate,
  terms: Terms,
  now: Micros,
): Holding => {
  const refuse = (fate: 'rejected' | 'duplicate' | 'late' | 'surplus' | 'aborted'): Holding => {
    terms.account.settle(envelope, fate, now)
    return holding
  }
  const decoded = decodeParameters(envelope.bytes, part.header)
  if (!decoded.ok || decoded.head.kind !== 'update' || decoded.body.length !== part.length) return refuse('rejected')
  const { round, examples } = decoded.head
  if (round > holding.round || round < 1) return refuse('rejected')
  const ending = holding.endings[round]
  if (round < holding.round || ending !== undefined) return refuse(ending?.after ?? 'late')
  if (holding.held.some((other) => other.update.client === from)) return refuse('duplicate')
  terms.weather.notice({ kind: 'update', round, at: now, from, part: part.name })
  const { part: name, values, endings } = holding
  const update: Update = { client: from, round, examples, values: decoded.body }
  return { part: name, values, round, held: holding.held.concat({ envelope, update }), endings }
}

/** Ends the round here: folds what is held, in the order of client names, or throws it away. */
export const close = (holding: Holding, ending: Ending, part: PartTemplate, terms: Terms, now: Micros): Holding => {
  const { round } = holding
  const held = holding.held.toSorted((a, b) => (a.update.client < b.update.client ? -1 : 1))
  const folds = ending.outcome === 'closed'
  for (const { envelope } of held) terms.account.settle(envelope, folds ? 'used' : 'aborted', now)
  const contributors = new Set(folds ? held.map(({ update }) => update.client) : [])
  terms.account.closePart(round, part.name, contributors, now)
  const endings = holding.endings.slice()
  endings[round] = ending
  const rest = { ...holding, held: [], endings }
  if (!folds || held.length === 0 || part.length === 0) return rest
  const updates = held.map(({ update }) => update)
  checkOnce(part.name, round, updates)
  if (terms.strategy.convex) checkWeights(part.name, round, terms.strategy.weights(updates))
  return { ...rest, values: terms.strategy.fold({ part: part.name, values: holding.values }, updates) }
}

/** Opens a round here. An older one that was never closed (its `close` was lost) ends without effect. */
export const openRound = (holding: Holding, round: number, part: PartTemplate, terms: Terms, now: Micros): Holding => {
  const stale = holding.round > 0 && holding.endings[holding.round] === undefined
  const ended = stale
    ? close(holding, { outcome: 'aborted', reason: 'superseded', after: 'aborted' }, part, terms, now)
    : holding
  return { ...ended, round, held: [] }
}
