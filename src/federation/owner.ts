import type { Name } from '../roster/participant.js'
import { beginParameters, decodeParameters, seal } from '../network/codec.js'
import type { Envelope } from '../network/envelope.js'
import type { Micros } from '../time/micros.js'
import { checkOnce } from '../checks/once.js'
import { checkState } from '../checks/state.js'
import { checkWeights } from '../checks/weights.js'
import type { Ending } from './messages.js'
import type { PartTemplate, Wire } from './part-template.js'
import type { PartState, Update } from './strategies/strategy.js'
import type { Terms } from './terms.js'

/** An update that waits for the close of its round. */
export interface Held {
  readonly envelope: Envelope
  readonly update: Update
}

/** What any server-side actor holds of its part: its state, and the updates of the open round. Plain data. */
export interface Holding {
  readonly state: PartState
  /** The round that is open here; 0 before the first. */
  readonly round: number
  readonly held: readonly Held[]
  /** How past rounds ended here: what a straggler's update is. Indexed by round. */
  readonly endings: readonly (Ending | undefined)[]
}

export const emptyHolding = (part: string, values: Float32Array): Holding => ({
  state: { part, values, personal: new Map(), memory: {} },
  round: 0,
  held: [],
  endings: [],
})

/**
 * The part as model messages, by client: one frame for all that are sent the common values, one for each that has
 * values of its own.
 */
export const modelFrames = (
  { state }: Holding,
  { down, length }: PartTemplate,
  round: number,
  terms: Terms,
): ((client: Name) => Uint8Array) => {
  const { memory, personal } = state
  const encode = (sent: Float32Array, client = ''): Uint8Array => {
    const head = { kind: 'model', round, examples: 0, steps: 0 } as const
    const { frame, values } = beginParameters(head, down.header, down.length)
    values.set(sent)
    for (const { name, offset, length: floats, otherwise } of down.extras) {
      const given = (memory[`${name}/${client}`] ?? memory[name]) as Float32Array | undefined
      if (given === undefined && otherwise === 'values') values.set(sent, offset)
      else if (given === undefined) values.fill(0, offset, offset + floats)
      else values.set(given, offset)
    }
    return terms.checksums ? seal(frame) : frame
  }
  let common: Uint8Array | undefined
  if (length === 0) common = encode(new Float32Array(0))
  return (client) => {
    const own = personal.get(client)
    const alone = own !== undefined || down.extras.some(({ name }) => `${name}/${client}` in memory)
    return alone ? encode(own ?? state.values, client) : (common ??= encode(state.values))
  }
}

const nothing: Update['extras'] = Object.freeze({})

/** The further tensors of a message's body, by name: views of it. */
export const extrasOf = ({ extras }: Wire, body: Float32Array): Update['extras'] =>
  extras.length === 0
    ? nothing
    : Object.fromEntries(extras.map(({ name, offset, length }) => [name, body.subarray(offset, offset + length)]))

/** An update as it arrived, or undefined if it is damaged or not of this part. Its vectors are views of the message. */
export const readUpdate = (envelope: Envelope, from: Name, { up, length }: PartTemplate): Update | undefined => {
  const decoded = decodeParameters(envelope.bytes, up.header)
  if (!decoded.ok || decoded.head.kind !== 'update' || decoded.body.length !== up.length) return undefined
  const { head: { round, examples, steps }, body } = decoded
  const values = up.extras.length === 0 ? body : body.subarray(0, length)
  return { client: from, round, examples, steps, values, extras: extrasOf(up, body) }
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
  const update = readUpdate(envelope, from, part)
  const round = update?.round ?? 0
  if (update === undefined || round > holding.round || round < 1) return refuse('rejected')
  const ending = holding.endings[round]
  if (round < holding.round || ending !== undefined) return refuse(ending?.after ?? 'late')
  if (holding.held.some((other) => other.update.client === from)) return refuse('duplicate')
  terms.weather.notice({ kind: 'update', round, at: now, from, part: part.name })
  const { state, endings } = holding
  return { state, round, held: holding.held.concat({ envelope, update }), endings }
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
  const { strategy, members, optimizer } = terms
  checkOnce(part.name, round, updates)
  if (strategy.convex) checkWeights(part.name, round, strategy.weights(updates))
  const about = { round, clients: members, segments: part.segments, optimizer }
  const state = strategy.fold(holding.state, updates, about)
  checkState(part.name, round, state, part.length, members, part.down.extras)
  return { ...rest, state }
}

/** Opens a round here. An older one that was never closed (its `close` was lost) ends without effect. */
export const openRound = (holding: Holding, round: number, part: PartTemplate, terms: Terms, now: Micros): Holding => {
  const stale = holding.round > 0 && holding.endings[holding.round] === undefined
  const ended = stale
    ? close(holding, { outcome: 'aborted', reason: 'superseded', after: 'aborted' }, part, terms, now)
    : holding
  return { ...ended, round, held: [] }
}
