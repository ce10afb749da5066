import type { Name } from '../roster/participant.js'
import type { Behaviour, Context } from '../actors/actor.js'
import { permutation } from '../random/streams.js'
import type { RoundRow } from '../runs/record.js'
import type { AggregatorMessage, Ending, Parcel } from './messages.js'
import { tellExperts } from './notices.js'
import { close, emptyHolding, type Holding, modelFrames, openRound, receive } from './owner.js'
import type { RoundTerms } from './policies.js'
import type { Terms } from './terms.js'

/** The aggregator's state: the trunk, and the round it is in. Plain data. */
export interface AggregatorState {
  readonly holding: Holding
  readonly phase: 'idle' | 'waiting' | 'open' | 'done'
  /** The round that is open or waited for. */
  readonly round: number
  readonly terms: RoundTerms | undefined
  readonly waitingSince: number
  readonly opened: number
  readonly selected: readonly Name[]
  /** The deadline's timer. */
  readonly timer: number | undefined
  readonly past: readonly RoundRow[]
}

export const newAggregator = (trunk: Float32Array): AggregatorState => ({
  holding: emptyHolding('trunk', trunk),
  phase: 'idle',
  round: 0,
  terms: undefined,
  waitingSince: 0,
  opened: 0,
  selected: [],
  timer: undefined,
  past: [],
})

const nobody: Ending = { outcome: 'aborted', reason: 'nobody available', after: 'aborted' }

/** Written out, because it is done for every update: V8 takes 0.8 us to spread such a record. */
const withHolding = (state: AggregatorState, holding: Holding): AggregatorState => {
  const { phase, round, terms, waitingSince, opened, selected, timer, past } = state
  return { holding, phase, round, terms, waitingSince, opened, selected, timer, past }
}

/**
 * The aggregator: opens and closes rounds, selects clients, owns the trunk. One round: choose among the clients that
 * are available; tell the expert networks; send the trunk; collect updates until all asked, the goal, or the deadline;
 * fold or abort; tell the expert networks; go on.
 */
export const aggregator = (terms: Terms): Behaviour<AggregatorState, AggregatorMessage> => {
  const trunk = terms.parts[0]

  /** Opens round `state.round`, or waits for clients, or gives it up. */
  const tryOpen = (state: AggregatorState, context: Context): AggregatorState => {
    const { round } = state
    const now = context.now
    const plan = state.terms ?? terms.policy(round, state.past)
    const candidates = terms.clients.filter(({ name }) => terms.weather.available(name, now, round))
    if (candidates.length < plan.quorum || candidates.length === 0) {
      const change = terms.weather.nextChange(now)
      const end = state.waitingSince + plan.wait
      if (change !== undefined && change < end) {
        context.after(change - now, { kind: 'retry', round } as AggregatorMessage)
        return { ...state, phase: 'waiting', terms: plan }
      }
      return giveUp({ ...state, terms: plan }, Math.max(0, (plan.after ?? 0) - (now - state.waitingSince)), context)
    }
    const order = permutation(candidates.length, terms.selection('select', round))
    const drawn = order.slice(0, Math.min(plan.ask, candidates.length)).sort()
    const selected = Array.from(drawn, (i) => candidates[i].name)
    terms.opened(round, now, selected)
    const holding = openRound(state.holding, round, trunk, terms, now)
    tellExperts(terms, 'open', round, { selected }, context)
    const bytesFor = modelFrames(holding, trunk, round, terms)
    for (const client of selected) {
      const parcel: Parcel = { kind: 'model', round, part: trunk.name, bytes: bytesFor(client) }
      context.send(client, parcel)
    }
    const deadline: AggregatorMessage = { kind: 'deadline', round }
    const timer = plan.after === undefined ? undefined : context.after(plan.after, deadline)
    return { ...state, holding, phase: 'open', terms: plan, opened: now, selected, timer }
  }

  /** Nobody can take part: the round counts, lasts as long as it would have, and changes nothing. */
  const giveUp = (state: AggregatorState, rest: number, context: Context): AggregatorState => {
    if (rest > 0) {
      context.after(rest, { kind: 'deadline', round: state.round } as AggregatorMessage)
      return { ...state, phase: 'waiting' }
    }
    return end({ ...state, selected: [], opened: state.waitingSince }, nobody, context)
  }

  /** Ends the round that is open or waited for, and begins the next. */
  const end = (state: AggregatorState, ending: Ending, context: Context): AggregatorState => {
    const { round } = state
    const now = context.now
    if (state.timer !== undefined) context.cancel(state.timer)
    const folded = ending.outcome === 'closed' ? state.holding.held.map(({ update }) => update.client).toSorted() : []
    let holding = state.holding
    if (state.phase === 'open') {
      holding = close(holding, ending, trunk, terms, now)
      tellExperts(terms, 'close', round, ending, context)
    }
    const { opened, selected } = state
    const { outcome, reason } = ending
    const row: RoundRow = { round, opened, closed: now, selected, folded, outcome, reason }
    const past = [...state.past, row]
    terms.weather.notice({ kind: 'round-close', round, at: now })
    terms.closed(row)
    const rest = { ...state, holding, past, timer: undefined, terms: undefined, selected: [] }
    if (state.terms?.last === true) return { ...rest, phase: 'done' }
    return tryOpen({ ...rest, round: round + 1, waitingSince: now }, context)
  }

  return (state, { from, message }, context) => {
    switch (message.kind) {
      case 'begin':
        return tryOpen({ ...state, round: 1, waitingSince: context.now }, context)
      case 'retry':
        return state.phase === 'waiting' && message.round === state.round ? tryOpen(state, context) : state
      case 'deadline': {
        if (message.round !== state.round || state.phase === 'done' || state.phase === 'idle') return state
        if (state.phase === 'waiting') {
          return end({ ...state, selected: [], opened: state.waitingSince }, nobody, context)
        }
        const enough = state.holding.held.length >= (state.terms?.quorum ?? 1)
        return end(
          state,
          enough
            ? { outcome: 'closed', reason: 'deadline', after: 'late' }
            : { outcome: 'aborted', reason: 'deadline, below quorum', after: 'aborted' },
          context,
        )
      }
      case 'overdue':
        return state
      case 'arrival': {
        const holding = receive(state.holding, message.envelope, from, trunk, terms, context.now)
        if (holding === state.holding) return state
        const next = withHolding(state, holding)
        const answers = holding.held.length
        if (answers >= state.selected.length) {
          return end(next, { outcome: 'closed', reason: 'all answered', after: 'late' }, context)
        }
        if (state.terms !== undefined && answers >= state.terms.closeAt) {
          return end(next, { outcome: 'closed', reason: 'goal reached', after: 'surplus' }, context)
        }
        return next
      }
    }
  }
}
