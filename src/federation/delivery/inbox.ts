import type { Context, Received } from '../../actors/actor.js'
import type { Envelope } from '../../network/envelope.js'
import type { Content } from '../../network/network.js'
import type { Wire } from '../../network/wire.js'
import { fateOf, taking } from '../../record/happenings.js'
import type { Arrival } from '../messages.js'
import type { Incoming, Post } from './post.js'
import { readNumbered, type Trailer } from './trailer.js'

/** Hands a message to whom it is for. */
type Hand = (received: Received<Arrival>) => void

/** An envelope without the trailer of its bytes. */
const within = ({ id, from, to, kind, round, part, attempt, again, copy, sent }: Envelope, bytes: Uint8Array): Envelope =>
  ({ id, from, to, kind, round, part, attempt, again, copy, bytes, sent })

/** Takes messages in once and in the order of their numbers, and acknowledges them. Its memory is the actor's. */
export class Inbox {
  readonly #wire: Wire

  constructor(wire: Wire) {
    this.#wire = wire
  }

  arrived(post: Post, envelope: Envelope, context: Context, hand: Hand): void {
    const read = readNumbered(envelope.bytes)
    if (read === undefined) context.record(fateOf(envelope.id, 'rejected', 'checksum'))
    else this.#take(post, within(envelope, read.frame), read.trailer, context, hand)
  }

  /** Takes a message in once, and in its turn. */
  #take({ incoming }: Post, envelope: Envelope, { number, first, life }: Trailer, context: Context, hand: Hand): void {
    const { from, id } = envelope
    const settle = (fate: 'undone' | 'duplicate' | 'retransmitted'): void => context.record(fateOf(id, fate))
    let channel = incoming.get(from)
    if (channel !== undefined && life < channel.life) return settle('undone')
    if (channel === undefined || life > channel.life) {
      for (const [, { message }] of channel?.early ?? []) context.record(fateOf(message.envelope.id, 'undone'))
      // A message before `first` was acknowledged to an earlier life of this actor, or given up.
      incoming.set(from, (channel = { life, next: first, early: new Map() }))
    }
    if (number < channel.next || channel.early.has(number)) {
      settle(envelope.copy > 0 ? 'duplicate' : 'retransmitted')
      if (number < channel.next) this.#acknowledge(envelope, number, life, context)
      // What it waits for may have been acknowledged to a life before, or given up, since it was sent first.
      else this.#deliverEarly(channel, first, context, hand)
      return
    }
    const received: Received<Arrival> = { from, message: { kind: 'arrival', envelope } }
    if (number === channel.next) this.#deliver(channel, number, received, context, hand)
    else {
      context.record({ kind: 'early', envelope: id })
      channel.early.set(number, received)
    }
    this.#deliverEarly(channel, first, context, hand)
  }

  /** Hands over the message with that number, which has its turn. */
  #deliver(channel: Incoming, number: number, received: Received<Arrival>, context: Context, hand: Hand): void {
    channel.next = number + 1
    const { from, message: { envelope } } = received
    context.record(taking(envelope.id, from, number, channel.life))
    this.#acknowledge(envelope, number, channel.life, context)
    hand(received)
  }

  /** Hands over what came early and has its turn now; what its sender has given up is waited for no longer. */
  #deliverEarly(channel: Incoming, first: number, context: Context, hand: Hand): void {
    for (;;) {
      const number = channel.next
      const received = channel.early.get(number)
      if (received !== undefined) {
        channel.early.delete(number)
        this.#deliver(channel, number, received, context, hand)
      } else if (number < first) channel.next++
      else return
    }
  }

  /** One for each time that a message comes, so that each has luck of its own. */
  #acknowledge({ from, kind, round, part, attempt }: Envelope, number: number, life: number, context: Context): void {
    const bytes = this.#wire.encodeControl({ kind: 'ack', round }, { number, life })
    const content: Content = { kind: 'ack', round, part: part === '' ? kind : part, bytes, attempt }
    context.send(from, content)
  }
}
