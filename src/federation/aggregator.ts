import type { Behaviour, Context } from '../actors/actor.js'
import type { Instructions } from '../network/frame.js'
import type { Content } from '../network/network.js'
import type { RoundRow } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { aggregatorRecovery } from './aggregator-recovery.js'
import { type AggregatorState, copyAggregator, newAggregator, type Timer } from './aggregator-state.js'
import { type Candidate, chosen, stranger, whenAnswered, whenAsked } from './choice.js'
import { Idle } from './idle.js'
import type { ActorLife } from './life.js'
import type { AggregatorMessage, CloseNotice } from './messages.js'
import { close, firstHolding, type Held, openRound, type Ownership, receive, sendModels, undoneOf } from './owner.js'
import type { PartTemplate } from './parts.js'
import { profileOf } from './profile.js'
import { RollCall, type Seen } from './roll-call.js'
import type { Asking, Decision, Ending, Moment } from './rounds/round.js'
import { rearmCohort } from './secure-aggregation/cohort.js'
import { isStep } from './secure-aggregation/frames.js'
import { isMasked, patienceOf } from './secure-aggregation/secure-aggregation.js'
import { beginUnmasking, hearStep, type Outcome, stepRanOut } from './secure-aggregation/steps.js'
import { firstThere } from './selection/first-there.js'
import { Standing } from './standing.js'
import type { Terms } from './terms.js'

/** What is told of a round is final, whoever holds it. */
const frozen = (row: RoundRow): RoundRow => {
  for (const value of Object.values(row)) if (Array.isArray(value)) Object.freeze(value)
  return Object.freeze(row)
}

/**
 * The aggregator: owns the trunk, and does what the round machine decides: asks clients among those that are there, tells
 * the expert networks, sends the trunk, collects updates, closes rounds.
 */
export const aggregator = (terms: Terms): Behaviour<AggregatorState, AggregatorMessage> => {
  const { rounds: { next, admission }, weather, goal, clients: members, experts, wire, rule } = terms
  const ownership: Ownership = { part: terms.parts[0], terms }

  const profiles = rule === undefined ? [] : members.map((client) => profileOf(client, terms.strategy))
  const placeOf = admission.overlapping ? new Map(members.map(({ name }, i) => [name, i])) : undefined

  const tellExperts = (bytes: Uint8Array, kind: 'open' | 'close', round: number, context: Context): void => {
    const content: Content = { kind, round, part: '', bytes }
    const { length } = experts
    const order = length > 1 ? terms.order('experts', round, length) : undefined
    for (let i = 0; i < length; i++) context.send(experts[order?.at(i) ?? i], content)
  }

  /** Clients to ask now, of those that are `found` to be there: the first of the drawn order, or those that a rule chooses. */
  const choose = (state: AggregatorState, found: readonly number[], wanted: number, atLeast: number, now: Micros): Name[] => {
    const { round, past, choosing } = state
    if (rule === undefined || wanted === 0) return found.map((client) => members[client].name)
    const candidate = (client: number): Candidate => {
      const { name, rows: examples } = members[client]
      const { asked, answered, turn, last } = state.known!.get(name) ?? stranger
      return { name, examples, profile: profiles[client], asked, answered, turn, last }
    }
    const everybody = (): Candidate[] => {
      const order = terms.order('clients', round, members.length)
      return members.map((_, place) => candidate(order.at(place)))
    }
    const draw = (decided: string, who = ''): number => terms.draw(decided, round, who)
    const choice = { round, now, wanted, atLeast, clients: members.length, past, everybody, draw }
    const { names, state: remembered } = chosen(rule, choosing, found.map(candidate), choice)
    state.choosing = remembered
    return [...names]
  }

  const firstOf = ({ round, idle, selected }: AggregatorState, wanted: number, now: Micros): number[] => {
    const asked = new Set(selected)
    return firstThere({
      order: terms.order('clients', round, members.length),
      clients: members.length,
      wanted,
      among: idle?.ready(now),
      isThere: (client) => {
        const { name } = members[client]
        if (asked.has(name)) return false
        if (weather.available(name, now, round)) return true
        const until = idle === undefined ? undefined : weather.awayUntil(name, now)
        if (until !== undefined && until > now) idle?.park(client, until)
        return false
      },
    })
  }

  /** Whether a client is there for the round that is waited for, and when that may be otherwise. */
  const seen = (client: number, round: number, now: Micros, there: boolean): Seen => {
    const { name } = members[client]
    return { there, until: there ? weather.leaves(name, now) : weather.awayUntil(name, now, round) }
  }

  /** How many are there, by what was seen when there were too few: no look at everybody for each that comes back. */
  const countAgain = ({ round }: AggregatorState, roll: RollCall, now: Micros): number =>
    roll.count(now, (client) => seen(client, round, now, weather.available(members[client].name, now, round)))

  const callRoll = (found: readonly number[], round: number, now: Micros): RollCall => {
    const there = new Set(found)
    const roll = new RollCall()
    for (let client = 0; client < members.length; client++) roll.see(client, seen(client, round, now, there.has(client)), now)
    return roll
  }

  /** Asks, if enough are there. */
  const ask = (state: AggregatorState, asking: Asking, context: Context): Moment => {
    const { round, selected, roll } = state
    const now = context.now
    const { atLeast = 1 } = asking
    const counted = roll === undefined ? Infinity : countAgain(state, roll, now)
    if (counted < atLeast) return { kind: 'short', there: counted }
    const wanted = Math.max(asking.clients, atLeast)
    const found = firstOf(state, rule === undefined ? wanted : members.length, now)
    const clients = choose(state, found, wanted, atLeast, now)
    if (clients.length < atLeast) {
      if (!admission.overlapping && found.length < atLeast) state.roll = callRoll(found, round, now)
      return { kind: 'short', there: clients.length }
    }
    state.roll = undefined
    if (clients.length > asking.clients) clients.length = asking.clients
    if (state.opened === undefined) {
      state.opened = now
      context.record({ kind: 'round-open', round, selected: clients })
      openRound(state.holding, round, ownership, context)
    }
    if (clients.length === 0) return { kind: 'asked', clients: 0 }
    selected.push(...clients)
    state.askings++
    sendTo(state, clients, asking, context)
    for (const client of clients) {
      const overdue = asking.timeout === undefined ? undefined : waitFor(round, client, now + asking.timeout, context)
      state.atWork.set(client, { round, overdue })
      state.known?.set(client, whenAsked(state.known.get(client) ?? stranger, now, state.askings))
      state.idle?.remove(placeOf!.get(client)!)
    }
    if (asking.deadline === undefined && asking.timeout === undefined) probeAt(state, now + (terms.probe ?? 0), context)
    return { kind: 'asked', clients: clients.length }
  }

  /** Tells whoever is at work on this round that no answer is waited for any more. */
  const tellToStop = ({ round, atWork }: AggregatorState, context: Context): void => {
    const bytes = wire.encodeControl({ kind: 'close', round }, {})
    const content: Content = { kind: 'close', round, part: '', bytes }
    for (const [client, work] of atWork) if (work.round === round) context.send(client, content)
  }

  const sendTo = (
    state: AggregatorState,
    clients: readonly Name[],
    { patience, missing = 'last', deadline, late, timeout }: Asking,
    context: Context,
  ): void => {
    const { holding, round } = state
    state.timeout = timeout
    const instructions: Instructions = { patience, missing, deadline, late }
    state.instructions = instructions
    if (experts.length > 0) {
      tellExperts(wire.encodeControl({ kind: 'open', round, ...instructions }, { selected: clients }), 'open', round, context)
    }
    sendModels(holding, clients, round, instructions, ownership, context, state.attempt)
  }

  const waitFor = (round: number, client: Name, at: Micros, context: Context): Timer => {
    const overdue: AggregatorMessage = { kind: 'overdue', round, client }
    return { at, number: context.after(Math.max(0, at - context.now), overdue) }
  }

  const setTimer = (state: AggregatorState, name: string, at: Micros, context: Context): void => {
    cancel(state.timers.get(name), context)
    const timer: AggregatorMessage = { kind: 'timer', round: state.round, name }
    state.timers.set(name, { at, number: context.after(Math.max(0, at - context.now), timer) })
  }

  const lookAt = (state: AggregatorState, at: Micros, context: Context): void => {
    if (state.look?.at === at && state.look.number !== undefined) return
    cancel(state.look, context)
    const look: AggregatorMessage = { kind: 'look', round: state.round }
    state.look = { at, number: context.after(Math.max(0, at - context.now), look) }
  }

  /** Those at work are asked then whether they still are, if that is asked at all and nothing else bounds the wait. */
  const probeAt = (state: AggregatorState, at: Micros, context: Context): void => {
    if (terms.probe === undefined || state.probing?.number !== undefined) return
    const probing: AggregatorMessage = { kind: 'probing' }
    state.probing = { at, number: context.after(Math.max(0, at - context.now), probing) }
  }

  const probe = (state: AggregatorState, context: Context): AggregatorState => {
    state.probing = undefined
    if (state.phase !== 'flying' || state.atWork.size === 0) return state
    for (const [client, { round }] of state.atWork) {
      const bytes = wire.encodeControl({ kind: 'probe', round }, {})
      const content: Content = { kind: 'probe', round, part: '', bytes, keepalive: true }
      context.send(client, content)
    }
    probeAt(state, context.now + terms.probe!, context)
    return state
  }

  const cancel = (timer: Timer | undefined, context: Context): void => {
    if (timer?.number !== undefined) context.cancel(timer.number)
  }

  const stopProbing = (state: AggregatorState, context: Context): void => {
    cancel(state.probing, context)
    state.probing = undefined
  }

  /** Whoever has answered, or is waited for no longer, gives its place free. */
  const release = (state: AggregatorState, client: Name, round: number, context: Context): boolean => {
    const work = state.atWork.get(client)
    if (work === undefined || work.round !== round) return false
    cancel(work.overdue, context)
    state.idle?.add(placeOf!.get(client)!, round === state.round)
    return state.atWork.delete(client)
  }

  /** A client will not answer for a round: it says so, or what was sent to it was never acknowledged. */
  const excuse = (state: AggregatorState, client: Name, round: number, context: Context): AggregatorState => {
    if (!release(state, client, round, context)) return state
    state.excused.push(client)
    return state.phase === 'flying' ? advance(state, { kind: 'available' }, context) : state
  }

  /** Nothing is waited for in this round any more. */
  const stopWaiting = (state: AggregatorState, last: boolean, context: Context): void => {
    for (const timer of state.timers.values()) cancel(timer, context)
    state.timers.clear()
    cancel(state.look, context)
    state.look = undefined
    state.roll = undefined
    state.hopeless = false
    if (!admission.overlapping || last) stopProbing(state, context)
  }

  const noticeOf = ({ outcome, reason, after }: Ending, last: boolean): CloseNotice =>
    ({ outcome, reason, after, ...(admission.overlapping && last && { final: true }) })

  /** Parts that are summed under masks in a round. */
  const maskedParts = (round: number): PartTemplate[] => terms.parts.filter((part) => isMasked(terms, part, round))

  /**
   * Where updates are summed under masks, a round that is to close is over once the sums of all parts are unmasked, or cannot be: it is scored
   * with what has come of them. The other owners hear of it now, and say when they are through; one that does not is waited for as
   * long as a step lasts.
   */
  const unmask = (state: AggregatorState, ending: Ending, last: boolean, context: Context): AggregatorState => {
    const { round, holding, opened, instructions } = state
    stopWaiting(state, last, context)
    const notice = noticeOf(ending, last)
    const masked = maskedParts(round)
    const times = { opened: opened ?? context.now, deadline: instructions?.deadline }
    const at = context.now + patienceOf(terms.secure!, times, context.now, true)
    const awaits = new Set(masked.filter((part) => part !== ownership.part).map(({ owner }) => owner))
    const isOwn = masked.includes(ownership.part)
    state.closing = { ending, last, trunk: isOwn ? undefined : notice, awaits, timer: waitForParts(round, at, context) }
    if (ending.stop === true && !last) tellToStop(state, context)
    if (experts.length > 0) tellExperts(wire.encodeControl({ kind: 'close', round }, notice), 'close', round, context)
    return isOwn ? settle(state, beginUnmasking(holding, round, notice, ownership, context), context) : state
  }

  const waitForParts = (round: number, at: Micros, context: Context): Timer => {
    const enough: AggregatorMessage = { kind: 'parts', round }
    return { at, number: context.after(Math.max(0, at - context.now), enough) }
  }

  /** The owner of another part is through with a round that waits for it. */
  const isThrough = (state: AggregatorState, owner: Name, round: number, context: Context): AggregatorState => {
    const { closing } = state
    if (closing === undefined || round !== state.round || !closing.awaits.has(owner)) return state
    state.closing = { ...closing, awaits: new Set([...closing.awaits].filter((one) => one !== owner)) }
    return endIfThrough(state, context)
  }

  /** Ends the round, if nothing of it is to be unmasked any more. */
  const endIfThrough = (state: AggregatorState, context: Context): AggregatorState => {
    const { ending, last, trunk, awaits, timer } = state.closing!
    if (trunk === undefined || awaits.size > 0) return state
    cancel(timer, context)
    end(state, { ...ending, ...trunk }, last, context)
    const moment = goOn(state, last, context)
    return moment === undefined ? state : advance(state, moment, context)
  }

  /** What has come of a step of secure aggregation. */
  const settle = (state: AggregatorState, outcome: Outcome, context: Context): AggregatorState => {
    switch (outcome.kind) {
      case 'waits':
        return state
      case 'left out': {
        const { round } = state
        for (const client of outcome.clients) excuse(state, client, round, context)
        return state
      }
      case 'broken':
        state.broken = outcome.reason
        return advance(state, { kind: 'available' }, context)
      case 'ended':
        state.closing = { ...state.closing!, trunk: outcome.notice }
        return endIfThrough(state, context)
      default:
        return outcome satisfies never
    }
  }

  /** Ends the round that is open or waited for. */
  const end = (state: AggregatorState, ending: Ending, last: boolean, context: Context): void => {
    const { round, holding, opened, since, selected, refused, excused, closing } = state
    const now = context.now
    const { overlapping } = admission
    stopWaiting(state, last, context)
    state.closing = state.broken = undefined
    let counted: readonly Held[] = []
    // A life before may have opened the round that this one waits to open: whoever knows of it is told that it is over.
    const resumed = opened === undefined && state.attempt > 0 && !overlapping
    if (resumed) openRound(holding, round, ownership, context)
    if (opened !== undefined || resumed) {
      const notice = noticeOf(ending, last)
      if (ending.stop === true && !last && closing === undefined) tellToStop(state, context)
      counted = close(holding, round, notice, ownership, context)
      if (experts.length > 0 && closing === undefined) tellExperts(wire.encodeControl({ kind: 'close', round }, notice), 'close', round, context)
      const clients = counted.map(({ update }) => update.client)
      // Of a round whose sums are unmasked, how it ended for the trunk.
      state.ended = { round, notice, clients, ...(overlapping && { rounds: counted.map(({ update }) => update.round) }) }
    }
    const row: RoundRow = frozen({
      round,
      opened: opened ?? since,
      closed: now,
      selected: selected.toSorted(),
      folded: counted.map(({ update }) => update.client),
      ...(refused.length > 0 && { refused }),
      ...(excused.length > 0 && { excused: excused.toSorted() }),
      ...(overlapping && { staleness: counted.map(({ staleness }) => staleness) }),
      outcome: ending.outcome,
      reason: ending.reason,
    })
    state.past.push(row)
    context.record({ kind: 'round-close', row, last })
    if (!overlapping || last) {
      for (const { overdue } of state.atWork.values()) cancel(overdue, context)
      state.atWork.clear()
    }
    if (last) state.phase = 'done'
    else state.round = round + 1
    state.idle?.nextRound()
    state.since = now
    state.opened = undefined
    state.selected = []
    state.refused = []
    state.excused = []
    state.instructions = undefined
    state.attempt = 0
  }

  /** Does what the machine decides; says what came of it, if the machine must know. */
  const carryOut = (state: AggregatorState, decision: Decision<unknown>, context: Context): Moment | undefined => {
    const { ask: asking, timers = [], lookAt: instant, awaits = false, close: ending, done = false } = decision
    state.machine = decision.state
    state.awaits = awaits && !state.hopeless
    const asked = asking === undefined ? undefined : ask(state, asking, context)
    for (const { name, at } of timers) setTimer(state, name, at, context)
    if (instant !== undefined) lookAt(state, instant, context)
    if (ending === undefined) return asked
    if (ending.outcome === 'closed' && state.opened !== undefined && maskedParts(state.round).length > 0) {
      unmask(state, ending, done, context)
      return undefined
    }
    end(state, ending, done, context)
    return goOn(state, done, context)
  }

  /** What follows a round that has ended: the next, at once or once the close is scored and written down. */
  const goOn = (state: AggregatorState, last: boolean, context: Context): Moment | undefined => {
    if (last) return undefined
    const writing = terms.checkpointTime(state.holding, state.round - 1)
    if (goal === undefined && writing === 0) return { kind: 'begin' }
    judge(state, context.now + writing, context)
    return undefined
  }

  /** Lets the close be scored (that was scheduled before this message, for the same instant), and be written down. */
  const judge = (state: AggregatorState, at: Micros, context: Context): void => {
    const judged: AggregatorMessage = { kind: 'judged', round: state.round }
    state.judging = { at, number: context.after(Math.max(0, at - context.now), judged) }
  }

  /** Ends the flight between two rounds: nothing is taken in or folded any more. */
  const finish = (state: AggregatorState, context: Context): void => {
    state.phase = 'done'
    stopProbing(state, context)
    if (!admission.overlapping) return
    const notice: CloseNotice = { outcome: 'aborted', reason: 'goal reached', after: 'surplus', final: true }
    close(state.holding, state.round, notice, ownership, context)
    if (experts.length > 0) {
      tellExperts(wire.encodeControl({ kind: 'close', round: state.round }, notice), 'close', state.round, context)
    }
    for (const { overdue } of state.atWork.values()) cancel(overdue, context)
    state.atWork.clear()
  }

  const advance = (state: AggregatorState, first: Moment, context: Context): AggregatorState => {
    // What waited for a judgement may come after the last round.
    if (state.phase === 'done') return state
    // How the round ends is decided, and what comes of the next is asked when it begins.
    if (state.closing !== undefined) return state
    if (state.judging !== undefined || state.lagging.size > 0) {
      state.meanwhile.push(first)
      return state
    }
    let moment: Moment | undefined = first
    while (moment !== undefined) {
      moment = carryOut(state, next(state.machine, moment, new Standing(state, members.length, weather, context.now)), context)
    }
    return state
  }

  /** Sets again what a crash has withdrawn; what is past comes at once. */
  const wake = (state: AggregatorState, context: Context): AggregatorState => {
    for (const [name, { at }] of state.timers) setTimer(state, name, at, context)
    if (state.look !== undefined) lookAt(state, state.look.at, context)
    // Whoever has come back meanwhile, it was not told.
    else if (state.awaits) lookAt(state, context.now, context)
    if (state.probing !== undefined) probeAt(state, state.probing.at, context)
    if (state.judging !== undefined) judge(state, state.judging.at, context)
    rearmCohort(state.holding, context)
    if (state.closing !== undefined) state.closing = { ...state.closing, timer: waitForParts(state.round, state.closing.timer.at, context) }
    for (const [client, { round, overdue }] of state.atWork) {
      if (overdue === undefined) continue
      state.atWork.set(client, { round, overdue: waitFor(round, client, overdue.at, context) })
    }
    return state
  }

  const { recover, hear, keep, runOut, tellWhere, isBack, sendWhole } = aggregatorRecovery(ownership, placeOf, {
    advance, wake, excuse, isThrough, behave: (state, received, context) => behave(state, received, context),
  })

  const behave: Behaviour<AggregatorState, AggregatorMessage> = (state, { from, message }, context) => {
    switch (message.kind) {
      case 'begin':
        state.phase = 'flying'
        state.since = context.now
        return advance(state, { kind: 'begin' }, context)
      case 'wake':
        return message.whole ? wake(state, context) : recover(state, context)
      case 'recovered':
        if (message.who !== undefined) return isBack(state, message.who, context)
        return state.recovery === undefined ? state : runOut(state, state.recovery, context)
      case 'timer':
        state.timers.delete(message.name)
        return advance(state, { kind: 'timer', name: message.name }, context)
      case 'judged': {
        const { meanwhile } = state
        state.judging = undefined
        state.meanwhile = []
        if (goal?.reached) finish(state, context)
        else for (const moment of [{ kind: 'begin' } as const, ...meanwhile]) advance(state, moment, context)
        return state
      }
      case 'probing':
        return probe(state, context)
      case 'unheard':
        if (message.message !== 'model' && message.message !== 'probe' && message.message !== 'keys' && message.message !== 'shares') return state
        return state.recovery === undefined ? excuse(state, message.to, message.round, context) : state
      case 'look':
        state.look = undefined
        return advance(state, { kind: 'available' }, context)
      case 'back':
        // One that has come back looks once it knows where the others are.
        if (state.recovery !== undefined) return state
        state.hopeless = message.hopeless
        return state.phase === 'flying' && state.awaits ? advance(state, { kind: 'available' }, context) : state
      case 'halted':
        state.phase = 'done'
        for (const timer of [...state.timers.values(), state.look, state.probing]) cancel(timer, context)
        return state
      case 'overdue':
        release(state, message.client, message.round, context)
        return state.phase === 'flying' ? advance(state, { kind: 'available' }, context) : state
      case 'parts':
        if (state.closing === undefined || message.round !== state.round) return state
        state.closing = { ...state.closing, awaits: new Set() }
        return endIfThrough(state, context)
      case 'step':
        return settle(state, stepRanOut(state.holding, message, ownership, context), context)
      case 'arrival': {
        const { envelope } = message
        if (envelope.kind === 'status') return hear(state, from, envelope, context)
        if (state.recovery !== undefined) return keep(state, state.recovery, { from, message }, context)
        if (envelope.kind === 'recover') return tellWhere(state, from, envelope, context)
        if (envelope.kind === 'resend') return sendWhole(state, from, envelope, context)
        if (isStep(envelope.kind)) return settle(state, hearStep(state.holding, envelope, from, ownership, context), context)
        const received = receive(state.holding, envelope, from, ownership, context)
        if (state.phase !== 'flying' || received === 'asked') return state
        const released = release(state, from, envelope.round, context)
        if (received !== undefined) state.excused = state.excused.filter((client) => client !== from)
        if (received === 'refused') {
          state.refused.push(from)
          return advance(state, { kind: 'refused', client: from, round: envelope.round }, context)
        }
        if (received !== undefined) {
          state.known?.set(from, whenAnswered(state.known.get(from) ?? stranger, received, context.now))
          const { update: { client, round }, staleness } = received
          return advance(state, { kind: 'answered', client, round, staleness }, context)
        }
        return released ? advance(state, { kind: 'available' }, context) : state
      }
      default:
        return message satisfies never
    }
  }
  return behave
}

export const aggregatorLife = (terms: Terms): ActorLife<AggregatorState, AggregatorState, AggregatorMessage> => ({
  behaviour: aggregator(terms),
  begin: () => {
    const idle = terms.rounds.admission.overlapping ? new Idle(terms.clients.keys()) : undefined
    return newAggregator(firstHolding(terms.parts[0], terms), idle, terms.rule && new Map())
  },
  checkpoint: copyAggregator,
  restore: copyAggregator,
  wake: (whole) => ({ kind: 'wake', whole }),
  recovers: ({ recovery, lagging }) => recovery !== undefined || lagging.size > 0,
  unheard: (about) => about,
  undone: ({ holding, recovery }, kept) => undoneOf(holding, kept?.holding, recovery && [...recovery.again, ...recovery.waiting]),
})
