import type { Context } from '../actors/actor.js'
import type { Envelope } from '../network/envelope.js'
import type { ModelHead } from '../network/frame.js'
import type { Content } from '../network/network.js'
import { newThread, type Thread, type Version, withVersion } from '../network/thread.js'
import type { Coding, Sender } from '../network/wire.js'
import type { Name } from '../roster/participant.js'
import type { PartTemplate } from './parts.js'
import { sentTo } from './strategies/fold.js'
import type { StaleUpdate } from './strategies/stale-updates.js'
import type { PartState } from './strategies/strategy.js'
import type { Terms } from './terms.js'

/*
 * Messages that are coded, at an owner: which models its clients have, as they read them, and what is done where one end has
 * another than was meant.
 */

/** What an owner remembers of the messages with each client. */
export interface Threads {
  readonly threads: Map<Name, Thread>
}

interface Ownership {
  readonly part: PartTemplate
  readonly terms: Pick<Terms, 'wire'>
}

/** What is remembered of the messages with a client. */
export const threadOf = ({ threads }: Threads, client: Name): Thread => {
  let thread = threads.get(client)
  if (thread === undefined) threads.set(client, (thread = newThread()))
  return thread
}

/** A client has named a model: it has it, and nothing will be of one before. */
export const learn = (thread: Thread, reference: number): void => {
  if (reference < thread.known) return
  thread.known = reference
  thread.versions = thread.versions.filter(({ round }) => round >= reference)
}

/** A client has not the model that changes were of: from now on it is sent all, until it names one. */
export const forget = (holding: Threads, client: Name): void => {
  const thread = threadOf(holding, client)
  thread.known = 0
  thread.last = undefined
}

/** The newest model that a client is known to have. */
export const knownVersion = ({ versions, known }: Thread): Version | undefined =>
  known > 0 ? versions.find(({ round }) => round === known) : undefined

/** The bodies of models, and whether a client's is its own. */
interface Bodies {
  readonly isAlone: (client: Name) => boolean
  readonly of: (client: Name, alone: boolean) => Float32Array
}

/** A frame, and the model that its receivers read in it. */
interface Made {
  readonly bytes: Uint8Array
  readonly version: Version
}

/** A coded model message, and what its client reads in it: [length of the part]. */
export const exchanged = (
  part: PartTemplate, head: ModelHead, body: Float32Array, client: Name, sender: Sender, { wire }: Pick<Terms, 'wire'>,
): { readonly bytes: Uint8Array; readonly values: Float32Array } => {
  const bytes = wire.encode(part, head, body, client, false, sender)
  const read = wire.decode(part, 'model', bytes, client, sender.reference && [sender.reference])
  if (!read.ok) throw new Error(`a model that was just encoded cannot be read: ${read.why}`)
  return { bytes, values: read.body.subarray(0, part.length) }
}

/**
 * The part as coded model messages, by client: one frame for all that are sent the same numbers by the same codec, as changes
 * of the same model or of none; one for each client with whom its codec remembers something.
 */
export const codedFrames = (
  holding: Threads, round: number, head: ModelHead, { isAlone, of }: Bodies, { part, terms }: Ownership,
): ((client: Name) => Uint8Array) => {
  const { wire } = terms
  const made = new Map<Coding | undefined, Map<Version | undefined, Made>>()
  let body: Float32Array | undefined
  const make = (client: Name, coding: Coding | undefined, reference: Version | undefined, alone: boolean): Made => {
    const values = alone ? of(client, true) : (body ??= of(client, false))
    if (coding === undefined) {
      const model = values.length === part.length ? values : values.slice(0, part.length)
      return { bytes: wire.encode(part, head, values, client), version: { round, values: model } }
    }
    const { memory } = threadOf(holding, client)
    // All of it goes: nothing is left to be sent later.
    if (coding.changes && reference === undefined) memory.clear()
    const common = !alone && !coding.remembers
    const { bytes, values: read } = exchanged(part, head, values, client, { memory, reference, common }, terms)
    return { bytes, version: { round, values: read } }
  }
  return (client) => {
    const thread = threadOf(holding, client)
    const coding = wire.coding(part, 'model', client, round)
    const alone = isAlone(client)
    if (coding?.remembers === true && thread.last?.round === round) return thread.last.bytes
    const reference = coding?.changes === true ? knownVersion(thread) : undefined
    let one: Made | undefined
    if (alone || coding?.remembers === true) one = make(client, coding, reference, alone)
    else {
      let frames = made.get(coding)
      if (frames === undefined) made.set(coding, (frames = new Map()))
      one = frames.get(reference)
      if (one === undefined) frames.set(reference, (one = make(client, coding, reference, false)))
    }
    thread.versions = withVersion(thread.versions, one.version, thread.known)
    if (coding?.remembers === true) thread.last = { round, bytes: one.bytes }
    return one.bytes
  }
}

/** A message holds changes of a model that its receiver does not have: it is asked for whole. */
export const askWhole = ({ round, part, from }: Envelope, { wire }: Pick<Terms, 'wire'>, context: Context): void => {
  const bytes = wire.encodeControl({ kind: 'resend', round }, { whole: true })
  const content: Content = { kind: 'resend', round, part, bytes }
  context.send(from, content)
}

/**
 * The update as if its client had been sent the part exactly, and had moved by as much: what a codec has done to the model on
 * its way down does not come back with the update. Running statistics are taken as they are, for they move towards what
 * they count, and not by steps.
 */
export const moved = <One extends StaleUpdate>(held: One, state: PartState, { segments }: Pick<PartTemplate, 'segments'>): One => {
  const { update, base } = held
  const now = sentTo(state, update.client)
  if (base === now || (base.length === now.length && base.every((value, i) => Object.is(value, now[i])))) return held
  const values = update.values.map((value, i) => now[i] + (value - base[i]))
  for (const { trainable, offset, size } of segments) if (!trainable) values.set(update.values.subarray(offset, offset + size), offset)
  return { ...held, base: now, update: { ...update, values } }
}
