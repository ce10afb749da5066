import { crc32 } from 'node:zlib'

import type { Behaviour, Context, Message, Received } from '../actors/actor.js'
import type { Envelope } from '../network/envelope.js'
import type { Content } from '../network/network.js'
import type { Wire } from '../network/wire.js'
import type { Streams } from '../random/streams.js'
import type { Told } from '../record/flight-recorder.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { ActorLife } from './life.js'
import type { Arrival } from './messages.js'
import { settleNotice } from './settle-notice.js'

/**
 * What a numbered message has behind its frame, little-endian: u32 number, from 1 for each receiver in each life of the
 * sender; u32 the first number that the sender still wants to bring over; u32 the sender's life; u32 CRC-32 of all bytes
 * before it. It finds out what a bit flipped anywhere does; the frame's own checksum is not needed then.
 */
const TRAILER = 16

interface Trailer {
  readonly number: number
  readonly first: number
  readonly life: number
}

const { readUInt32LE, writeUInt32LE } = Buffer.prototype

/** A frame with its trailer. */
export const numbered = (frame: Uint8Array, { number, first, life }: Trailer): Uint8Array => {
  const bytes = new Uint8Array(frame.length + TRAILER)
  bytes.set(frame)
  const words = [number, first, life]
  words.forEach((word, i) => writeUInt32LE.call(bytes as Buffer, word, frame.length + 4 * i))
  writeUInt32LE.call(bytes as Buffer, crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

/** The frame and its trailer, or undefined if a bit of it is not what it was. */
export const readNumbered = (bytes: Uint8Array): { readonly frame: Uint8Array; readonly trailer: Trailer } | undefined => {
  const end = bytes.length - TRAILER
  if (end < 0) return undefined
  const word = (i: number): number => readUInt32LE.call(bytes as Buffer, end + 4 * i)
  if (word(3) !== crc32(bytes.subarray(0, -4))) return undefined
  return { frame: bytes.subarray(0, end), trailer: { number: word(0), first: word(1), life: word(2) } }
}

/** A message that was sent and is not acknowledged. */
interface Sent {
  readonly to: Name
  readonly number: number
  readonly content: Content
  /** How often it was sent again. */
  readonly tries: number
  /** When it is sent again, and the timer, where it is set. */
  readonly at: Micros
  readonly timer: number | undefined
}

/** What is sent to one receiver. */
interface Outgoing {
  /** The number that the next message has. */
  next: number
  readonly sent: Map<number, Sent>
}

/** What comes from one sender. */
interface Incoming {
  readonly life: number
  /** The number that is taken in next. */
  next: number
  /** What came before its turn. */
  readonly early: Map<number, Received<Arrival>>
}

/** An actor's outbox and inbox: a part of its state, so that they die with it and come back with its checkpoint. */
export interface Post {
  readonly outgoing: Map<Name, Outgoing>
  readonly incoming: Map<Name, Incoming>
  /** What is sent once all that was sent before is over. */
  waiting: { readonly to: Name; readonly content: Content }[]
}

/** The state of an actor whose messages are delivered reliably. */
export type Posted<State> = State & { post?: Post }

const newPost = (): Post => ({ outgoing: new Map(), incoming: new Map(), waiting: [] })

const copyPost = ({ outgoing, incoming, waiting }: Post): Post => ({
  outgoing: new Map([...outgoing].map(([to, { next, sent }]) => [
    to, { next, sent: new Map([...sent].map(([number, one]) => [number, { ...one, timer: undefined }])) },
  ])),
  incoming: new Map([...incoming].map(([from, { life, next, early }]) => [from, { life, next, early: new Map(early) }])),
  waiting: [...waiting],
})

/** Time to send a message again, if it is not acknowledged. */
interface Retry extends Message {
  readonly kind: 'retry'
  readonly to: Name
  readonly number: number
}

/** How an actor's messages are acknowledged and sent again. */
export interface Carriage {
  readonly retries: number
  readonly timeout: Micros
  readonly backoff: number
  readonly longest: Micros
  /** What a message and its acknowledgement take on an undisturbed path. */
  readonly transit: (from: Name, to: Name, bytes: number) => Micros
  /** A number in [0, jitter) for a message and a try. */
  readonly jitter: (from: Name, sent: Sent) => number
  readonly wire: Wire
}

/** The handler's context, but what is sent goes through the outbox. */
class PostContext implements Context {
  constructor(
    private readonly context: Context,
    private readonly post: (to: Name, content: Content) => void,
  ) {}

  get self(): Name {
    return this.context.self
  }

  get incarnation(): number {
    return this.context.incarnation
  }

  get now(): Micros {
    return this.context.now
  }

  get streams(): Streams {
    return this.context.streams
  }

  send(to: Name, message: Message): void {
    this.post(to, message as Content)
  }

  after(delay: Micros, message: Message): number {
    return this.context.after(delay, message)
  }

  cancel(timer: number): void {
    this.context.cancel(timer)
  }

  compute(job: unknown, cost: Micros): number {
    return this.context.compute(job, cost)
  }

  abandon(computation: number): void {
    this.context.abandon(computation)
  }

  record(what: Told): void {
    this.context.record(what)
  }
}

const isAcknowledgement = (body: unknown): body is { readonly number: number; readonly life: number } => {
  const { number, life } = (body ?? {}) as { readonly number?: unknown; readonly life?: unknown }
  return Number.isSafeInteger(number) && Number.isSafeInteger(life)
}

/** Outbox and inbox of one actor, around what it does itself. */
class Postman<State, Kept, M extends Message> implements ActorLife<Posted<State>, { kept: Kept; post: Post }, M> {
  readonly #life: ActorLife<State, Kept, M>
  readonly #carriage: Carriage

  constructor(life: ActorLife<State, Kept, M>, carriage: Carriage) {
    this.#life = life
    this.#carriage = carriage
  }

  begin(): Posted<State> {
    return Object.assign(this.#life.begin() as Posted<State>, { post: newPost() })
  }

  checkpoint(state: Posted<State>): { kept: Kept; post: Post } {
    return { kept: this.#life.checkpoint(state), post: copyPost(state.post!) }
  }

  restore({ kept, post }: { kept: Kept; post: Post }): Posted<State> {
    return Object.assign(this.#life.restore(kept) as Posted<State>, { post: copyPost(post) })
  }

  wake(whole: boolean): M {
    return this.#life.wake?.(whole) ?? ({ kind: 'wake', whole } as unknown as M)
  }

  undone(state: Posted<State>, kept: { kept: Kept; post: Post } | undefined): readonly number[] {
    const early = [...state.post!.incoming].flatMap(([from, { early: all }]) =>
      [...all].filter(([number]) => kept?.post.incoming.get(from)?.early.has(number) !== true).map(([, { message }]) => message.envelope.id))
    return [...(this.#life.undone?.(state, kept?.kept) ?? []), ...early]
  }

  readonly behaviour: Behaviour<Posted<State>, M> = (state, received, context) => {
    const message = received.message as Message
    switch (message.kind) {
      case 'retry':
        this.#again(state, message as Retry, context)
        return state
      case 'wake':
        this.#rearm(state, context)
        return this.#life.wake === undefined ? state : this.#handle(state, received, context)
      case 'arrival':
        return this.#arrived(state, (message as Arrival).envelope, context)
      default:
        return this.#handle(state, received, context)
    }
  }

  #handle(state: Posted<State>, received: Received<M>, context: Context): Posted<State> {
    const post = new PostContext(context, (to, content) => this.#post(state, to, content, context))
    return this.#life.behaviour(state, received, post) as Posted<State>
  }

  /** Sends, or puts off what is to come after all else. */
  #post(state: Posted<State>, to: Name, content: Content, context: Context): void {
    const post = state.post!
    const busy = post.waiting.length > 0 || [...post.outgoing.values()].some(({ sent }) => sent.size > 0)
    if (content.last === true && busy) post.waiting.push({ to, content })
    else this.#send(post, to, content, context)
  }

  #send(post: Post, to: Name, content: Content, context: Context): void {
    let outgoing = post.outgoing.get(to)
    if (outgoing === undefined) post.outgoing.set(to, (outgoing = { next: 1, sent: new Map() }))
    const number = outgoing.next++
    context.record({ kind: 'numbered', to, number })
    this.#transmit(outgoing, { to, number, content, tries: 0, at: 0, timer: undefined }, context)
  }

  /** Puts a message on the network, and waits for its acknowledgement. */
  #transmit(outgoing: Outgoing, before: Sent, context: Context): void {
    const { to, number, content, tries } = before
    const { timeout, backoff, longest, transit, jitter } = this.#carriage
    const wait = transit(context.self, to, content.bytes.length) + Math.min(longest, timeout * backoff ** tries)
    const at = context.now + Math.ceil(wait * (1 + jitter(context.self, before)))
    const retry: Retry = { kind: 'retry', to, number }
    outgoing.sent.set(number, { ...before, at, timer: context.after(at - context.now, retry) })
    const [first] = outgoing.sent.keys()
    const bytes = numbered(content.bytes, { number, first, life: context.incarnation })
    const message: Content = { ...content, bytes, attempt: (content.attempt ?? 0) + tries }
    context.send(to, message)
  }

  #again({ post }: Posted<State>, { to, number }: Retry, context: Context): void {
    const outgoing = post!.outgoing.get(to)
    const sent = outgoing?.sent.get(number)
    if (outgoing === undefined || sent === undefined) return
    const { kind, round, part } = sent.content
    if (sent.tries < this.#carriage.retries) return this.#transmit(outgoing, { ...sent, tries: sent.tries + 1 }, context)
    outgoing.sent.delete(number)
    context.record({ kind: 'gave-up', to, number, message: kind, round, part })
    this.#sendWaiting(post!, context)
  }

  /** What waited for all else goes, if nothing else is under way. */
  #sendWaiting(post: Post, context: Context): void {
    while (post.waiting.length > 0 && [...post.outgoing.values()].every(({ sent }) => sent.size === 0)) {
      const [{ to, content }] = post.waiting.splice(0, 1)
      this.#send(post, to, content, context)
    }
  }

  /** Sets again what a crash has withdrawn; what is past comes at once. */
  #rearm({ post }: Posted<State>, context: Context): void {
    for (const [to, { sent }] of post!.outgoing) {
      for (const [number, one] of sent) {
        const retry: Retry = { kind: 'retry', to, number }
        sent.set(number, { ...one, timer: context.after(Math.max(0, one.at - context.now), retry) })
      }
    }
  }

  #arrived(state: Posted<State>, envelope: Envelope, context: Context): Posted<State> {
    if (envelope.kind === 'ack') {
      this.#acknowledged(state.post!, envelope, context)
      return state
    }
    const read = readNumbered(envelope.bytes)
    if (read === undefined) {
      context.record({ kind: 'settle', envelope: envelope.id, fate: 'rejected', because: 'checksum' })
      return state
    }
    return this.#take(state, { ...envelope, bytes: read.frame }, read.trailer, context)
  }

  /** Takes a message in once, and in its turn. */
  #take(state: Posted<State>, envelope: Envelope, { number, first, life }: Trailer, context: Context): Posted<State> {
    const { from, id } = envelope
    const { incoming } = state.post!
    const settle = (fate: 'undone' | 'duplicate' | 'retransmitted'): void => context.record({ kind: 'settle', envelope: id, fate })
    let channel = incoming.get(from)
    if (channel !== undefined && life < channel.life) {
      settle('undone')
      return state
    }
    if (channel === undefined || life > channel.life) {
      for (const [, { message }] of channel?.early ?? []) context.record({ kind: 'settle', envelope: message.envelope.id, fate: 'undone' })
      // A message before `first` was acknowledged to an earlier life of this actor, or given up.
      incoming.set(from, (channel = { life, next: first, early: new Map() }))
    }
    if (number < channel.next || channel.early.has(number)) {
      settle(envelope.copy > 0 ? 'duplicate' : 'retransmitted')
      if (number < channel.next) this.#acknowledge(envelope, number, life, context)
      return state
    }
    if (number > channel.next) context.record({ kind: 'early', envelope: id })
    channel.early.set(number, { from, message: { kind: 'arrival', envelope } })
    return this.#deliver(state, channel, first, context)
  }

  /** Hands over what has its turn; what its sender has given up is waited for no longer. */
  #deliver(state: Posted<State>, channel: Incoming, first: number, context: Context): Posted<State> {
    let after = state
    for (;;) {
      const number = channel.next
      const received = channel.early.get(number)
      if (received === undefined) {
        if (number >= first) return after
        channel.next++
        continue
      }
      channel.next = number + 1
      channel.early.delete(number)
      const { from, message: { envelope } } = received
      context.record({ kind: 'taken', envelope: envelope.id, from, number, life: channel.life })
      this.#acknowledge(envelope, number, channel.life, context)
      after = this.#handle(after, received as unknown as Received<M>, context)
    }
  }

  /** One for each time that a message comes, so that each has luck of its own. */
  #acknowledge({ from, kind, round, part, attempt }: Envelope, number: number, life: number, context: Context): void {
    const bytes = this.#carriage.wire.encodeControl({ kind: 'ack', round }, { number, life })
    const content: Content = { kind: 'ack', round, part: part === '' ? kind : part, bytes, attempt }
    context.send(from, content)
  }

  #acknowledged(post: Post, { id, from, bytes }: Envelope, context: Context): void {
    const ack = this.#carriage.wire.decodeControl(bytes, 'ack', isAcknowledgement)
    settleNotice(id, ack, context)
    if (!ack.ok || ack.body.life !== context.incarnation) return
    const outgoing = post.outgoing.get(from)
    const sent = outgoing?.sent.get(ack.body.number)
    if (outgoing === undefined || sent === undefined) return
    if (sent.timer !== undefined) context.cancel(sent.timer)
    outgoing.sent.delete(sent.number)
    context.record({ kind: 'acknowledged', to: from, number: sent.number })
    this.#sendWaiting(post, context)
  }
}

/**
 * An actor whose messages are numbered, acknowledged when they are taken in, sent again until they are (at most so often,
 * at waits that grow), and taken in once and in their order. What it has sent and not heard of is a part of its state.
 */
export const reliable = <State, Kept, M extends Message>(
  life: ActorLife<State, Kept, M>, carriage: Carriage,
): ActorLife<Posted<State>, { kept: Kept; post: Post }, M> => new Postman(life, carriage)
