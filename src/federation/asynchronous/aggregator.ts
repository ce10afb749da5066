import type { Name } from '../../roster/participant.js'
import type { Behaviour, Context } from '../../actors/actor.js'
import { permutation } from '../../random/streams.js'
import type { RoundRow } from '../../runs/record.js'
import { type AggregatorState, newAggregator } from '../aggregator.js'
import type { AggregatorMessage, Ending } from '../messages.js'
import { tellExperts } from '../notices.js'
import type { AsynchronousTerms } from '../policies.js'
import type { Terms } from '../terms.js'
import { type AsynchronousHolding, closeStale, newHolding, type Ownership, receiveStale, sendModels } from './owner.js'

/** A client at work, as far as the aggregator knows. */
interface AtWork {
  readonly client: Name
  readonly round: number
  readonly timer: number | undefined
}

/** The aggregator's state without common rounds. `selected` are the clients at work. Plain data. */
export interface AsynchronousState extends AggregatorState {
  readonly holding: AsynchronousHolding
  readonly atWork: readonly AtWork[]
  /** The last round that each client was asked for. */
  readonly asked: ReadonlyMap<Name, number>
  /** When it looks again for clients that are available, if it will. */
  readonly looksAt: number | undefined
}

export const newAsynchronousAggregator = (trunk: Float32Array): AsynchronousState => ({
  ...newAggregator(trunk),
  holding: newHolding('trunk', trunk),
  atWork: [],
  asked: new Map(),
  looksAt: undefined,
})

const full: Ending = { outcome: 'closed', reason: 'goal reached', after: 'late' }
const nobodyLeft: Ending = { outcome: 'closed', reason: 'nobody left to answer', after: 'late' }
const nobody: Ending = { outcome: 'aborted', reason: 'nobody available', after: 'aborted' }

/**
 * The aggregator without common rounds: keeps up to `concurrency` clients at work, each on the newest model at the time
 * it was asked, and folds whenever `buffer` updates are there. A round is what happens between two folds; a client is
 * asked once in a round, so that none trains twice on the same model. A client that does not answer within `timeout`
 * gives its place to another; its update is taken in if it comes after all.
 */
export const asynchronousAggregator = (
  terms: Terms,
  rules: AsynchronousTerms,
): Behaviour<AsynchronousState, AggregatorMessage> => {
  const ownership: Ownership = { part: terms.parts[0], terms, rules }

  /** Clients to ask now: as many as there are free places, drawn among those that are available and were not asked. */
  const choose = ({ round, atWork, asked }: AsynchronousState, now: number): Name[] => {
    const busy = new Set(atWork.map(({ client }) => client))
    const idle = terms.clients.filter(
      ({ name }) => (asked.get(name) ?? 0) < round && !busy.has(name) && terms.weather.available(name, now, round),
    )
    const before = [...asked.values()].filter((last) => last === round).length
    const order = permutation(idle.length, terms.selection('select', round, before))
    const drawn = order.slice(0, Math.max(0, Math.min(rules.concurrency - atWork.length, idle.length))).sort()
    return Array.from(drawn, (i) => idle[i].name)
  }

  const ask = (state: AsynchronousState, clients: readonly Name[], context: Context): AsynchronousState => {
    if (clients.length === 0) return state
    const { round } = state
    tellExperts(terms, 'open', round, { selected: clients }, context)
    const holding = sendModels(state.holding, clients, round, ownership, context)
    const asked = new Map(state.asked)
    const busy = clients.map((client): AtWork => {
      asked.set(client, round)
      const overdue: AggregatorMessage = { kind: 'overdue', round, client }
      return { client, round, timer: rules.timeout === undefined ? undefined : context.after(rules.timeout, overdue) }
    })
    return withWork({ ...state, holding, asked }, [...state.atWork, ...busy])
  }

  const withWork = (state: AsynchronousState, atWork: readonly AtWork[]): AsynchronousState => ({
    ...state,
    atWork,
    selected: atWork.map(({ client }) => client).toSorted(),
  })

  const begin = (state: AsynchronousState, context: Context): AsynchronousState => {
    const { round } = state
    const now = context.now
    const plan = terms.policy(round, state.past)
    const fresh: AsynchronousState = { ...state, phase: 'open', terms: plan, opened: now }
    const clients = choose(fresh, now)
    terms.opened(round, now, clients)
    return goOn(ask(fresh, clients, context), context)
  }

  const fill = (state: AsynchronousState, context: Context): AsynchronousState =>
    goOn(ask(state, choose(state, context.now), context), context)

  /** With places free: looks again when somebody may be back; with nobody at work and nobody to come, ends the round. */
  const goOn = (state: AsynchronousState, context: Context): AsynchronousState => {
    const { atWork, opened, round, holding } = state
    if (atWork.length >= rules.concurrency) return state
    const now = context.now
    const change = terms.weather.nextChange(now)
    if (change !== undefined && change < opened + state.terms!.wait) {
      if (state.looksAt !== undefined && state.looksAt > now && state.looksAt <= change) return state
      context.after(change - now, { kind: 'retry', round } as AggregatorMessage)
      return { ...state, looksAt: change }
    }
    if (atWork.length > 0) return state
    return end(state, holding.held.length > 0 ? nobodyLeft : nobody, context)
  }

  const end = (state: AsynchronousState, ending: Ending, context: Context): AsynchronousState => {
    const { round, opened, asked } = state
    const now = context.now
    const last = state.terms!.last
    const told: Ending = last ? { ...ending, final: true } : ending
    const counted = ending.outcome === 'closed' ? state.holding.held.map(({ update, staleness }) => ({ update, staleness })) : []
    counted.sort(({ update: a }, { update: b }) => (a.client === b.client ? a.round - b.round : a.client < b.client ? -1 : 1))
    const holding = closeStale(state.holding, round, told, ownership, now)
    tellExperts(terms, 'close', round, told, context)
    const row: RoundRow = {
      round,
      opened,
      closed: now,
      selected: [...asked].flatMap(([client, at]) => (at === round ? [client] : [])).toSorted(),
      folded: counted.map(({ update }) => update.client),
      staleness: counted.map(({ staleness }) => staleness),
      outcome: ending.outcome,
      reason: ending.reason,
    }
    terms.weather.notice({ kind: 'round-close', round, at: now })
    terms.closed(row)
    const rest: AsynchronousState = { ...state, holding, past: [...state.past, row], terms: undefined }
    if (!last) return begin({ ...rest, round: round + 1 }, context)
    for (const { timer } of state.atWork) if (timer !== undefined) context.cancel(timer)
    return withWork({ ...rest, phase: 'done' }, [])
  }

  /** Whoever has answered, or is waited for no longer, gives its place free. */
  const release = (state: AsynchronousState, who: Name, round: number, context: Context): AsynchronousState => {
    const gone = state.atWork.find((one) => one.client === who && one.round === round)
    if (gone === undefined) return state
    if (gone.timer !== undefined) context.cancel(gone.timer)
    return withWork(state, state.atWork.filter((one) => one !== gone))
  }

  return (state, { from, message }, context) => {
    switch (message.kind) {
      case 'begin':
        return begin({ ...state, round: 1 }, context)
      case 'retry':
        return state.phase === 'open' ? fill(state, context) : state
      case 'overdue':
        return state.phase === 'open' ? fill(release(state, message.client, message.round, context), context) : state
      case 'arrival': {
        const { envelope } = message
        const holding = receiveStale(state.holding, envelope, from, ownership, context.now)
        if (state.phase !== 'open') return { ...state, holding }
        const next = release({ ...state, holding }, from, envelope.round, context)
        return holding.held.length >= rules.buffer ? end(next, full, context) : fill(next, context)
      }
      case 'deadline':
        return state
    }
  }
}
