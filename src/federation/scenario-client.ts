import type { Behaviour, Context } from '../actors/actor.js'
import { examplesOf, stepsOf } from '../engine/feeding/batches.js'
import type { OptimizerState, TrainResult } from '../engine/engine.js'
import { beginParameters, decodeParameters, seal } from '../network/codec.js'
import type { Envelope } from '../network/envelope.js'
import type { ClientMessage, LocalWork, Parcel } from './messages.js'
import { isWhole, putPart, takePart, uploadOrder } from './part-template.js'
import { type ClientTerms, ownerOf, type Terms } from './terms.js'

/** A version of a part that a client has acknowledged by training on it. */
export interface Version {
  readonly round: number
  readonly values: Float32Array
}

/**
 * A scenario client's state. Plain data; `personal` and `optimizer` are what a device keeps between rounds.
 *
 * The steps of every round write it out field by field, in this order: V8 takes 0.8 us to spread such a record and 0.02
 * to make one.
 */
export interface ClientState {
  /** All parameters as the last training left them: `private` segments live here and nowhere else. */
  readonly personal: Float32Array
  readonly optimizer: OptimizerState | undefined
  /** The round whose parts are being gathered or trained on. */
  readonly round: number
  /** Parts of that round that have arrived, in the order of `Terms.travelling`. */
  readonly arrived: readonly (Version | undefined)[]
  /** The last version of each part that was trained on, in that order. */
  readonly acknowledged: readonly (Version | undefined)[]
  /** What it is doing about that round; `over` once it has answered, was interrupted or sits it out. */
  readonly phase: 'idle' | 'gathering' | 'training' | 'over'
  readonly patience: number | undefined
  readonly computation: number | undefined
}

export const newClient = (personal: Float32Array, optimizer?: OptimizerState): ClientState => ({
  personal,
  optimizer,
  round: 0,
  arrived: [],
  acknowledged: [],
  phase: 'idle',
  patience: undefined,
  computation: undefined,
})

/**
 * A scenario client: gathers the parts of a round's model from their owners, trains on its own rows from the bytes it
 * received, and sends each part back to its owner. A newer round's model ends whatever it was still doing for an older.
 */
export const scenarioClient = (terms: Terms, self: ClientTerms): Behaviour<ClientState, ClientMessage> => {
  const { travelling } = terms
  const upload = uploadOrder(travelling)

  const accept = (state: ClientState, envelope: Envelope, context: Context): ClientState => {
    const now = context.now
    const index = travelling.findIndex(({ name }) => name === envelope.part)
    const decoded = index < 0 ? undefined : decodeParameters(envelope.bytes, travelling[index].header)
    if (decoded === undefined || !decoded.ok || decoded.body.length !== travelling[index].length) {
      terms.account.settle(envelope, 'rejected', now)
      return state
    }
    const { round } = decoded.head
    const known = round === state.round && state.arrived[index] !== undefined
    if (known || round < state.round || (round === state.round && state.phase !== 'gathering')) {
      terms.account.settle(envelope, known ? 'duplicate' : 'fruitless', now)
      return state
    }
    terms.account.received(envelope, now)
    const fresh = round > state.round ? beginRound(state, round, context) : state
    const { personal, optimizer, acknowledged, phase, patience, computation } = fresh
    const version: Version = { round, values: decoded.body }
    const arrived = travelling.map((_, i) => (i === index ? version : fresh.arrived[i]))
    const gathered = { personal, optimizer, round, arrived, acknowledged, phase, patience, computation }
    return arrived.includes(undefined) ? gathered : train(gathered, context)
  }

  const beginRound = (state: ClientState, round: number, context: Context): ClientState => {
    if (state.computation !== undefined) context.abandon(state.computation)
    if (state.patience !== undefined) context.cancel(state.patience)
    const limit = travelling.length > 1 ? terms.policy(round, []).patience : undefined
    const enough: ClientMessage = { kind: 'patience', round }
    const patience = limit === undefined ? undefined : context.after(limit, enough)
    const { personal, optimizer, acknowledged } = state
    const arrived: ClientState['arrived'] = []
    return { personal, optimizer, round, arrived, acknowledged, phase: 'gathering', patience, computation: undefined }
  }

  /** What to train from: the parts in their places, `private` segments as they were. Read only: it may be a message. */
  const assemble = (personal: Float32Array, versions: readonly Version[]): Float32Array => {
    if (versions.length === 1 && isWhole(travelling[0], personal.length)) return versions[0].values
    const parameters = personal.slice()
    versions.forEach(({ values }, i) => putPart(values, travelling[i], parameters))
    return parameters
  }

  const train = (state: ClientState, context: Context): ClientState => {
    if (state.patience !== undefined) context.cancel(state.patience)
    const { personal, optimizer, round, arrived } = state
    const versions = travelling.map((_, i) => (state.arrived[i] ?? state.acknowledged[i])!)
    const epochs = self.epochs * terms.weather.completeness(self.name, round)
    const steps = stepsOf(self.rows, self.batch, epochs)
    const work: LocalWork = {
      round,
      examples: examplesOf(self.rows, self.batch, steps),
      train: {
        kind: 'train',
        client: self.name,
        program: self.program,
        data: self.data,
        parameters: assemble(personal, versions),
        mu: terms.strategy.mu,
        optimizer: terms.keepOptimizer ? optimizer : undefined,
        plan: { epochs, seed: terms.batchSeed, key: ['client', self.name, 'round', round] },
      },
    }
    const computation = context.compute(work, Math.ceil(steps * self.stepCost))
    const acknowledged = versions
    return { personal, optimizer, round, arrived, acknowledged, phase: 'training', patience: undefined, computation }
  }

  const answer = (state: ClientState, work: LocalWork, result: TrainResult, context: Context): ClientState => {
    const { round } = work
    for (const part of upload) {
      const head = { kind: 'update', round, examples: self.rows } as const
      const { frame, values } = beginParameters(head, part.header, part.length, terms.frames.take)
      takePart(result.parameters, part, values)
      const bytes = terms.checksums ? seal(frame) : frame
      const parcel: Parcel = { kind: 'update', round, part: part.name, bytes }
      context.send(ownerOf(terms, part), parcel)
    }
    return {
      personal: result.parameters,
      optimizer: terms.keepOptimizer ? result.optimizer : undefined,
      round: state.round,
      arrived: state.arrived,
      acknowledged: state.acknowledged,
      phase: 'over',
      patience: state.patience,
      computation: undefined,
    }
  }

  return (state, { message }, context) => {
    switch (message.kind) {
      case 'arrival':
        return accept(state, message.envelope, context)
      case 'patience': {
        if (message.round !== state.round || state.phase !== 'gathering') return state
        const all = travelling.every((_, i) => state.arrived[i] ?? state.acknowledged[i])
        const waiting = { ...state, patience: undefined }
        if (all && terms.policy(state.round, []).missing === 'last') return train(waiting, context)
        return { ...waiting, phase: 'over' }
      }
      case 'computed':
        return answer(state, message.job, message.result, context)
      case 'interrupted':
        return { ...state, phase: 'over', computation: undefined }
    }
  }
}
