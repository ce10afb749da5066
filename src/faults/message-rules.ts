import type { Envelope } from '../network/envelope.js'
import { passes, type Verdict } from '../network/weather.js'
import { kindNumber, messageKinds } from '../record/message.js'
import { type Name, type Role, roles } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { MessageHook, Planned, WithLink } from './fault.js'
import { inRounds, inTime } from './window.js'

/** A fault on links, ready to be asked. */
export interface MessageRule {
  readonly planned: Planned
  readonly fault: WithLink
  readonly hook: MessageHook
  readonly from?: ReadonlySet<Name>
  readonly to?: ReadonlySet<Name>
}

/** The number of a role in the index of rules. */
export const roleNumber = Object.fromEntries(roles.map((role, number) => [role, number])) as Readonly<Record<Role, number>>

/** Where rules for a kind of message between two roles are in the index. */
const placeOf = (kind: number, from: number, to: number): number => (kind * roles.length + from) * roles.length + to

const directionOf = (from: Role, to: Role): 'up' | 'down' | 'inside' =>
  from === 'client' ? 'up' : to === 'client' ? 'down' : from === 'regional' ? 'up' : to === 'regional' ? 'down' : 'inside'

/** Does a fault's link name this envelope? Of a link that says nothing, all are. */
export const linkNames = (
  { fault, from, to }: Pick<Planned, 'fault' | 'from' | 'to'>,
  roleOf: (name: Name) => Role,
): ((envelope: Envelope) => boolean) => {
  const { message, part, direction } = (fault as Partial<WithLink>).link ?? {}
  const [senders, receivers] = [from && new Set(from), to && new Set(to)]
  return (envelope) =>
    (message === undefined || message === envelope.kind) &&
    (part === undefined || part === envelope.part) &&
    (senders === undefined || senders.has(envelope.from)) &&
    (receivers === undefined || receivers.has(envelope.to)) &&
    (direction === undefined || direction === directionOf(roleOf(envelope.from), roleOf(envelope.to)))
}

const applies = ({ fault, from, to }: MessageRule, envelope: Envelope, now: Micros): boolean =>
  inRounds(fault, envelope.round) &&
  inTime(fault, now) &&
  (fault.link.part === undefined || fault.link.part === envelope.part) &&
  (from === undefined || from.has(envelope.from)) &&
  (to === undefined || to.has(envelope.to))

/** The bits that rules flip, each by itself: one that two of them flip is as it was. */
const flipped = (on: readonly MessageRule[], envelope: Envelope, copy: string): readonly number[] | undefined => {
  let bits: Set<number> | undefined
  for (const { hook } of on) {
    for (const bit of hook.flips?.(envelope, copy) ?? []) {
      bits ??= new Set()
      if (!bits.delete(bit)) bits.add(bit)
    }
  }
  return bits === undefined || bits.size === 0 ? undefined : [...bits]
}

/** All faults on links, folded: losses are independent, delays and copies add. The order of rules changes nothing. */
export class MessageRules {
  /** The rules that can match one kind of message between two roles. */
  readonly #rules: readonly (readonly MessageRule[] | undefined)[]

  constructor(rules: readonly MessageRule[], roleOf: (name: Name) => Role) {
    const found: (MessageRule[] | undefined)[] = Array.from({ length: messageKinds.length * roles.length ** 2 }, () => undefined)
    for (const rule of [...rules].sort((a, b) => (a.planned.key < b.planned.key ? -1 : 1))) {
      const { message, direction } = rule.fault.link
      const possible = (names: ReadonlySet<Name> | undefined) =>
        names === undefined ? roles : roles.filter((role) => [...names].some((name) => roleOf(name) === role))
      for (const kind of messageKinds.filter((each) => message === undefined || message === each)) {
        for (const from of possible(rule.from)) {
          for (const to of possible(rule.to)) {
            if (direction !== undefined && direction !== directionOf(from, to)) continue
            const place = placeOf(kindNumber[kind], roleNumber[from], roleNumber[to])
            ;(found[place] ??= []).push(rule)
          }
        }
      }
    }
    this.#rules = found
  }

  /** Is there no rule? */
  get none(): boolean {
    return this.#rules.every((rules) => rules === undefined)
  }

  /** `from` and `to` are role numbers. Calls nothing and allocates nothing where no rule can match. */
  judge(envelope: Envelope, now: Micros, from: number, to: number): Verdict {
    const rules = this.#rules[placeOf(kindNumber[envelope.kind], from, to)]
    if (rules === undefined) return passes
    const on = rules.filter((rule) => applies(rule, envelope, now))
    if (on.length === 0) return passes
    const copy = envelope.copy === 0 ? '' : this.#nameIn(on, envelope)
    if (envelope.copy === 0) for (const { hook } of on) hook.sent?.(envelope)
    let lost: Verdict['lost']
    for (const { planned, hook } of on) {
      const travelled = hook.lost?.(envelope, copy)
      if (travelled !== undefined && (lost === undefined || travelled < lost.travelled)) {
        lost = { travelled, fault: planned.id }
      }
    }
    let delay = 0
    if (lost === undefined) for (const { hook } of on) delay += hook.delay?.(envelope, copy) ?? 0
    const flips = lost === undefined ? flipped(on, envelope, copy) : undefined
    const copies = envelope.copy > 0 ? passes.copies : this.#copies(on, envelope)
    if (lost !== undefined) return { lost, delay, copies }
    if (flips !== undefined) return { flips, delay, copies }
    return delay === 0 && copies.length === 0 ? passes : { delay, copies }
  }

  /** What names the draws of this copy: '' for the original, else the rule that made it. */
  copyName(envelope: Envelope, from: number, to: number): string {
    if (envelope.copy === 0) return ''
    const rules = this.#rules[placeOf(kindNumber[envelope.kind], from, to)] ?? []
    return this.#nameIn(rules.filter((rule) => applies(rule, envelope, envelope.sent)), envelope)
  }

  #copies(on: readonly MessageRule[], envelope: Envelope): Verdict['copies'] {
    let made: { readonly delay: Micros; readonly fault: string }[] | undefined
    for (const { planned, hook } of on) {
      for (const [nth, delay] of (hook.copies?.(envelope) ?? []).entries()) {
        hook.copied?.(envelope, nth)
        made ??= []
        made.push({ delay, fault: planned.id })
      }
    }
    return made ?? passes.copies
  }

  /** Copies are named by what made them, not by their number, so that another duplicating fault changes no draw. */
  #nameIn(on: readonly MessageRule[], envelope: Envelope): string {
    let before = 0
    for (const { planned, hook } of on) {
      const made = hook.copies?.(envelope).length ?? 0
      if (envelope.copy <= before + made) return `${envelope.copy - 1 - before} ${planned.key}`
      before += made
    }
    return String(envelope.copy)
  }
}
