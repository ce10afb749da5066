import type { Name } from '../../roster/participant.js'
import type { Context } from '../../actors/actor.js'
import { checkStale } from '../../checks/once.js'
import { checkState } from '../../checks/state.js'
import { checkWeights } from '../../checks/weights.js'
import type { Envelope } from '../../network/envelope.js'
import type { Micros } from '../../time/micros.js'
import type { Ending, Parcel } from '../messages.js'
import { emptyHolding, type Held, type Holding, modelFrames, readUpdate } from '../owner.js'
import type { PartTemplate } from '../part-template.js'
import type { AsynchronousTerms } from '../policies.js'
import { sentTo } from '../strategies/fold.js'
import { foldStale, type StaleUpdate } from '../strategies/stale-updates.js'
import type { PartState, Update } from '../strategies/strategy.js'
import type { Terms } from '../terms.js'

/** A model on its way, or being trained on: what its client's update will be relative to. */
interface Sent {
  readonly client: Name
  readonly round: number
  readonly values: Float32Array
}

/** An update that waits for the next fold. */
export interface StaleHeld extends Held, StaleUpdate {}

/** What an owner holds without common rounds. `round` is that of the next fold. Plain data. */
export interface AsynchronousHolding extends Holding {
  readonly held: readonly StaleHeld[]
  /** Models that have not been answered, in the order of sending. */
  readonly sent: readonly Sent[]
  /** The last round of each client for which an update was taken in. */
  readonly answered: ReadonlyMap<Name, number>
  /** The last round of each client of which an update was folded. */
  readonly counted: ReadonlyMap<Name, number>
  /** After the last fold. */
  readonly over: boolean
}

/** All of what one owner is and has agreed on. */
export interface Ownership {
  readonly part: PartTemplate
  readonly terms: Terms
  readonly rules: AsynchronousTerms
}

export const newHolding = (part: string, values: Float32Array): AsynchronousHolding => ({
  ...emptyHolding(part, values),
  round: 1,
  held: [],
  sent: [],
  answered: new Map(),
  counted: new Map(),
  over: false,
})

/** Folds of this owner between the sending of a round's model and now. */
const stalenessOf = ({ endings, round }: AsynchronousHolding, of: number): number =>
  endings.slice(of, round).filter((ending) => ending?.outcome === 'closed').length

/** Sends the part as it is now to clients, for round `round`. */
export const sendModels = (
  holding: AsynchronousHolding,
  clients: readonly Name[],
  round: number,
  { part, terms }: Ownership,
  context: Context,
): AsynchronousHolding => {
  const bytesFor = modelFrames(holding, part, round, terms)
  for (const client of clients) {
    const parcel: Parcel = { kind: 'model', round, part: part.name, bytes: bytesFor(client) }
    context.send(client, parcel)
  }
  const sent = clients.map((client): Sent => ({ client, round, values: sentTo(holding.state, client) }))
  return { ...holding, sent: [...holding.sent, ...sent] }
}

/**
 * What an update is relative to: what its client was sent for its round. A client that went on without this part trained
 * from the version before.
 */
const baseOf = ({ sent, state }: AsynchronousHolding, { client, round }: Update): Float32Array =>
  sent.findLast((one) => one.client === client && one.round <= round)?.values ?? sentTo(state, client)

/**
 * Takes an update in, however old its model, or refuses it: `rejected` (damaged, or of a round that was never opened
 * here), `duplicate`, `late` (staler than the bound, or older than what came from the client since), or `surplus` (after
 * the last fold).
 */
export const receiveStale = (
  holding: AsynchronousHolding,
  envelope: Envelope,
  from: Name,
  { part, terms, rules }: Ownership,
  now: Micros,
): AsynchronousHolding => {
  const refuse = (fate: 'rejected' | 'duplicate' | 'late' | 'surplus'): AsynchronousHolding => {
    terms.account.settle(envelope, fate, now)
    return holding
  }
  const update = readUpdate(envelope, from, part)
  const of = update?.round ?? 0
  if (update === undefined || of < 1 || of > holding.round) return refuse('rejected')
  const before = holding.answered.get(from) ?? 0
  if (of <= before) return refuse(of === before ? 'duplicate' : 'late')
  if (holding.over) return refuse('surplus')
  const staleness = stalenessOf(holding, of)
  const answered = new Map(holding.answered).set(from, of)
  const sent = holding.sent.filter(({ client, round }) => client !== from || round > of)
  if (staleness > rules.maxStaleness) {
    terms.account.settle(envelope, 'late', now)
    terms.account.closeModels(part.name, of, from, undefined, now)
    return { ...holding, answered, sent }
  }
  terms.weather.notice({ kind: 'update', round: of, at: now, from, part: part.name })
  const held: StaleHeld = { envelope, update, base: baseOf(holding, update), staleness }
  return { ...holding, answered, sent, held: [...holding.held, held] }
}

const inOrder = ({ update: a }: StaleHeld, { update: b }: StaleHeld): number =>
  a.client === b.client ? a.round - b.round : a.client < b.client ? -1 : 1

const fold = (
  holding: AsynchronousHolding,
  stale: readonly StaleHeld[],
  { part, terms, rules }: Ownership,
): PartState => {
  const { round, state, counted } = holding
  const { strategy, members, optimizer } = terms
  checkStale(part.name, round, stale, rules.maxStaleness, counted)
  if (strategy.convex) checkWeights(part.name, round, strategy.weights(stale.map(({ update }) => update)))
  const about = { round, clients: members, segments: part.segments, optimizer }
  const after = foldStale(rules.rule, strategy, state, stale, about)
  checkState(part.name, round, after, part.length, members, part.down.extras)
  return after
}

/**
 * Ends round `round` here and begins the next: folds what is held, in the order of client names, if the round closed. An
 * aborted one leaves the model and what is held as they are, unless it was the last.
 */
export const closeStale = (
  holding: AsynchronousHolding,
  round: number,
  ending: Ending,
  ownership: Ownership,
  now: Micros,
): AsynchronousHolding => {
  const { part, terms } = ownership
  const { account } = terms
  const here = { ...holding, round }
  const stale = here.held.toSorted(inOrder)
  const folds = ending.outcome === 'closed'
  const over = ending.final === true
  const endings = here.endings.slice()
  endings[round] = ending
  const counted = new Map(here.counted)
  if (folds || over) for (const { envelope } of stale) account.settle(envelope, folds ? 'used' : 'aborted', now)
  if (folds) {
    for (const { update } of stale) {
      account.closeModels(part.name, update.round, update.client, update.round, now)
      counted.set(update.client, update.round)
    }
  }
  if (over) account.closeModels(part.name, round, undefined, undefined, now)
  const state = folds && stale.length > 0 && part.length > 0 ? fold(here, stale, ownership) : here.state
  const held = folds || over ? [] : here.held
  return { ...here, state, round: round + 1, endings, held, counted, over }
}
