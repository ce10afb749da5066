import type { Context } from '../../actors/actor.js'
import type { Envelope } from '../../network/envelope.js'
import type { Content } from '../../network/network.js'
import { fateOf } from '../../record/happenings.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import type { Departure } from '../local-training.js'
import type { ClientMessage } from '../messages.js'
import { type PartTemplate, takePart } from '../parts.js'
import type { Terms } from '../terms.js'
import { decodeStep, encodeMasked, isStep } from './frames.js'
import { inputOf } from './input.js'
import { hear, join, maskedInput, type Membership } from './membership.js'
import { isMasked, patienceOf, type SecureAggregationTerms } from './secure-aggregation.js'

/** What a client is in the cohorts of its round. Plain data; it ends with the round, and dies with the client. */
export interface Cohorts {
  readonly round: number
  /** The end of that round, if it ends at any time. */
  readonly ends: Micros | undefined
  /** What it is in the cohort of each part, by the part's name. */
  readonly memberships: Map<string, Membership>
  /** It waits for shares of other parts before it sends the trunk: the timer that ends that; 'over': it has ended. */
  alone: number | 'over' | undefined
  /** A trunk without numbers, which goes as it is, and is the answer all the same: what it waits to send. */
  unsent: Departure | undefined
}

export const newCohorts = (round: number, ends: Micros | undefined): Cohorts =>
  ({ round, ends, memberships: new Map(), alone: undefined, unsent: undefined })

/** What it has learnt and not sent yet goes nowhere; what it has sent it helps to unmask. */
export const leaveCohorts = (cohorts: Cohorts, context: Context): void => {
  if (typeof cohorts.alone === 'number') context.cancel(cohorts.alone)
  cohorts.alone = cohorts.unsent = undefined
  for (const own of cohorts.memberships.values()) own.input = undefined
}

/** Does an answer for a round wait for shares of others, and come by itself? */
export const waitsToAnswer = (cohorts: Cohorts | undefined): boolean => cohorts?.unsent !== undefined

/** Masks die with their client, and with their round: what it has learnt cannot be sent without. */
export const hasLost = (cohorts: Cohorts | undefined, { name }: PartTemplate, round: number): boolean => {
  const own = cohorts?.round === round ? cohorts.memberships.get(name) : undefined
  return own === undefined || (own.masked === undefined && own.input === undefined)
}

/** A client's side of secure aggregation: it joins a cohort for each part that it is sent, and what it has learnt goes there under masks. */
export class MaskedUploads {
  /** `sitOut`: tells the aggregator that no answer will come for a round. */
  constructor(
    private readonly terms: Terms,
    private readonly secure: SecureAggregationTerms,
    private readonly client: Name,
    private readonly sitOut: (round: number, context: Context) => void,
  ) {}

  /** It has a part of its round, of which updates are summed under masks: it advertises its keys. */
  join({ round, memberships }: Cohorts, part: PartTemplate, context: Context): void {
    if (!isMasked(this.terms, part, round)) return
    const { membership, bytes } = join(this.secure, { part: part.name, round, client: this.client, life: context.incarnation })
    memberships.set(part.name, membership)
    const content: Content = { kind: 'keys', round, part: part.name, bytes }
    context.send(part.owner, content)
  }

  /** A step of a part's cohort; `true`: something may be sent now. */
  hear(cohorts: Cohorts | undefined, { id, kind, bytes }: Envelope, part: PartTemplate, context: Context): boolean {
    const read = isStep(kind) ? decodeStep(bytes, kind) : undefined
    if (!isStep(kind) || read?.ok !== true) {
      context.record(fateOf(id, 'rejected', read?.ok === false ? read.why : undefined))
      return false
    }
    const { round } = read.head
    const own = cohorts?.round === round ? cohorts.memberships.get(part.name) : undefined
    if (own === undefined) {
      context.record(fateOf(id, 'late'))
      return false
    }
    const { fate, reply, stuck } = hear(own, kind, read.head, read.body, this.secure, { part: part.name, round, client: this.client, life: context.incarnation })
    context.record(fateOf(id, fate))
    if (reply !== undefined) {
      const content: Content = { kind: kind === 'keys' ? 'shares' : kind, round, part: part.name, bytes: reply }
      context.send(part.owner, content)
    }
    if (stuck === true) this.#leave(part, round, context)
    return kind !== 'unmask'
  }

  /** Puts what it has learnt into the cohorts of its parts. What it cannot say in fixed point is told. */
  putIn({ round, memberships }: Cohorts, { sent, examples }: Departure, received: Float32Array, context: Context): void {
    for (const part of this.terms.travelling) {
      const own = memberships.get(part.name)
      if (own === undefined) continue
      const { ring, beyond, notFinite } = inputOf(takePart(sent, part), takePart(received, part), examples, this.secure)
      own.input = ring
      if (notFinite || beyond > 0) context.record({ kind: 'saturated', round, part: part.name, beyond, of: part.length, notFinite })
    }
  }

  /**
   * Sends the masked inputs that can be sent, of `parts` in their order. The trunk's, which is the answer that rounds count, goes once no
   * other part waits for shares any more: it would close the round on half an answer. An owner that is dead is waited for as long
   * as a step lasts. What comes back is a trunk without numbers that is to go now, as it is.
   */
  offer(cohorts: Cohorts, parts: readonly PartTemplate[], context: Context): Departure | undefined {
    const { memberships, ends, round, unsent } = cohorts
    const [trunk] = this.terms.parts
    for (const part of parts) if (part !== trunk && memberships.get(part.name)?.input !== undefined) this.#send(cohorts, part, context)
    const own = memberships.get(trunk.name)
    if (own?.input === undefined ? unsent === undefined : own.step !== 'input') return undefined
    if (cohorts.alone !== 'over' && [...memberships.values()].some(({ step }) => step === 'keys' || step === 'shares')) {
      if (cohorts.alone !== undefined) return undefined
      const patience = patienceOf(this.secure, { opened: context.now, deadline: ends }, context.now, false)
      const enough: ClientMessage = { kind: 'alone', round }
      cohorts.alone = context.after(patience, enough)
      return undefined
    }
    cohorts.unsent = undefined
    if (own?.input === undefined) return unsent
    this.#send(cohorts, trunk, context)
    return undefined
  }

  /** Its owner asks for what it has sent of a part. */
  sendAgain(cohorts: Cohorts | undefined, part: PartTemplate, round: number, attempt: number, context: Context): void {
    const packed = cohorts?.round === round ? cohorts.memberships.get(part.name)?.masked : undefined
    if (packed !== undefined) this.#sendPacked(part, round, packed, attempt, context)
  }

  /** Sends its masked input, once it has trained and has the shares of the others. */
  #send({ memberships, round }: Cohorts, part: PartTemplate, context: Context): void {
    const packed = maskedInput(memberships.get(part.name)!, this.secure)
    if (packed === 'stuck') this.#leave(part, round, context)
    else if (packed !== undefined) this.#sendPacked(part, round, packed, 0, context)
  }

  #sendPacked(part: PartTemplate, round: number, packed: Uint8Array, attempt: number, context: Context): void {
    // Rows and steps are in the sum, as far as they are told at all.
    const bytes = encodeMasked(part, { kind: 'update', round, examples: 0, steps: 0 }, packed, this.terms.wire.checksums)
    const content: Content = { kind: 'update', round, part: part.name, bytes, attempt, last: part === this.terms.parts[0] }
    context.send(part.owner, content)
  }

  /** It can go no further in a part's cohort: of the trunk, no answer will come. */
  #leave(part: PartTemplate, round: number, context: Context): void {
    if (part === this.terms.parts[0]) this.sitOut(round, context)
  }
}
