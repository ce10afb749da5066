import type { Context, Received } from '../actors/actor.js'
import type { Envelope } from '../network/envelope.js'
import type { Instructions, ModelHead } from '../network/frame.js'
import type { Content } from '../network/network.js'
import { copyThread, type Thread } from '../network/thread.js'
import type { Order } from '../random/order.js'
import type { Contribution } from '../record/event.js'
import { admitting, fateOf } from '../record/happenings.js'
import type { Refusal } from '../record/message.js'
import type { Name } from '../roster/participant.js'
import { askWhole, codedFrames, learn, moved, threadOf } from './coded-exchange.js'
import { allFinite } from './finite.js'
import type { Arrival, CloseNotice } from './messages.js'
import { extrasOf, type PartTemplate, takePart } from './parts.js'
import { privateMean } from './privacy/private-mean.js'
import type { Ending } from './rounds/round.js'
import { beginCohort, type Cohort, copyCohort, endCohort } from './secure-aggregation/cohort.js'
import { decodeMasked } from './secure-aggregation/frames.js'
import { maskedMean } from './secure-aggregation/input.js'
import { isMasked } from './secure-aggregation/secure-aggregation.js'
import { takeMasked } from './secure-aggregation/steps.js'
import { sentTo } from './strategies/fold.js'
import type { StaleUpdate } from './strategies/stale-updates.js'
import type { PartState, Update } from './strategies/strategy.js'
import type { Terms } from './terms.js'

/** An update that waits for the fold. */
export interface Held extends StaleUpdate {
  /** Number of the envelope that brought it. */
  readonly envelope: number
}

/** A model that was sent: what its client's update will be relative to. */
interface SentModel {
  readonly round: number
  readonly values: Float32Array
}

/**
 * What any server-side actor holds of its part: its state, and the updates that wait for a fold. Plain data, and its
 * owner's own: the functions of this file change it in place.
 */
export interface Holding {
  state: PartState
  /** The round that is open here, or was last; 0 before the first. Where rounds overlap: that of the next fold. */
  round: number
  /** In the order of arrival. */
  held: Held[]
  /** How past rounds ended here: what a straggler's update is. Indexed by round. */
  endings: (Ending | undefined)[]
  /** The last round of each client of which an update was taken in. */
  answered: Map<Name, number>
  /** Folds of the part before each round, as far as there were rounds. */
  folds: number[]
  /** Where rounds overlap: the last round for which each client was sent a model. */
  asked: Map<Name, number>
  /** And models that have not been answered, by client, in the order of sending. */
  sent: Map<Name, SentModel[]>
  /** Where messages are coded: what is remembered of those with each client. */
  threads: Map<Name, Thread>
  /** What is behind the values that the last fold gave the part. */
  behind: Behind | undefined
  /** After the last fold. */
  over: boolean
  /** Where updates are summed under masks: those of the round. */
  cohort: Cohort | undefined
}

/** What a fold was made of: rows of training data in all, and optimizer steps on the average of them. */
export interface Behind {
  readonly examples: number
  readonly steps: number
}

export const newHolding = (part: string, values: Float32Array): Holding => ({
  state: { part, values, personal: new Map(), memory: {} },
  round: 0,
  held: [],
  endings: [],
  answered: new Map(),
  folds: [0],
  asked: new Map(),
  sent: new Map(),
  threads: new Map(),
  behind: undefined,
  over: false,
  cohort: undefined,
})

/** What the owner of a part begins with. */
export const firstHolding = (part: PartTemplate, { initial, beginnings, strategy }: Terms): Holding => {
  const holding = newHolding(part.name, takePart(initial, part))
  if (!beginnings.continues || strategy.serves !== 'received') return holding
  const { values } = holding.state
  const personal = new Map<Name, Float32Array>()
  for (const [client, flat] of beginnings.clients) {
    const own = takePart(flat, part)
    if (own.some((value, i) => !Object.is(value, values[i]))) personal.set(client, own)
  }
  return { ...holding, state: { ...holding.state, personal } }
}

/** A copy that shares nothing which an owner changes: what a checkpoint holds of it. */
export const copyHolding = (holding: Holding): Holding => ({
  ...holding,
  held: [...holding.held],
  endings: [...holding.endings],
  answered: new Map(holding.answered),
  folds: [...holding.folds],
  asked: new Map(holding.asked),
  sent: new Map([...holding.sent].map(([client, models]) => [client, [...models]])),
  threads: new Map([...holding.threads].map(([client, thread]) => [client, copyThread(thread)])),
  cohort: holding.cohort && copyCohort(holding.cohort),
})

/** Envelopes that an owner had taken in or kept waiting when it died, and that what it comes back with knows nothing of. */
export const undoneOf = (
  { held }: Holding, kept: Holding | undefined, waiting: readonly Received<Arrival>[] = [],
): number[] => {
  const known = new Set(kept?.held.map(({ envelope }) => envelope))
  const lost = held.filter(({ envelope }) => !known.has(envelope)).map(({ envelope }) => envelope)
  return [...lost, ...waiting.map(({ message }) => message.envelope.id)]
}

/** All of what the owner of one part goes by. */
export interface Ownership {
  readonly part: PartTemplate
  readonly terms: Terms
}

/** Folds of the part between the beginning of a round and now. */
export const foldsSince = ({ folds, round }: Holding, of: number): number => foldsBefore(folds, round) - foldsBefore(folds, of)

const foldsBefore = (folds: readonly number[], round: number): number => folds[Math.min(round, folds.length - 1)]

/** What of a part's floats goes to a client: its own values or the common ones, and what travels beside them. */
const bodiesOf = (
  { state }: Holding,
  { part: { down } }: Ownership,
): { readonly isAlone: (client: Name) => boolean; readonly of: (client: Name, alone: boolean) => Float32Array } => {
  const { memory, personal } = state
  const fill = (sent: Float32Array, client: Name): Float32Array => {
    if (down.extras.length === 0) return sent
    const body = new Float32Array(down.length)
    body.set(sent)
    for (const { name, offset, otherwise } of down.extras) {
      const given = (memory[`${name}/${client}`] ?? memory[name]) as Float32Array | undefined
      if (given !== undefined) body.set(given, offset)
      else if (otherwise === 'values') body.set(sent, offset)
    }
    return body
  }
  return {
    isAlone: (client) => personal.has(client) || down.extras.some(({ name }) => `${name}/${client}` in memory),
    of: (client, alone) => fill(alone ? (personal.get(client) ?? state.values) : state.values, client),
  }
}

const headOf = (round: number, { patience, missing, deadline, late }: Instructions): ModelHead =>
  ({ kind: 'model', round, patience, missing, deadline, late })

/**
 * The part as model messages, by client: one frame for all that are sent the common values, one for each that has
 * values of its own.
 */
const modelFrames = (
  holding: Holding,
  round: number,
  instructions: Instructions,
  ownership: Ownership,
): ((client: Name) => Uint8Array) => {
  const { part, terms: { wire } } = ownership
  const head = headOf(round, instructions)
  const { isAlone, of } = bodiesOf(holding, ownership)
  let common: Uint8Array | undefined
  if (part.length === 0) common = wire.encode(part, head, of('', false), '')
  return (client) => {
    if (isAlone(client)) return wire.encode(part, head, of(client, true), client)
    return (common ??= wire.encode(part, head, of(client, false), client))
  }
}

/** Sends the part as it is now to clients, for round `round`. `attempt`: how often it was sent before, as far as is known. */
export const sendModels = (
  holding: Holding,
  clients: readonly Name[],
  round: number,
  instructions: Instructions,
  ownership: Ownership,
  context: Context,
  attempt = 0,
): void => {
  const { part, terms: { rounds: { admission }, wire } } = ownership
  if (isMasked(ownership.terms, part, round) && holding.cohort?.round !== round) {
    beginCohort(holding, clients, clients.length, round, instructions.deadline, ownership, context)
  }
  const bytesFor = wire.codes
    ? codedFrames(holding, round, headOf(round, instructions), bodiesOf(holding, ownership), ownership)
    : modelFrames(holding, round, instructions, ownership)
  for (const client of clients) {
    const bytes = bytesFor(client)
    const content: Content = { kind: 'model', round, part: part.name, bytes, attempt, shares: wire.shares(bytes) }
    context.send(client, content)
    if (!admission.overlapping) continue
    holding.asked.set(client, round)
    const models = holding.sent.get(client) ?? []
    // What is staler than the bound would be refused: it need not be known what it was relative to.
    const known = models.filter((model) => foldsSince(holding, model.round) <= admission.maxStaleness)
    holding.sent.set(client, [...known, { round, values: sentTo(holding.state, client) }])
  }
}

/** Where rounds overlap: a client was sent the part for a round, by a life of its owner that is over. */
export const knowAsked = (holding: Holding, client: Name, round: number): void => {
  if ((holding.asked.get(client) ?? 0) >= round) return
  holding.asked.set(client, round)
  // Of an older round it is not known what that was: what it makes is taken relative to the part as it is.
  if (round !== holding.round) return
  holding.sent.set(client, [...(holding.sent.get(client) ?? []), { round, values: sentTo(holding.state, client) }])
}

/** Whom of those that a notice names a part is still to be sent for a round: none, if the notice came before. */
export const stillToAsk = (holding: Holding, round: number, clients: readonly Name[], terms: Terms): readonly Name[] => {
  if (!terms.rounds.admission.overlapping) return round > holding.round ? clients : []
  return clients.filter((client) => Math.max(holding.answered.get(client) ?? 0, holding.asked.get(client) ?? 0) < round)
}

/** Opens a round here. An older one that was never closed (its `close` was lost) ends without effect. */
export const openRound = (holding: Holding, round: number, ownership: Ownership, context: Context): void => {
  const { overlapping } = ownership.terms.rounds.admission
  if (!overlapping && holding.round > 0 && holding.endings[holding.round] === undefined) {
    close(holding, holding.round, { outcome: 'aborted', reason: 'superseded', after: 'aborted' }, ownership, context)
  }
  begin(holding, Math.max(holding.round, round))
  if (!overlapping) holding.held = []
}

/** From here on `round` is the round that is open. */
const begin = (holding: Holding, round: number): void => {
  const { folds } = holding
  while (folds.length <= round) folds.push(folds[folds.length - 1])
  holding.round = round
}

/** An update as it arrived, or what is wrong with it if it is damaged or not of this part. Its vectors are views of the message. */
const readUpdate = (holding: Holding, envelope: Envelope, from: Name, { part, terms: { wire } }: Ownership): Update | Refusal => {
  const thread = holding.threads.get(from)
  const decoded = wire.decode(part, 'update', envelope.bytes, from, thread?.versions)
  if (!decoded.ok) return decoded.why
  const { head: { round, examples, steps }, body, reference } = decoded
  if (thread !== undefined && reference !== undefined) learn(thread, reference)
  const { up, length } = part
  const values = up.extras.length === 0 ? body : body.subarray(0, length)
  return { client: from, round, examples, steps, values, extras: extrasOf(up, body) }
}

/**
 * What an update is relative to: what its client was sent for its round. A client that went on without this part trained
 * from the version before.
 */
const baseOf = ({ sent, state, threads }: Holding, { client, round }: Update): Float32Array =>
  (threads.get(client)?.versions ?? sent.get(client))?.findLast((model) => model.round <= round)?.values ?? sentTo(state, client)

/** One number that is none would make every number of the fold none, and every round after it. */
const isFinite = ({ values, extras }: Update): boolean => {
  for (const name in extras) if (!allFinite(extras[name])) return false
  return allFinite(values)
}

/** Told nothing: what a client reads in a model does not depend on it. */
const untold: Instructions = { patience: undefined, missing: 'last', deadline: undefined }

/** A client answers to a model that a life of its owner has sent which is over: it is known anew what that was. */
const recall = (holding: Holding, client: Name, round: number, ownership: Ownership): void => {
  if (round !== holding.round || holding.endings[round] !== undefined || threadOf(holding, client).versions.some((one) => one.round === round)) return
  codedFrames(holding, round, headOf(round, untold), bodiesOf(holding, ownership), ownership)(client)
}

/**
 * Takes an update in, or refuses it, as the rounds admit it; `rejected` if it is damaged or not finite. What was taken in,
 * if it was; `refused` where the client has answered with what is not finite: nothing better will come of it; `asked` where
 * it was asked for all of what it had sent changes of.
 */
export const receive = (
  holding: Holding,
  envelope: Envelope,
  from: Name,
  ownership: Ownership,
  context: Context,
): Held | 'refused' | 'asked' | undefined => {
  const { part, terms: { rounds: { admission }, wire } } = ownership
  if (isMasked(ownership.terms, part, envelope.round)) return receiveMasked(holding, envelope, from, ownership, context)
  if (wire.codes && envelope.kind === 'update') recall(holding, from, envelope.round, ownership)
  const read = readUpdate(holding, envelope, from, ownership)
  const [update, because] = typeof read === 'string' ? [undefined, read] : [read]
  // Changes of a model that is not known here, or no longer: asked for whole, if what they are for is still of use.
  const isLost = because === 'reference'
  const round = update?.round ?? (isLost ? envelope.round : 0)
  const staleness = admission.overlapping ? foldsSince(holding, round) : 0
  const { endings, over } = holding
  const answered = holding.answered.get(from) ?? 0
  const fate =
    update === undefined && !isLost
      ? 'rejected'
      : admission.refuses({ round, open: holding.round, ending: endings[round], answered, staleness, over })
  if (isLost && fate === undefined) {
    context.record(fateOf(envelope.id, 'rejected', because))
    askWhole(envelope, ownership.terms, context)
    return 'asked'
  }
  if (update === undefined || fate !== undefined) {
    context.record(fateOf(envelope.id, fate ?? 'rejected', isLost ? undefined : because))
    // Too stale for good: its client is sent the next model as if it had answered.
    if (fate === 'late' && admission.overlapping && round > answered) answer(holding, from, round)
    return undefined
  }
  if (!isFinite(update)) {
    context.record(fateOf(envelope.id, 'rejected', 'not finite'))
    answer(holding, from, round)
    return 'refused'
  }
  context.record(admitting(envelope.id, 'update', from, round, part.name))
  const held = { envelope: envelope.id, update, base: baseOf(holding, update), staleness }
  holding.held.push(held)
  answer(holding, from, round)
  return held
}

/**
 * Takes a masked input in, or refuses it. Nothing of it can be read but whose it is and for which round: it counts with the sum, whatever
 * is in it.
 */
const receiveMasked = (
  holding: Holding, envelope: Envelope, from: Name, { part, terms }: Ownership, context: Context,
): Held | undefined => {
  const secure = terms.secure!
  const read = decodeMasked(part, envelope.bytes, part.length + 1, secure.fixedPoint.ring)
  if (!read.ok) {
    context.record(fateOf(envelope.id, 'rejected', read.why))
    return undefined
  }
  const { round, examples, steps } = read.head
  const { cohort, endings } = holding
  const ending = endings[round] ?? (cohort?.round === round ? cohort.closing : undefined)
  const answered = holding.answered.get(from) ?? 0
  const fate = terms.rounds.admission.refuses({ round, open: holding.round, ending, answered, staleness: 0, over: holding.over })
  if (fate !== undefined || !takeMasked(holding, round, from, read.body, secure)) {
    // Of one that no key is known of: its owner has lost them, or goes on without it.
    context.record(fateOf(envelope.id, fate ?? 'late'))
    return undefined
  }
  context.record(admitting(envelope.id, 'update', from, round, part.name))
  // Who was trained on a model has it: changes may be of it.
  const thread = holding.threads.get(from)
  if (thread !== undefined) learn(thread, round)
  const update: Update = { client: from, round, examples, steps, values: none, extras: {} }
  const held: Held = { envelope: envelope.id, update, base: none, staleness: 0 }
  holding.held.push(held)
  answer(holding, from, round)
  return held
}

const none = new Float32Array(0)

/** The client has answered for a round. */
const answer = (holding: Holding, client: Name, round: number): void => {
  holding.answered.set(client, round)
  const thread = holding.threads.get(client)
  // Of one that names no models, those before are of no use.
  if (thread?.known === 0) thread.versions = thread.versions.filter((version) => version.round >= round)
  const left = holding.sent.get(client)?.filter((model) => model.round > round)
  if (left !== undefined && left.length > 0) holding.sent.set(client, left)
  else holding.sent.delete(client)
}

const inOrder = ({ update: a }: Held, { update: b }: Held): number =>
  a.client === b.client ? a.round - b.round : a.client < b.client ? -1 : 1

/**
 * Ends round `round` here: folds what is held, or throws it away. Where rounds overlap, an aborted one leaves what is
 * held as it is, unless it was the last. Returns what counted, in the order in which a fold takes it: that of client
 * names.
 */
export const close = (
  holding: Holding,
  round: number,
  notice: CloseNotice,
  ownership: Ownership,
  context: Context,
): readonly Held[] => {
  const { part, terms } = ownership
  const { overlapping } = terms.rounds.admission
  begin(holding, round)
  const over = notice.final === true
  const held = holding.held.toSorted(inOrder)
  const made = notice.outcome === 'closed' && held.length > 0 && part.length > 0 ? folded(holding, round, held, ownership, context.incarnation) : undefined
  const unfit = made !== undefined && !ownership.terms.keepsUnfit && !isFit(made.after)
  const closes = notice.outcome === 'closed'
  const folds = closes && !unfit
  const drops = closes || over || !overlapping
  if (drops) {
    for (const { envelope } of held) {
      const refused = closes && !folds
      context.record(refused ? fateOf(envelope, 'rejected', 'aggregate') : fateOf(envelope, folds ? 'used' : 'aborted'))
    }
  }
  const contributions = held.map(contributionOf)
  const updates = folds ? contributions : []
  const ends = overlapping ? (over ? 'all' : 'answered') : 'round'
  context.record({ kind: 'part-close', round, part: part.name, outcome: notice.outcome, updates, ends })
  const { outcome, reason, after } = notice
  holding.endings[round] = { outcome, reason, after }
  endCohort(holding, round, context)
  holding.over = over
  if (drops) holding.held = []
  if (unfit) context.record({ kind: 'unfit', round, part: part.name, updates: contributions })
  else if (made !== undefined) {
    holding.state = made.after
    holding.behind = behindOf(held)
    context.record({ kind: 'fold', round, part: part.name, updates, ...made })
  }
  if (overlapping) {
    if (folds) holding.folds[round + 1] = foldsBefore(holding.folds, round) + 1
    begin(holding, round + 1)
  }
  return folds ? held : []
}

/** What is folded: what is held, but for what attackers who see all of it put in place of their own. */
const forged = (held: readonly Held[], { part: { name: part, segments }, terms: { weather } }: Ownership): readonly Held[] => {
  if (weather.forge === undefined) return held
  const forgeries = weather.forge(held.map(({ update: { client, round, values }, base }) => ({ client, round, part, base, segments, values })))
  return forgeries.size === 0 ? held : held.map((one, place) => {
    const values = forgeries.get(place)
    return values === undefined ? one : { ...one, update: { ...one.update, values } }
  })
}

const behindOf = (held: readonly Held[]): Behind => {
  let [examples, steps] = [0, 0]
  for (const { update } of held) {
    examples += update.examples
    steps += update.examples * update.steps
  }
  return { examples, steps: examples === 0 ? 0 : Math.round(steps / examples) }
}

const contributionOf = ({ update: { client, round }, staleness }: Held): Contribution => ({ client, round, staleness })

/** What a fold would make of the part, and by which weights. */
const folded = (
  { state: before, cohort }: Holding,
  round: number,
  held: readonly Held[],
  ownership: Ownership,
  life: number,
): { readonly weights: Float64Array | undefined; readonly before: PartState; readonly after: PartState } => {
  const { part, terms } = ownership
  const { strategy, members, optimizer, rounds, privacy, secure } = terms
  const order = (decided: string, of = round): Order => terms.order(`fold ${decided}`, of, members.length)
  const about = { round, order, clients: members, segments: part.segments, optimizer }
  if (secure !== undefined && isMasked(terms, part, round)) {
    const mean = maskedMean(cohort!.sum!, before, round, secure)!
    return { weights: undefined, before, after: rounds.fold(strategy, before, [mean], about) }
  }
  const updates = forged(terms.wire.codes && !rounds.admission.overlapping ? held.map((one) => moved(one, before, part)) : held, ownership)
  // What is divided by a number that was fixed before the flight has no weights that sum to 1.
  const weights = strategy.convex && privacy === undefined ? strategy.weights(updates.map(({ update }) => update)) : undefined
  const given = privacy === undefined ? updates : [privateMean(privacy, part.name, before, updates, round, life)]
  return { weights, before, after: rounds.fold(strategy, before, given, about) }
}

/** Is every number finite that would be sent from now on, or remembered? */
const isFit = ({ values, personal, memory }: PartState): boolean => {
  if (!allFinite(values)) return false
  for (const own of personal.values()) if (!allFinite(own)) return false
  for (const name in memory) if (!allFinite(memory[name])) return false
  return true
}
