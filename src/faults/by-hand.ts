import type { EventOf } from '../record/event.js'
import { AGGREGATOR } from '../roster/participant.js'
import type { Calendar, Window } from '../schedules/calendar.js'
import type { Micros } from '../time/micros.js'
import type { AbsenceHook, Hooks, Injection, Life, MessageHook, Planned } from './fault.js'
import { otherRates } from './shared-line.js'

/** Something about a fault changes in the middle of a flight. */
export interface Edge extends Injection {
  /** `envelopes`: the number that the next message will have. */
  cross(envelopes: number): void
}

/** The time between a fault's injection and its healing: outside of it the fault is as if it were not there. */
export class Stay {
  /** Messages of the fault: from the first number to before the last. */
  #first = 0
  #last = Infinity
  /** Links that the fault has cut. */
  #cut = false
  readonly edges: readonly Edge[]

  /** `hooks`: of the fault as it would be without a stay. `live` sets off what it does to lives and links. */
  constructor(planned: Planned, hooks: Hooks, live: (life: Life) => void) {
    const { id: fault, injected, healed, targets } = planned
    if (injected !== undefined) this.#first = Infinity
    const opens = (envelopes: number): void => {
      // Healed before it came: it never does.
      if (this.#last < Infinity) return
      this.#first = envelopes
      if (hooks.narrow !== undefined) live(otherRates(planned, injected!.at))
      const lives = upTo(hooks.lives ?? [], healed)
      for (const life of lives) {
        if (life.at >= injected!.at) live(life)
        else if (life.kind === 'cut' && !lives.some(({ kind, at }) => kind === 'heal' && at <= injected!.at)) live({ ...life, at: injected!.at })
      }
    }
    const closes = (envelopes: number): void => {
      this.#last = envelopes
      const about = { who: targets[0] ?? AGGREGATOR, at: healed!.at, fault }
      if (hooks.narrow !== undefined) live(otherRates(planned, healed!.at))
      if (this.#cut) live({ kind: 'heal', ...about })
      else if (hooks.door !== undefined || hooks.inbox !== undefined) live({ kind: 'release', ...about })
    }
    this.edges = [
      ...(injected === undefined ? [] : [{ ...injected, cross: opens }]),
      ...(healed === undefined ? [] : [{ ...healed, cross: closes }]),
    ]
  }

  get isOpen(): boolean {
    return this.#first < Infinity && this.#last === Infinity
  }

  /** Was a message sent while it was open? */
  holds({ id }: { readonly id: number }): boolean {
    return id >= this.#first && id < this.#last
  }

  /** To be told of links that the fault cuts and heals. */
  see({ what }: EventOf<'link'>): void {
    this.#cut = what === 'cut'
  }
}

type Gated = { readonly [K in keyof Required<Hooks>]: (hook: NonNullable<Hooks[K]>, stay: Stay, planned: Planned) => Hooks[K] }

const always: Window = { from: 0, until: Infinity }

/** Sessions of a client while the fault is there, and all of time while it is not. */
const sessionsInside = (calendar: Calendar, stay: Stay): Calendar => ({
  next: (at) => (stay.isOpen ? calendar.next(at) : always),
  whole: calendar,
})

const strikesInside = <Hook extends Pick<AbsenceHook, 'strikes'>>(hook: Hook, stay: Stay): Hook => ({
  ...hook, strikes: (...about: Parameters<Hook['strikes']>) => stay.isOpen && (hook.strikes as (...given: typeof about) => boolean)(...about),
})

type MessagesGated = { readonly [K in keyof Required<MessageHook>]: (own: NonNullable<MessageHook[K]>, stay: Stay) => MessageHook[K] }

/** What becomes of messages that were not sent while the fault was there: nothing. */
const onMessages: MessagesGated = {
  sent: (own, stay) => (envelope) => (stay.holds(envelope) ? own(envelope) : undefined),
  lost: (own, stay) => (envelope, copy) => (stay.holds(envelope) ? own(envelope, copy) : undefined),
  delay: (own, stay) => (envelope, copy) => (stay.holds(envelope) ? own(envelope, copy) : 0),
  flips: (own, stay) => (envelope, copy) => (stay.holds(envelope) ? own(envelope, copy) : []),
  copies: (own, stay) => (envelope) => (stay.holds(envelope) ? own(envelope) : []),
  copied: (own) => own,
}

/** Every member of a group, each wrapped in its own way. */
const wrapped = <Group extends object>(group: Group, ways: { readonly [K in keyof Required<Group>]: unknown }, ...about: readonly unknown[]): Group =>
  Object.fromEntries(Object.entries(group).flatMap(([name, own]) => {
    const way = ways[name as keyof Group] as (own: unknown, ...given: readonly unknown[]) => unknown
    return own === undefined ? [] : [[name, way(own, ...about)]]
  })) as Group

/** What every hook is while the fault is not there: what it would be without the fault. */
const gated: Gated = {
  messages: (hook, stay) => wrapped(hook, onMessages, stay),
  slow: strikesInside,
  narrow: strikesInside,
  absence: (hook, stay, { healed }) => ({
    ...strikesInside(hook, stay),
    ...(healed && { ends: healed.at + 1 }),
    ...(hook.sessions && {
      sessions: (client) => {
        const calendar = hook.sessions!(client)
        return calendar && sessionsInside(calendar, stay)
      },
    }),
  }),
  poison: (hook, stay) => (values, about) => (stay.isOpen ? hook(values, about) : values),
  forge: (hook, stay) => (fold) => (stay.isOpen ? hook(fold) : new Map()),
  // What is changed before the flight can be neither injected nor healed.
  labels: (hook) => hook,
  trains: (hook, stay) => (client, round) => (stay.isOpen ? hook(client, round) : undefined),
  clock: ({ offset, drift, waited }, stay) => ({
    offset: (at) => (stay.isOpen ? offset(at) : 0), drift: (at) => (stay.isOpen ? drift(at) : 0), waited,
  }),
  inbox: ({ id, places, ask }, stay) => ({ id, places, ask: (envelope, now) => (stay.isOpen ? ask(envelope, now) : 'deliver') }),
  partial: (hook, stay) => (client, round) => (stay.isOpen ? hook(client, round) : undefined),
  door: (hook, stay) => (envelope, now) => (stay.isOpen ? hook(envelope, now) : 'deliver'),
  forgotten: (hook, stay) => (who, at) => (stay.isOpen ? hook(who, at) : 0),
  forgetful: (most) => most,
  // Of one that is injected, its stay sets them off.
  lives: (lives, _, { injected, healed }) => (injected === undefined ? upTo(lives, healed) : []),
  reader: (own, stay, { id }) => ({
    kinds: own.kinds && ['link', ...own.kinds],
    see: (event) => {
      if (event.kind === 'link' && event.fault === id) stay.see(event)
      if (stay.isOpen) own.see(event)
    },
  }),
}

/** Lives of a fault that is healed: what comes later does not happen, but that somebody comes back. */
export const upTo = (lives: readonly Life[], healed: { readonly at: Micros } | undefined): readonly Life[] =>
  healed === undefined ? lives : lives.filter(({ kind, at }) => at <= healed.at || kind === 'restart')

/** The hooks of a fault that is there from its injection to its healing. */
export const behind = (hooks: Hooks, stay: Stay, planned: Planned): Hooks => wrapped(hooks, gated, stay, planned)
