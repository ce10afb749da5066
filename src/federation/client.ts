import type { Behaviour, Context } from '../actors/actor.js'
import { SpecificationError } from '../errors.js'
import type { Envelope } from '../network/envelope.js'
import type { ModelHead, UpdateHead } from '../network/frame.js'
import type { Content } from '../network/network.js'
import { copyThread, newThread, type Thread, withVersion } from '../network/thread.js'
import { admitting, fateOf } from '../record/happenings.js'
import type { Name } from '../roster/participant.js'
import { askWhole } from './coded-exchange.js'
import type { ActorLife } from './life.js'
import { type Departure, type Keepsake, LocalTraining, type Progress } from './local-training.js'
import { type ClientMessage, isNotice, type Unheard, type Whereabouts } from './messages.js'
import { extrasOf, isWhole, putPart, takePart, type PartTemplate } from './parts.js'
import { poisoned } from './poisoned.js'
import { protect } from './privacy/protect.js'
import { type Cohorts, hasLost, leaveCohorts, MaskedUploads, newCohorts, waitsToAnswer } from './secure-aggregation/masked-uploads.js'
import { isMasked } from './secure-aggregation/secure-aggregation.js'
import { settleNotice } from './settle-notice.js'
import type { Vectors } from './strategies/strategy.js'
import { clockEnd } from '../time/micros.js'
import type { ClientTerms, Terms } from './terms.js'
import type { Micros } from '../time/micros.js'

/** A version of a part that a client has acknowledged by training on it. */
export interface Version {
  readonly round: number
  readonly values: Float32Array
  /** What came beside the values. */
  readonly extras: Vectors
}

/** A scenario client's state: plain data, and its own. `personal`, `kept` and `optimizers` outlive a round. */
export interface ClientState extends Keepsake {
  /** The round whose parts are being gathered or trained on. */
  round: number
  /** Parts of that round that have arrived, in the order of `Terms.travelling`. */
  arrived: (Version | undefined)[]
  /** The last version of each part that was trained on, in that order. */
  acknowledged: (Version | undefined)[]
  /** What it is doing about that round; `over` once it has answered, was interrupted or sits it out. */
  phase: 'idle' | 'gathering' | 'training' | 'over'
  /** What it does about that round without a part, once its patience ends: as it was told with the first part. */
  missing: 'last' | 'sit-out'
  patience: number | undefined
  /** The end of that round, where the client is to give up what it cannot send before; and the timer that tells of it. */
  deadline: Micros | undefined
  /** Whether it trains less, where it would come too late. */
  trainsLess: boolean
  alarm: number | undefined
  computation: number | undefined
  /** How far it is with the legs of this round. */
  progress: Progress | undefined
  /** Its last answer, which an owner that has lost it may ask for again. */
  answered: { readonly round: number; readonly departure: Departure; readonly sent: boolean } | undefined
  /** The last round of which its answer was sent as often as it may be, and never acknowledged. */
  unheard: number
  /** The round of which it was asked once whether it is at work, while its models or its answer are on their way. */
  probed: number
  /** Where messages are coded: what it remembers of those about each part, by the part's name. */
  threads: Map<string, Thread> | undefined
  /** How often it has sent its last answer again because it was asked whether it is at work. */
  repeated: number
  /** Where updates are summed under masks: what it is in the cohorts of that round. */
  cohorts: Cohorts | undefined
}

const newClient = (
  { personal, kept, optimizers }: Keepsake, answered?: ClientState['answered'], threads?: ClientState['threads'],
): ClientState => ({
  personal,
  kept,
  optimizers,
  round: 0,
  arrived: [],
  acknowledged: [],
  phase: 'idle',
  missing: 'last',
  patience: undefined,
  deadline: undefined,
  trainsLess: false,
  alarm: undefined,
  computation: undefined,
  progress: undefined,
  answered,
  threads,
  unheard: 0,
  probed: 0,
  repeated: 0,
  cohorts: undefined,
})

/** What a device keeps of a client that dies: its last answer, with the parameters and what its strategy keeps as that left them. */
export type ClientCheckpoint = Pick<ClientState, 'personal' | 'kept' | 'answered' | 'threads'>

/**
 * A scenario client: gathers the parts of a round's model from their owners, trains on its own rows from the bytes it
 * received, and sends each part back to its owner. A newer round's model ends whatever it was still doing for an older.
 *
 * A class, because there may be ten thousand of it: functions of its own would cost each of them a kilobyte.
 */
export class ScenarioClient implements ActorLife<ClientState, ClientCheckpoint, ClientMessage> {
  readonly #terms: Terms
  readonly #self: ClientTerms
  readonly #training: LocalTraining
  /** Others learn for it, and whoever has them do so says what came of it: `answer`, or `sitOut`. */
  readonly #elsewhere: boolean
  /** Where updates are summed under masks. */
  readonly #masks: MaskedUploads | undefined

  constructor(terms: Terms, self: ClientTerms, works: 'here' | 'elsewhere' = 'here') {
    this.#terms = terms
    this.#self = self
    this.#training = new LocalTraining(terms, self)
    this.#elsewhere = works === 'elsewhere'
    const { secure } = terms
    this.#masks = secure && new MaskedUploads(terms, secure, self.name, (round, context) => this.#sitOut(round, context))
    if (terms.acknowledges) this.wake = (whole) => ({ kind: 'wake', whole })
  }

  begin(): ClientState {
    const { initial, beginnings, strategy: { serves } } = this.#terms
    const own = beginnings.clients.get(this.#self.name)
    const kept = own !== undefined && beginnings.continues && serves !== 'received' ? { [serves.kept]: own } : {}
    return newClient({ personal: own ?? initial, kept })
  }

  /** Where messages are acknowledged, a client that comes back says so: nobody sends it again what it has taken in and lost. */
  readonly wake?: (whole: boolean) => ClientMessage

  unheard(about: Unheard): ClientMessage {
    return about
  }

  /** Vectors are replaced and never written to, but for those of codecs. */
  checkpoint({ personal, kept, answered, threads }: ClientState): ClientCheckpoint {
    return { personal, kept, answered, threads: copyThreads(threads) }
  }

  restore({ personal, kept, answered, threads }: ClientCheckpoint): ClientState {
    return newClient({ personal, kept }, answered, copyThreads(threads))
  }

  readonly behaviour: Behaviour<ClientState, ClientMessage> = (state, { message }, context) => {
    switch (message.kind) {
      case 'arrival':
        this.#arrived(state, message.envelope, context)
        break
      case 'patience':
        if (message.round === state.round && state.phase === 'gathering') this.#runOut(state, context)
        break
      case 'alone':
        if (message.round !== state.cohorts?.round) break
        state.cohorts.alone = 'over'
        this.#offer(state, context)
        break
      case 'deadline':
        if (message.round === state.round && isAtWork(state)) this.#giveUp(state, 0, context)
        break
      case 'computed': {
        const { job, result } = message
        if ('odd' in result && result.odd !== undefined) {
          context.record({ kind: 'gradients', round: job.round, odd: result.odd })
        }
        if (state.progress !== undefined) this.#proceed(state, this.#training.advance(state.progress, job, result), context)
        break
      }
      case 'interrupted':
        this.sitOut(state, context)
        break
      case 'unheard':
        if (message.message === 'update' && message.part === this.#terms.parts[0].name) state.unheard = message.round
        break
      case 'wake':
        this.#tellOwners(state, context)
        break
      default:
        return message satisfies never
    }
    return state
  }

  #arrived(state: ClientState, envelope: Envelope, context: Context): void {
    switch (envelope.kind) {
      case 'close':
        return this.#stop(state, envelope, context)
      case 'recover':
        return this.#tellWhere(state, envelope, context)
      case 'resend':
        return this.#resend(state, envelope, context)
      case 'probe':
        return this.#probed(state, envelope, context)
      case 'keys':
      case 'shares':
      case 'unmask':
        return this.#stepped(state, envelope, context)
      default:
        return this.#accept(state, envelope, context)
    }
  }

  /** It has come back: owners that wait for its answer send it their parts again. */
  #tellOwners({ answered }: ClientState, context: Context): void {
    const { travelling, wire } = this.#terms
    const round = answered?.round ?? 0
    for (const part of travelling) {
      const bytes = wire.encodeControl({ kind: 'recover', round }, {})
      const content: Content = { kind: 'recover', round, part: part.name, bytes }
      context.send(part.owner, content)
    }
  }

  /** An owner has come back, and asks where the others are. */
  #tellWhere({ round, phase, answered }: ClientState, { id, from, bytes }: Envelope, context: Context): void {
    const { wire } = this.#terms
    const asks = wire.decodeControl(bytes, 'recover', isNotice)
    settleNotice(id, asks, context)
    if (!asks.ok) return
    const works = phase === 'gathering' || phase === 'training' ? { works: phase } : {}
    const body: Whereabouts = { ended: false, ...works, answered: answered?.sent === true ? answered.round : 0 }
    const content: Content = { kind: 'status', round, part: '', bytes: wire.encodeControl({ kind: 'status', round }, body) }
    context.send(from, content)
  }

  /** An owner has lost an answer. One that is still being worked on comes by itself. */
  #resend(state: ClientState, { id, from, bytes }: Envelope, context: Context): void {
    const asks = this.#terms.wire.decodeControl(bytes, 'resend', isNotice)
    settleNotice(id, asks, context)
    if (!asks.ok) return
    const whole = (asks.body as { readonly whole?: unknown }).whole === true
    this.#answerAgain(state, asks.head.round, from, context, whole)
  }

  /** Where messages are acknowledged: the aggregator is told that no answer will come; of one that works for others always, for those may be away. */
  #sitOut(round: number, context: Context): void {
    if (!this.#terms.acknowledges && !this.#elsewhere) return
    const body: Whereabouts = { ended: false, out: true }
    const bytes = this.#terms.wire.encodeControl({ kind: 'status', round }, body)
    const content: Content = { kind: 'status', round, part: '', bytes }
    context.send(this.#terms.aggregator, content)
  }

  /**
   * The aggregator asks whether it is at work. That it hears it at all is the answer of one that trains. One whose answer
   * was given up, or is asked for twice, sends it again, a few times, and sits the round out where it never arrives; one that is
   * asked twice and has no model, or not all of it, has waited long enough.
   */
  #probed(state: ClientState, { id, bytes }: Envelope, context: Context): void {
    const notice = this.#terms.wire.decodeControl(bytes, 'probe', isNotice)
    settleNotice(id, notice, context)
    if (!notice.ok) return
    const { round } = notice.head
    const waits = round > state.round || (round === state.round && state.phase === 'gathering')
    if (waits && state.probed !== round) state.probed = round
    else if (waits && round === state.round) this.#runOut(state, context)
    else if (round === state.round && state.phase === 'training') return
    else if (state.answered?.round !== round || !state.answered.sent) this.#sitOut(round, context)
    else if (state.unheard !== round && state.probed !== round) state.probed = round
    else {
      state.unheard = state.probed = 0
      if (state.repeated++ < this.#terms.repeats) this.#answerAgain(state, round, this.#terms.aggregator, context)
      else this.#sitOut(round, context)
    }
  }

  /** `whole`: not as changes of a model, which the owner does not have. */
  #answerAgain(state: ClientState, round: number, owner: Name, context: Context, whole = false): void {
    const { answered } = state
    if (answered?.round !== round) return
    const parts = this.#uploads(round).filter((part) => part.owner === owner)
    if (this.#masks !== undefined && owner === this.#terms.aggregator) {
      if (waitsToAnswer(state.cohorts)) return
      if (parts.some((part) => isMasked(this.#terms, part, round) && hasLost(state.cohorts, part, round))) return this.#sitOut(round, context)
    }
    this.#upload(state, parts, round, answered.departure, context, 1, whole)
  }

  #accept(state: ClientState, envelope: Envelope, context: Context): void {
    const { travelling, wire } = this.#terms
    const { id, from, kind } = envelope
    const index = indexOf(travelling, envelope.part)
    const part = travelling[index] as PartTemplate | undefined
    const thread = state.threads?.get(envelope.part)
    const decoded = part === undefined ? undefined : wire.decode(part, 'model', envelope.bytes, this.#self.name, thread?.versions)
    if (part === undefined || decoded?.ok !== true) {
      context.record(fateOf(id, 'rejected', decoded?.ok === false ? decoded.why : undefined))
      if (decoded?.ok === false && decoded.why === 'reference') askWhole(envelope, this.#terms, context)
      return
    }
    const { head, body } = decoded
    const { round } = head
    const known = round === state.round && state.arrived[index] !== undefined
    if (known || round < state.round || (round === state.round && state.phase !== 'gathering')) {
      context.record(fateOf(id, known ? 'duplicate' : 'fruitless'))
      // Sent again on purpose: its owner does not know of the answer.
      if (envelope.attempt > 0) this.#answerAgain(state, round, from, context)
      return
    }
    if (envelope.attempt > 0 && state.answered?.round === round && state.round < round) {
      // It has come back since, and remembers the answer.
      context.record(fateOf(id, 'duplicate'))
      return this.#answerAgain(state, round, from, context)
    }
    context.record(admitting(id, kind, from, round, part.name))
    if (round > state.round) this.#beginRound(state, head, context)
    const values = part.down.extras.length === 0 ? body : body.subarray(0, part.length)
    state.arrived[index] = { round, values, extras: extrasOf(part.down, body) }
    if (wire.codes) this.#remember(state, part, { round, values }, decoded.reference)
    if (state.cohorts !== undefined) this.#masks?.join(state.cohorts, part, context)
    for (let i = 0; i < travelling.length; i++) if (state.arrived[i] === undefined) return
    this.#train(state, context)
  }

  /** A step of a part's cohort. */
  #stepped(state: ClientState, envelope: Envelope, context: Context): void {
    const { travelling } = this.#terms
    const part = travelling[indexOf(travelling, envelope.part)] as PartTemplate | undefined
    if (this.#masks === undefined || part === undefined) return context.record(fateOf(envelope.id, 'rejected'))
    if (this.#masks.hear(state.cohorts, envelope, part, context)) this.#offer(state, context)
  }

  /** Sends what can be sent under masks by now. */
  #offer(state: ClientState, context: Context): void {
    const { round, cohorts } = state
    const departure = cohorts && this.#masks?.offer(cohorts, this.#uploads(round), context)
    if (departure !== undefined) this.#upload(state, [this.#terms.parts[0]], round, departure, context)
  }

  /** Its owner may send changes of this model later. `reference`: the round of the model that it has sent changes of now. */
  #remember(state: ClientState, part: PartTemplate, { round, values }: Omit<Version, 'extras'>, reference = 0): void {
    const thread = threadOf(state, part)
    thread.known = Math.max(thread.known, reference)
    thread.versions = withVersion(thread.versions, { round, values }, thread.known)
  }

  /** It is told that nobody waits for its answer to a round any more. */
  #stop(state: ClientState, { id, bytes }: Envelope, context: Context): void {
    const notice = this.#terms.wire.decodeControl(bytes, 'close', isNotice)
    settleNotice(id, notice, context)
    if (!notice.ok || notice.head.round !== state.round) return
    if (state.computation !== undefined) context.abandon(state.computation)
    over(state, context)
    if (state.cohorts !== undefined) leaveCohorts(state.cohorts, context)
  }

  /**
   * By its own clock it cannot answer before the round's end: it stops, and sends nothing. Its clock may be wrong, and so
   * it may give up what was in time, or send what is late.
   */
  #giveUp(state: ClientState, needs: Micros, context: Context): void {
    const { round, deadline } = state
    context.record({ kind: 'timed', round, does: 'gives up', deadline: deadline!, needs })
    if (state.computation !== undefined) context.abandon(state.computation)
    over(state, context)
  }

  #beginRound(state: ClientState, { round, patience, missing, deadline, late }: ModelHead, context: Context): void {
    if (state.computation !== undefined) context.abandon(state.computation)
    over(state, context)
    const waits = this.#terms.travelling.length > 1 && patience !== undefined
    const enough: ClientMessage = { kind: 'patience', round }
    state.round = round
    if (state.cohorts !== undefined) leaveCohorts(state.cohorts, context)
    if (this.#masks !== undefined) state.cohorts = newCohorts(round, deadline)
    state.arrived = []
    state.phase = 'gathering'
    state.missing = missing
    // A head that was damaged and not found out may name any duration.
    state.patience = waits ? context.after(Math.min(patience, clockEnd - context.now), enough) : undefined
    if ((late !== 'give-up' && late !== 'train-less') || deadline === undefined) return
    state.trainsLess = late === 'train-less'
    const alarm: ClientMessage = { kind: 'deadline', round }
    state.deadline = deadline
    state.alarm = context.after(Math.max(0, deadline - context.now), alarm)
  }

  /** Its patience has ended: it goes on with the parts of before, or sits the round out. */
  #runOut(state: ClientState, context: Context): void {
    if (state.patience !== undefined) context.cancel(state.patience)
    state.patience = undefined
    const all = this.#terms.travelling.every((_, i) => state.arrived[i] ?? state.acknowledged[i])
    if (all && state.missing === 'last') {
      if (this.#terms.privacy !== undefined) throw new SpecificationError(staleUnderPrivacy)
      if (this.#terms.secure !== undefined) throw new SpecificationError(staleUnderMasks)
      return this.#train(state, context)
    }
    this.sitOut(state, context)
  }

  /** The model that it was sent for the round that it is at work on: [size]. Read only: it may be a message. */
  received({ personal, acknowledged }: ClientState): Float32Array {
    return this.#assemble(personal, acknowledged as readonly Version[])
  }

  /** It has come back, and is at work where it was: its round's end is waited for again. */
  resume(state: ClientState, context: Context): void {
    const { round, deadline } = state
    if (!isAtWork(state) || deadline === undefined) return
    const alarm: ClientMessage = { kind: 'deadline', round }
    state.alarm = context.after(Math.max(0, deadline - context.now), alarm)
  }

  /** Nothing comes of the round that it is at work on. */
  sitOut(state: ClientState, context: Context): void {
    over(state, context)
    this.#sitOut(state.round, context)
  }

  #train(state: ClientState, context: Context): void {
    const { travelling } = this.#terms
    if (state.patience !== undefined) context.cancel(state.patience)
    const { arrived, acknowledged, personal, kept, round } = state
    const versions = travelling.map((_, i) => (arrived[i] ?? acknowledged[i])!)
    const given = travelling.some(({ down }) => down.extras.length > 0) ? this.#gather(versions) : none
    state.acknowledged = versions
    state.patience = undefined
    state.phase = 'training'
    if (this.#elsewhere) return
    this.#proceed(state, this.#training.begin(round, this.#assemble(personal, versions), given, kept, this.#room(state, context)), context)
  }

  /** By its own clock: what there is before the deadline, for one that trains less where it has to. */
  #room({ deadline, trainsLess, round }: ClientState, context: Context): Micros | undefined {
    if (deadline === undefined || !trainsLess) return undefined
    const [room, needs] = [deadline - context.now, this.#training.cost(round)]
    if (needs >= room) context.record({ kind: 'timed', round, does: 'trains less', deadline, needs })
    return room
  }

  /** What to train from: the parts in their places, `private` segments as they were. Read only: it may be a message. */
  #assemble(personal: Float32Array, versions: readonly Version[]): Float32Array {
    const { travelling } = this.#terms
    if (versions.length === 1 && isWhole(travelling[0], personal.length)) return versions[0].values
    const parameters = personal.slice()
    versions.forEach(({ values }, i) => putPart(values, travelling[i], parameters))
    return parameters
  }

  /** What came beside the parts, each in its place of a flat vector. */
  #gather(versions: readonly Version[]): Vectors {
    const { travelling, size } = this.#terms
    const gathered: Record<string, Float32Array> = {}
    for (const [i, part] of travelling.entries()) {
      for (const { name, whole } of part.down.extras) {
        if (whole) putPart(versions[i].extras[name], part, (gathered[name] ??= new Float32Array(size)))
      }
    }
    return gathered
  }

  /** Begins the next leg, or answers after the last. */
  #proceed(state: ClientState, progress: Progress, context: Context): void {
    const step = this.#training.next(progress, state.optimizers)
    if (step === undefined) return this.answer(state, this.#training.finish(progress), progress.local.received, context)
    if (state.deadline !== undefined && context.now + step.cost >= state.deadline) {
      return this.#giveUp(state, step.cost, context)
    }
    state.computation = context.compute(step.work, step.cost)
    state.progress = progress
  }

  /** Sends what has come of the round that it is at work on; `received`: what it was made from. */
  answer(state: ClientState, departure: Departure, received: Float32Array, context: Context): void {
    const { round, deadline } = state
    const told = poisoned(this.#terms, this.#protected(departure, round, received, context), received, { client: this.#self.name, round })
    if (deadline !== undefined) {
      const does = context.now < deadline ? 'sends' : 'gives up'
      context.record({ kind: 'timed', round, does, deadline, needs: 0 })
    }
    const inTime = deadline === undefined || context.now < deadline
    const sends = inTime && this.#terms.weather.stays(this.#self.name, context.now, round)
    if (sends) {
      const { cohorts } = state
      const parts = this.#uploads(round)
      const [trunk] = this.#terms.parts
      const waits = cohorts !== undefined && parts.some((part) => isMasked(this.#terms, part, round)) && !isMasked(this.#terms, trunk, round)
      if (cohorts !== undefined) this.#masks?.putIn(cohorts, told, received, context)
      if (waits) cohorts.unsent = told
      this.#upload(state, waits ? parts.filter((part) => part !== trunk) : parts, round, told, context)
      this.#offer(state, context)
    } else {
      context.record({ kind: 'unsent', round })
      this.#sitOut(round, context)
    }
    state.personal = departure.sent
    state.kept = departure.kept
    state.answered = { round, departure: told, sent: sends }
    state.repeated = 0
    // A leg that sat this round out keeps what it remembers.
    state.optimizers = state.optimizers ? { ...state.optimizers, ...departure.optimizers } : departure.optimizers
    over(state, context)
  }

  #upload(
    state: ClientState, parts: readonly PartTemplate[], round: number, departure: Departure, context: Context, attempt = 0, whole = false,
  ): void {
    const { strategy, wire, parts: [trunk] } = this.#terms
    const { name } = this.#self
    const { examples, steps } = departure
    const head = { kind: 'update', round, examples, steps } as const
    for (const part of parts) {
      if (part !== trunk && !strategy.sends(round, part.name)) continue
      if (isMasked(this.#terms, part, round)) {
        if (attempt > 0) this.#masks?.sendAgain(state.cohorts, part, round, attempt, context)
        continue
      }
      const bytes = wire.codes
        ? this.#encoded(state, part, head, bodyOf(departure, part), whole)
        : wire.encode(part, head, bodyOf(departure, part), name, departure.roomy && isUnmixed(part, departure.sent.length))
      const content: Content = { kind: 'update', round, part: part.name, bytes, attempt, last: part === trunk, shares: wire.shares(bytes) }
      context.send(part.owner, content)
    }
  }

  /** An update about a part as its codecs make it: changes of the model that it was made from, unless all of it is to go. */
  #encoded(state: ClientState, part: PartTemplate, head: UpdateHead, body: Float32Array, whole: boolean): Uint8Array {
    const { wire, travelling } = this.#terms
    const { name } = this.#self
    const coding = wire.coding(part, 'update', name, head.round)
    if (coding === undefined) return wire.encode(part, head, body, name)
    const thread = threadOf(state, part)
    const { last, memory } = thread
    if (coding.remembers && !whole && last?.round === head.round) return last.bytes
    const reference = whole ? undefined : state.acknowledged[travelling.indexOf(part)]
    // All of it goes: nothing is left to be sent later.
    if (coding.changes && reference === undefined) memory.clear()
    const bytes = wire.encode(part, head, body, name, false, { memory, reference })
    if (coding.remembers) thread.last = { round: head.round, bytes }
    return bytes
  }

  /** What it sends in place of what it has learnt, where that is clipped. What it keeps stays as it is. */
  #protected(departure: Departure, round: number, received: Float32Array, { incarnation: life }: Context): Departure {
    const { privacy, travelling } = this.#terms
    return privacy === undefined ? departure : protect(privacy, travelling, departure, received, { client: this.#self.name, round, life })
  }

  /**
   * Parts in the order in which they are sent: experts' first, in an order that is drawn, so that what cuts an upload
   * short cuts all of them equally often; the trunk last. Its arrival is the answer that rounds count, and on one line it
   * then comes after the rest, so that a round does not close on half an answer.
   */
  #uploads(round: number): readonly PartTemplate[] {
    const { travelling } = this.#terms
    if (travelling.length === 1) return travelling
    const [trunk, ...others] = travelling
    if (others.length === 1) return [...others, trunk]
    const order = this.#terms.order(`parts of ${this.#self.name}`, round, others.length)
    return [...others.map((_, place) => others[order.at(place)]), trunk]
  }
}

/** It would send what it has made of another model than its owner takes it to be made of, and so more than was clipped. */
const staleUnderPrivacy =
  'rounds: under `privacy` a client cannot go on with an older version of a part: its owner would count more than was clipped. ' +
  "Ask with missing: 'sit-out'."

const staleUnderMasks =
  'rounds: under `secureAggregation` a client cannot go on with an older version of a part: it would put what it has moved that by under the masks ' +
  "of another. Ask with missing: 'sit-out'."

const isAtWork = ({ phase }: ClientState): boolean => phase === 'gathering' || phase === 'training'

const over = (state: ClientState, context: Context): void => {
  if (state.patience !== undefined) context.cancel(state.patience)
  if (state.alarm !== undefined) context.cancel(state.alarm)
  state.phase = 'over'
  state.patience = undefined
  state.deadline = undefined
  state.alarm = undefined
  state.computation = undefined
  state.progress = undefined
}

/** The same, in memory of its own, for one that keeps all of it: timers are set again by `resume`. */
export const copyClient = (state: ClientState): ClientState => ({
  ...state,
  arrived: [...state.arrived],
  acknowledged: [...state.acknowledged],
  patience: undefined,
  alarm: undefined,
  threads: copyThreads(state.threads),
})

const copyThreads = (threads: ClientState['threads']): ClientState['threads'] =>
  threads && new Map([...threads].map(([part, thread]) => [part, copyThread(thread)]))

/** What it remembers of the messages about a part. */
const threadOf = (state: Pick<ClientState, 'threads'>, { name }: PartTemplate): Thread => {
  const threads = (state.threads ??= new Map())
  let thread = threads.get(name)
  if (thread === undefined) threads.set(name, (thread = newThread()))
  return thread
}

const indexOf = (parts: readonly PartTemplate[], name: string): number => {
  for (let i = 0; i < parts.length; i++) if (parts[i].name === name) return i
  return -1
}

const none: Vectors = Object.freeze({})

/** Are the floats of an update about a part a client's flat vector as it lies, and nothing else? */
const isUnmixed = (part: PartTemplate, size: number): boolean => part.up.extras.length === 0 && isWhole(part, size)

/** The floats of an update about a part: its values, and the strategy's further tensors behind them. Read only. */
const bodyOf = ({ sent, extras }: Departure, part: PartTemplate): Float32Array => {
  const { up, length } = part
  if (isUnmixed(part, sent.length)) return sent
  if (up.extras.length === 0) return takePart(sent, part)
  const body = new Float32Array(up.length)
  takePart(sent, part, body.subarray(0, length))
  for (const { name, offset, length: floats, whole } of up.extras) {
    const room = body.subarray(offset, offset + floats)
    const tensor = extras[name]
    if (whole) takePart(tensor as Float32Array, part, room)
    else room.set(tensor)
  }
  return body
}
