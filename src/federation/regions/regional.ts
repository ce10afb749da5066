import type { Behaviour, Context } from '../../actors/actor.js'
import type { Name } from '../../roster/participant.js'
import { aggregatorLife } from '../aggregator.js'
import type { AggregatorState } from '../aggregator-state.js'
import { type ClientState, copyClient, ScenarioClient } from '../client.js'
import type { ActorLife } from '../life.js'
import type { Departure } from '../local-training.js'
import type { AggregatorMessage, ClientMessage } from '../messages.js'
import { putPart, takePart } from '../parts.js'
import type { ClientTerms, Terms } from '../terms.js'
import { CALLED_OFF, type Errand, firstOf, lastOf, resting } from './region-rounds.js'
import { RegionContext } from './region-context.js'

/** A regional aggregator's state: that of an aggregator to its region, and what it is to the servers. */
export interface RegionalState extends AggregatorState {
  /** What a client is to the servers: the model that it gathers, and its answers. */
  face: ClientState
}

interface RegionalCheckpoint {
  readonly region: AggregatorState
  readonly face: ClientState
}

export type RegionalMessage = AggregatorMessage | Extract<ClientMessage, { readonly kind: 'patience' | 'deadline' }>

/** What a region and its regional aggregator go by. */
export interface RegionTerms {
  /** What it goes by as a client of the servers. */
  readonly top: Terms
  readonly self: ClientTerms
  /** What it goes by as its region's aggregator: it owns the one part, which is the whole model. */
  readonly region: Terms
  /** Rounds of its region for each of the aggregator's. */
  readonly every: number
}

/**
 * A regional aggregator: a client to the servers, which gathers a round's model and answers with what came of it; and in
 * place of training an aggregator to the clients of its region, which flies some rounds of theirs from that model.
 *
 * HierFAVG: Liu, Zhang, Song, Letaief, "Client-Edge-Cloud Hierarchical Federated Learning", ICC 2020, algorithm 1.
 */
export const regionalLife = ({ top, self, region, every }: RegionTerms): ActorLife<RegionalState, RegionalCheckpoint, RegionalMessage> => {
  const client = new ScenarioClient(top, self, 'elsewhere')
  const aggregator = aggregatorLife(region)
  const [part] = region.parts
  const members: ReadonlySet<Name> = new Set(region.clients.map(({ name }) => name))

  const asAggregator = (state: RegionalState, message: AggregatorMessage, from: Name, context: Context): void => {
    aggregator.behaviour(state, { from, message }, new RegionContext(context))
  }

  const asClient = (state: RegionalState, message: ClientMessage, from: Name, context: Context): void => {
    state.face = client.behaviour(state.face, { from, message }, context)
  }

  const errandOf = ({ machine }: RegionalState): Errand => (machine ?? resting) as Errand

  /** Its region begins to fly for the round that it has all parts of; where it knows of later rounds of its region, with those. */
  const begin = (state: RegionalState, context: Context): void => {
    const { face, holding } = state
    const of = face.round
    state.round = Math.max(state.round, firstOf(of, every))
    // A life before has flown all of it, and what came of it is lost.
    if (state.round > lastOf(of, every)) return client.sitOut(face, context)
    holding.state = { part: part.name, values: takePart(client.received(face), part), personal: new Map(), memory: {} }
    holding.behind = undefined
    const before = face.trainsLess ? face.deadline : undefined
    state.machine = { of, through: false, before, inner: undefined } satisfies Errand
    asAggregator(state, { kind: 'begin' }, context.self, context)
  }

  /** Whatever its region is flying for, nobody waits for it any more. */
  const callOff = (state: RegionalState, context: Context): void => {
    if (errandOf(state).through) state.machine = resting
    else asAggregator(state, { kind: 'timer', round: state.round, name: CALLED_OFF }, context.self, context)
  }

  /** Its region is through: what is behind its last fold goes to the servers, if there was one. */
  const answer = (state: RegionalState, context: Context): void => {
    const { face, holding: { behind, state: { values } } } = state
    state.machine = resting
    if (behind === undefined) return client.sitOut(face, context)
    const received = client.received(face)
    const sent = received.slice()
    putPart(values, part, sent)
    const departure: Departure = { sent, roomy: false, extras: {}, kept: {}, optimizers: undefined, ...behind }
    client.answer(face, departure, received, context)
  }

  /** Brings what its region does in line with what the servers wait for; not while it looks for its place after a crash. */
  const settle = (state: RegionalState, context: Context): void => {
    if (state.recovery !== undefined || state.phase === 'done') return
    const { face } = state
    const wanted = (): number => (face.phase === 'training' ? face.round : 0)
    const { of } = errandOf(state)
    if (of !== 0 && of !== wanted()) callOff(state, context)
    if (wanted() !== 0 && errandOf(state).of !== wanted()) begin(state, context)
    if (wanted() !== 0 && errandOf(state).through) answer(state, context)
  }

  const behaviour: Behaviour<RegionalState, RegionalMessage> = (state, { from, message }, context) => {
    switch (message.kind) {
      case 'patience':
      case 'deadline':
        asClient(state, message, from, context)
        break
      case 'wake':
        asAggregator(state, message, from, context)
        client.resume(state.face, context)
        // The servers send it again what they wait for an answer to, whether or not messages are acknowledged.
        asClient(state, message, from, context)
        break
      case 'unheard':
        if (members.has(message.to)) asAggregator(state, message, from, context)
        else asClient(state, message, from, context)
        break
      case 'arrival':
        if (members.has(from)) asAggregator(state, message, from, context)
        else asClient(state, message, from, context)
        break
      default:
        asAggregator(state, message, from, context)
    }
    settle(state, context)
    return state
  }

  return {
    behaviour,
    begin: () => ({ ...aggregator.begin(), face: client.begin() }),
    checkpoint: (state) => ({ region: aggregator.checkpoint(state), face: copyClient(state.face) }),
    restore: ({ region: kept, face }) => ({
      ...aggregator.restore(kept),
      // What it was gathering is not all there: it is sent again.
      face: face.phase === 'training' ? copyClient(face) : client.restore(client.checkpoint(face)),
    }),
    wake: (whole) => ({ kind: 'wake', whole }),
    recovers: (state) => aggregator.recovers!(state),
    unheard: (about) => about,
    undone: (state, kept) => aggregator.undone!(state, kept?.region),
  }
}
