import type { Behaviour, Context } from '../actors/actor.js'
import { examplesOf, stepsOf } from '../engine/batches.js'
import type { OptimizerState, TrainResult } from '../engine/engine.js'
import { beginParameters, decodeParameters, finishParameters } from '../network/codec.js'
import type { Envelope } from '../network/envelope.js'
import type { ClientMessage, LocalWork, Parcel } from './messages.js'
import { putPart, takePart, uploadOrder } from './part-template.js'
import { type ClientTerms, ownerOf, type Terms } from './terms.js'

/** A version of a part that a client has acknowledged by training on it. */
export interface Version {
  readonly round: number
  readonly values: Float32Array
}

/** A scenario client's state. Plain data; `personal` and `optimizer` are what a device keeps between rounds. */
export interface ClientState {
  /** All parameters as the last training left them: `private` segments live here and nowhere else. */
  readonly personal: Float32Array
  readonly optimizer: OptimizerState | undefined
  /** The round whose parts are being gathered or trained on. */
  readonly round: number
  /** Parts of that round that have arrived, by name. */
  readonly arrived: Readonly<Record<string, Version>>
  /** The last version of each part that was trained on. */
  readonly acknowledged: Readonly<Record<string, Version>>
  /** What it is doing about that round; `over` once it has answered, was interrupted or sits it out. */
  readonly phase: 'idle' | 'gathering' | 'training' | 'over'
  readonly patience: number | undefined
  readonly computation: number | undefined
}

export const newClient = (personal: Float32Array, optimizer?: OptimizerState): ClientState => ({
  personal,
  optimizer,
  round: 0,
  arrived: {},
  acknowledged: {},
  phase: 'idle',
  patience: undefined,
  computation: undefined,
})

/**
 * A scenario client: gathers the parts of a round's model from their owners, trains on its own rows from the bytes it
 * received, and sends each part back to its owner. A newer round's model ends whatever it was still doing for an older.
 */
export const scenarioClient = (terms: Terms, self: ClientTerms): Behaviour<ClientState, ClientMessage> => {
  const partOf = new Map(terms.travelling.map((part) => [part.name, part]))

  const accept = (state: ClientState, envelope: Envelope, context: Context): ClientState => {
    const now = context.now
    const part = partOf.get(envelope.part)
    const decoded = part === undefined ? undefined : decodeParameters(envelope.bytes, part.header)
    if (part === undefined || decoded === undefined || !decoded.ok || decoded.body.length !== part.length) {
      terms.account.settle(envelope, 'rejected', now)
      return state
    }
    const { round } = decoded.head
    const known = round === state.round && state.arrived[part.name] !== undefined
    if (known || round < state.round || (round === state.round && state.phase !== 'gathering')) {
      terms.account.settle(envelope, known ? 'duplicate' : 'fruitless', now)
      return state
    }
    terms.account.received(envelope, now)
    const fresh = round > state.round ? beginRound(state, round, context) : state
    const arrived = { ...fresh.arrived, [part.name]: { round, values: decoded.body } }
    const gathered = { ...fresh, arrived }
    return Object.keys(arrived).length === terms.travelling.length ? train(gathered, context) : gathered
  }

  const beginRound = (state: ClientState, round: number, context: Context): ClientState => {
    if (state.computation !== undefined) context.abandon(state.computation)
    if (state.patience !== undefined) context.cancel(state.patience)
    const limit = terms.travelling.length > 1 ? terms.policy(round, []).patience : undefined
    const patience = limit === undefined ? undefined : context.after(limit, { kind: 'patience', round } as ClientMessage)
    return { ...state, round, arrived: {}, phase: 'gathering', computation: undefined, patience }
  }

  const train = (state: ClientState, context: Context): ClientState => {
    if (state.patience !== undefined) context.cancel(state.patience)
    const { round } = state
    const parameters = state.personal.slice()
    const versions: Record<string, Version> = { ...state.acknowledged }
    for (const part of terms.travelling) {
      const version = state.arrived[part.name] ?? state.acknowledged[part.name]
      putPart(version.values, part, parameters)
      versions[part.name] = version
    }
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
        parameters,
        mu: terms.strategy.mu,
        optimizer: terms.keepOptimizer ? state.optimizer : undefined,
        plan: { epochs, seed: terms.batchSeed, key: ['client', self.name, 'round', round] },
      },
    }
    const computation = context.compute(work, Math.ceil(steps * self.stepCost))
    return { ...state, phase: 'training', patience: undefined, acknowledged: versions, computation }
  }

  const answer = (state: ClientState, work: LocalWork, result: TrainResult, context: Context): ClientState => {
    for (const part of uploadOrder(terms.travelling)) {
      const head = { kind: 'update', round: work.round, examples: self.rows } as const
      const { frame, values } = beginParameters(head, part.header, part.length)
      takePart(result.parameters, part, values)
      const parcel: Parcel = { kind: 'update', round: work.round, part: part.name, bytes: finishParameters(frame) }
      context.send(ownerOf(terms, part), parcel)
    }
    return {
      ...state,
      personal: result.parameters,
      optimizer: terms.keepOptimizer ? result.optimizer : undefined,
      phase: 'over',
      computation: undefined,
    }
  }

  return (state, { message }, context) => {
    switch (message.kind) {
      case 'arrival':
        return accept(state, message.envelope, context)
      case 'patience': {
        if (message.round !== state.round || state.phase !== 'gathering') return state
        const all = terms.travelling.every(({ name }) => state.arrived[name] ?? state.acknowledged[name])
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
