import type { Role, Name } from '../roster/participant.js'
import type { Direction, Envelope, EnvelopeKind } from '../network/envelope.js'
import type { Micros } from '../time/micros.js'
import { copyName, type Draws } from './draws.js'
import type { FaultOf } from './fault.js'
import type { PlannedFault } from './plan.js'
import type { Tally } from './tally.js'
import type { Verdict } from './weather.js'
import { hits, inRounds, inTime } from './window.js'

type MessageFault = FaultOf<'delay'> | FaultOf<'lose'> | FaultOf<'duplicate'>

/** A fault on links, ready to be asked. */
export interface Rule<F extends MessageFault = MessageFault> {
  readonly planned: PlannedFault
  readonly fault: F
  readonly draws: Draws
  readonly from?: ReadonlySet<Name>
  readonly to?: ReadonlySet<Name>
}

/** The rules that can match one kind of envelope between two roles. */
interface Bucket {
  readonly lose: Rule<FaultOf<'lose'>>[]
  readonly delay: Rule<FaultOf<'delay'>>[]
  readonly duplicate: Rule<FaultOf<'duplicate'>>[]
}

/** Passes undisturbed. One object for all such envelopes. */
export const passes: Verdict = Object.freeze({ delay: 0, copies: Object.freeze([]) })

const kinds: readonly EnvelopeKind[] = ['open', 'model', 'update', 'close']
const kindIndex: Readonly<Record<EnvelopeKind, number>> = { open: 0, model: 1, update: 2, close: 3 }
const roles: readonly Role[] = ['client', 'expert', 'aggregator']

/** The number of a role in the index of buckets. */
export const roleIndex: Readonly<Record<Role, number>> = { client: 0, expert: 1, aggregator: 2 }

const directionOf = (from: Role, to: Role): Direction =>
  from === 'client' ? 'up' : to === 'client' ? 'down' : 'inside'

const isKind = <K extends MessageFault['kind']>(rule: Rule, kind: K): rule is Rule<FaultOf<K>> =>
  rule.fault.kind === kind

const place = (rule: Rule, bucket: Bucket): void => {
  if (isKind(rule, 'lose')) bucket.lose.push(rule)
  else if (isKind(rule, 'delay')) bucket.delay.push(rule)
  else if (isKind(rule, 'duplicate')) bucket.duplicate.push(rule)
}

const applies = ({ fault, from, to }: Rule, envelope: Envelope, now: Micros): boolean =>
  inRounds(fault, envelope.round) &&
  inTime(fault, now) &&
  (fault.link.part === undefined || fault.link.part === envelope.part) &&
  (from === undefined || from.has(envelope.from)) &&
  (to === undefined || to.has(envelope.to))

/** All faults on links, folded: losses are independent, delays and copies add. The order of rules changes nothing. */
export class MessageRules {
  readonly #buckets: readonly (Bucket | undefined)[]
  readonly #tally: Tally

  constructor(rules: readonly Rule[], roleOf: (name: Name) => Role, tally: Tally) {
    this.#tally = tally
    const buckets: (Bucket | undefined)[] = Array.from({ length: kinds.length * 9 }, () => undefined)
    const sorted = [...rules].sort((a, b) => (a.planned.key < b.planned.key ? -1 : 1))
    for (const rule of sorted) {
      const { link } = rule.fault
      const possible = (names: ReadonlySet<Name> | undefined) =>
        names === undefined ? roles : roles.filter((role) => [...names].some((name) => roleOf(name) === role))
      const senders = possible(rule.from)
      const receivers = possible(rule.to)
      for (const kind of kinds.filter((k) => link.message === undefined || link.message === k)) {
        for (const from of senders) {
          for (const to of receivers) {
            if (link.direction !== undefined && link.direction !== directionOf(from, to)) continue
            const index = kindIndex[kind] * 9 + roleIndex[from] * 3 + roleIndex[to]
            const bucket = (buckets[index] ??= { lose: [], delay: [], duplicate: [] })
            place(rule, bucket)
          }
        }
      }
    }
    this.#buckets = buckets
  }

  /** `from` and `to` are role numbers. Calls nothing and allocates nothing where no rule can match. */
  judge(envelope: Envelope, now: Micros, from: number, to: number): Verdict {
    const bucket = this.#buckets[kindIndex[envelope.kind] * 9 + from * 3 + to]
    if (bucket === undefined) return passes
    const copy = envelope.copy === 0 ? '' : this.#nameIn(bucket, envelope, now)
    const lost = bucket.lose.length === 0 ? undefined : this.#lost(bucket, envelope, copy, now)
    const delay = lost !== undefined || bucket.delay.length === 0 ? 0 : this.#delay(bucket, envelope, copy, now)
    const makers = envelope.copy > 0 || bucket.duplicate.length === 0 ? [] : this.#makers(bucket, envelope, now)
    if (lost === undefined && delay === 0 && makers.length === 0) return passes
    const copies = makers.map(({ planned, fault }, i) => {
      const before = makers.slice(0, i).filter((maker) => maker.planned === planned).length
      this.#tally.fired(planned, envelope.id)
      this.#tally.effect(planned, 'copy made', `${envelope.id} ${before}`, 0)
      return { delay: fault.after * (before + 1), fault: planned.id }
    })
    return lost === undefined ? { delay, copies } : { lost, delay, copies }
  }

  /** What names the draws of this copy: '' for the original, else the rule that made it. */
  copyName(envelope: Envelope, from: number, to: number): string {
    if (envelope.copy === 0) return ''
    const bucket = this.#buckets[kindIndex[envelope.kind] * 9 + from * 3 + to]
    return bucket === undefined ? String(envelope.copy) : this.#nameIn(bucket, envelope, envelope.sent)
  }

  #lost(bucket: Bucket, envelope: Envelope, copy: string, now: Micros): Verdict['lost'] {
    let lost: Verdict['lost']
    for (const rule of bucket.lose) {
      const { planned, fault, draws } = rule
      if (!applies(rule, envelope, now)) continue
      if (!hits(fault.probability, () => draws.envelope(envelope, copy, 0))) continue
      this.#tally.fired(planned, envelope.id)
      const bytes = Math.floor(envelope.bytes.length * fault.travelled)
      this.#tally.effect(planned, 'message lost', envelope.id, bytes)
      if (lost === undefined || fault.travelled < lost.travelled) {
        lost = { travelled: fault.travelled, fault: planned.id }
      }
    }
    return lost
  }

  #delay(bucket: Bucket, envelope: Envelope, copy: string, now: Micros): Micros {
    let delay = 0
    for (const rule of bucket.delay) {
      const { planned, fault, draws } = rule
      if (!applies(rule, envelope, now)) continue
      if (!hits(fault.probability, () => draws.envelope(envelope, copy, 0))) continue
      const jitter = fault.jitter === undefined ? 0 : Math.floor(draws.envelope(envelope, copy, 1) * fault.jitter)
      if (fault.by + jitter === 0) continue
      delay += fault.by + jitter
      this.#tally.fired(planned, envelope.id)
      this.#tally.effect(planned, 'message delayed', envelope.id, fault.by + jitter)
    }
    return delay
  }

  /** The rule behind every copy of the original, in the order in which the network numbers copies. */
  #makers(bucket: Bucket, envelope: Envelope, now: Micros): Rule<FaultOf<'duplicate'>>[] {
    return bucket.duplicate.flatMap((rule) => {
      if (!applies(rule, envelope, now)) return []
      if (!hits(rule.fault.probability, () => rule.draws.envelope(envelope, '', 0))) return []
      return Array.from({ length: rule.fault.times }, () => rule)
    })
  }

  /** Copies are named by what made them, not by their number, so that another duplicating fault changes no draw. */
  #nameIn(bucket: Bucket, envelope: Envelope, now: Micros): string {
    const makers = this.#makers(bucket, envelope, now)
    const maker = makers[envelope.copy - 1]
    if (maker === undefined) return String(envelope.copy)
    const nth = makers.slice(0, envelope.copy - 1).filter((other) => other.planned === maker.planned).length
    return copyName(maker.planned.key, nth)
  }
}
