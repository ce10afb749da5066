import type { Context, Message } from '../../actors/actor.js'
import type { Envelope } from '../../network/envelope.js'
import type { Content } from '../../network/network.js'
import { acknowledging, numbering } from '../../record/happenings.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import type { Unheard } from '../messages.js'
import { settleNotice } from '../settle-notice.js'
import type { Carriage } from './carriage.js'
import type { Outgoing, Post, Sent } from './post.js'
import { backedOff, firstTrips, sampled } from './round-trips.js'
import { numbered } from './trailer.js'

/** Time to send a message again, if it is not acknowledged. */
export interface Retry extends Message {
  readonly kind: 'retry'
  readonly to: Name
  readonly number: number
}

const isAcknowledgement = (body: unknown): body is { readonly number: number; readonly life: number } => {
  const { number, life } = (body ?? {}) as { readonly number?: unknown; readonly life?: unknown }
  return Number.isSafeInteger(number) && Number.isSafeInteger(life)
}

/** Is anything unacknowledged? */
const isWaiting = ({ outgoing }: Post): boolean => {
  for (const { sent } of outgoing.values()) if (sent.size > 0) return true
  return false
}

/** Numbers what is sent, and sends it again until it is acknowledged or given up. Its memory is the actor's. */
export class Outbox {
  readonly #carriage: Carriage

  constructor(carriage: Carriage) {
    this.#carriage = carriage
  }

  /** Sends, or puts off what is to come after all else; what only keeps alive is spared where something else does. */
  post(post: Post, to: Name, content: Content, context: Context): void {
    if (content.keepalive === true && (post.outgoing.get(to)?.sent.size ?? 0) > 0) return
    if (content.last === true && (post.waiting.length > 0 || isWaiting(post))) post.waiting.push({ to, content })
    else this.#send(post, to, content, context)
  }

  #send(post: Post, to: Name, content: Content, context: Context): void {
    let outgoing = post.outgoing.get(to)
    const { timeout } = this.#carriage
    if (outgoing === undefined) {
      outgoing = { next: 1, sent: new Map(), trips: timeout === 'adaptive' ? firstTrips(this.#carriage) : undefined }
      post.outgoing.set(to, outgoing)
    }
    const patience = outgoing.trips?.wait ?? (timeout as Micros)
    const number = outgoing.next++
    context.record(numbering(to, number))
    this.#transmit(outgoing, { to, number, content, tries: 0, patience, due: 0, at: 0, timer: undefined }, context)
  }

  /** Puts a message on the network, and waits for its acknowledgement. */
  #transmit(outgoing: Outgoing, before: Sent, context: Context): void {
    const { to, number, content, tries, patience } = before
    const { backoff, longest, transit, jitter, wire } = this.#carriage
    const undisturbed = transit(context.self, to, content.bytes.length)
    const wait = Math.min(longest, patience * backoff ** tries)
    if (tries > 0 && outgoing.trips !== undefined) outgoing.trips = backedOff(outgoing.trips, Math.ceil(wait))
    const due = context.now + undisturbed
    const at = context.now + Math.ceil((undisturbed + wait) * (1 + jitter(context.self, before)))
    const retry: Retry = { kind: 'retry', to, number }
    const timer = context.after(at - context.now, retry)
    // Field by field, as all that is made of every message: what is spread V8 copies name by name.
    outgoing.sent.set(number, { to, number, content, tries, patience, due, at, timer })
    const first = outgoing.sent.size === 1 ? number : outgoing.sent.keys().next().value!
    const bytes = numbered(content.bytes, { number, first, life: context.incarnation }, wire.brief)
    const { kind, round, part, attempt = 0, shares } = content
    const message: Content = { kind, round, part, bytes, attempt: attempt + tries, shares }
    context.send(to, message)
  }

  /** An acknowledgement is overdue: once more, or given up; what was given up. */
  again(post: Post, { to, number }: Retry, context: Context): Unheard | undefined {
    const outgoing = post.outgoing.get(to)
    const sent = outgoing?.sent.get(number)
    if (outgoing === undefined || sent === undefined) return undefined
    const { kind: message, round, part } = sent.content
    if (sent.tries < this.#carriage.retries) {
      this.#transmit(outgoing, { ...sent, tries: sent.tries + 1 }, context)
      return undefined
    }
    outgoing.sent.delete(number)
    context.record({ kind: 'gave-up', to, number, message, round, part })
    this.#sendWaiting(post, context)
    return { kind: 'unheard', to, message, round, part }
  }

  acknowledged(post: Post, { id, from, bytes }: Envelope, context: Context): void {
    const ack = this.#carriage.wire.decodeControl(bytes, 'ack', isAcknowledgement)
    settleNotice(id, ack, context)
    if (!ack.ok || ack.body.life !== context.incarnation) return
    const outgoing = post.outgoing.get(from)
    const sent = outgoing?.sent.get(ack.body.number)
    if (outgoing === undefined || sent === undefined) return
    if (sent.timer !== undefined) context.cancel(sent.timer)
    outgoing.sent.delete(sent.number)
    // Of one that was sent again nobody knows which try was acknowledged.
    if (outgoing.trips !== undefined && sent.tries === 0) {
      outgoing.trips = sampled(outgoing.trips, Math.max(0, context.now - sent.due), this.#carriage)
    }
    context.record(acknowledging(from, sent.number))
    this.#sendWaiting(post, context)
  }

  /** What waited for all else goes, if nothing else is under way. */
  #sendWaiting(post: Post, context: Context): void {
    while (post.waiting.length > 0 && !isWaiting(post)) {
      const [{ to, content }] = post.waiting.splice(0, 1)
      this.#send(post, to, content, context)
    }
  }

  /** Sets again what a crash has withdrawn; what is past comes at once. */
  rearm(post: Post, context: Context): void {
    for (const [to, { sent }] of post.outgoing) {
      for (const [number, one] of sent) {
        const retry: Retry = { kind: 'retry', to, number }
        sent.set(number, { ...one, timer: context.after(Math.max(0, one.at - context.now), retry) })
      }
    }
  }
}
