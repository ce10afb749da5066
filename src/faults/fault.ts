import type { z } from 'zod'

import type { Dials } from '../dials/dial.js'
import { told } from '../entry.js'
import type { Envelope } from '../network/envelope.js'
import type { Place } from '../network/topology.js'
import type { Door } from '../network/weather.js'
import type { Draws } from '../random/draws.js'
import type { Reader } from '../record/flight-recorder.js'
import type { Name, Participant } from '../roster/participant.js'
import type { Calendar } from '../schedules/calendar.js'
import type { Task } from '../tasks/task.js'
import type { Micros } from '../time/micros.js'
import type { Knowledge } from './knowledge.js'
import type { Link } from './link.js'
import type { Coin, When } from './window.js'

/** A place in a flight: after so many events (scores not counted), at that time. */
export interface Injection {
  readonly at: Micros
  readonly event: number
}

/** One fault with all that chance decides about it before the run: plain JSON. */
export interface Planned<Data extends { readonly kind: string } = { readonly kind: string }> {
  /** Its `id`, or its kind and a hash of its content. Unique in a plan. */
  readonly id: string
  /** What its random draws are named by. */
  readonly key: string
  readonly fault: Data
  /** Whom it hits; for a fault on links, everyone that `from` and `to` name. */
  readonly targets: readonly Name[]
  /** Senders that its link allows; absent: anyone. */
  readonly from?: readonly Name[]
  /** Receivers that its link allows; absent: anyone. */
  readonly to?: readonly Name[]
  /** Of a fault between groups: who is in each. */
  readonly groups?: readonly (readonly Name[])[]
  /** What else its file draws or works out before the run: see `Drawing`. */
  readonly drawn?: unknown
  /** It is there from that place of the flight on; absent: from the start. */
  readonly injected?: Injection
  /** It is gone from that place of the flight on; absent: it stays. */
  readonly healed?: Injection
}

/** What a fault draws of its own, by what. */
export interface Lots {
  readonly actors: readonly Participant[]
  /** Numbers in [0, 1) about one client: the same ones whoever else takes part. */
  stream(what: string, client: Name): () => number
  readonly knowledge: Knowledge
}

/** What a fault settles about its victims before the run, beside who they are: plain JSON, which can be edited. */
export interface Drawing<Data = unknown, Drawn = unknown> {
  readonly schema: z.ZodType<Drawn>
  /** Undefined: there is nothing to be settled. */
  draw(fault: Data, targets: readonly Name[], lots: Lots): Drawn | undefined
}

/** Something that happens to an actor's life, or to the links between actors. */
export type Life =
  | {
      readonly kind: 'crash'
      readonly who: Name
      readonly at: Micros
      readonly fault: string
      readonly keeps: 'nothing' | 'checkpoint'
      readonly restartAt?: Micros
      /** Asked at its time: then it does not happen. */
      stopped?(): boolean
    }
  /** It comes back, if it is dead. */
  | { readonly kind: 'restart'; readonly who: Name; readonly at: Micros; readonly fault: string }
  /** An event has ended what kept clients away: they may be there. */
  | { readonly kind: 'back'; readonly who: Name; readonly at: Micros; readonly fault: string }
  /** What the lines of these carry, or those that are shared at a place, is something else from now on: transfers under way end at another time. */
  | { readonly kind: 'rates'; readonly who: Name; readonly whose: readonly Name[]; readonly place?: Place; readonly at: Micros; readonly fault: string }
  /** It sleeps, and then goes on where it was. */
  | {
      readonly kind: 'pause'
      readonly who: Name
      readonly at: Micros
      readonly until: Micros
      readonly fault: string
      stopped?(): boolean
    }
  /** It goes out of reach; if it is still away then, what is on its lines is cut. */
  | { readonly kind: 'leave'; readonly who: Name; readonly at: Micros; readonly fault: string }
  /** Links are cut: what is under way on them is lost. */
  | {
      readonly kind: 'cut'
      readonly who: Name
      readonly at: Micros
      readonly fault: string
      crosses(from: Name, to: Name): boolean
    }
  /** They are whole again; or what the fault has held at doors is let go. */
  | {
      readonly kind: 'heal' | 'release'
      readonly who: Name
      readonly at: Micros
      readonly fault: string
      stopped?(): boolean
    }

/** What becomes of messages that a fault's link names, in its window. Each function tosses the fault's coin itself. */
export interface MessageHook {
  /** Told of each message, not of its copies, in the order of sending, before it is judged: for what remembers. */
  readonly sent?: ((envelope: Envelope) => void) | undefined
  /** The share of its bytes that leaves the sender before it is lost; undefined: it is not. `copy`: see `Draws.message`. */
  lost?(envelope: Envelope, copy: string): number | undefined
  /** How much later it comes. */
  delay?(envelope: Envelope, copy: string): Micros
  /** Bits that are flipped on its way: number 0 is the lowest bit of the first byte. */
  flips?(envelope: Envelope, copy: string): readonly number[]
  /** How much later than the original each copy comes that is made of it. */
  copies?(envelope: Envelope): readonly Micros[]
  /** Told of each copy that was made. */
  copied?(envelope: Envelope, nth: number): void
}

/** How many times slower a device computes, over time. */
export interface Course {
  /** Instants at which the factor changes, in order. */
  readonly changes: readonly Micros[]
  /** Time per work at `at`: 1 when the fault is off, 8 when the device is eight times slower. */
  factor(at: Micros): number
}

/** A device that computes more slowly. */
export interface SlowHook {
  /** Does it strike this client in this round? */
  strikes(client: Name, round: number): boolean
  /** Of a client that began to train for its round at `since`. */
  course(since: Micros): Course
  /** Told of each training that took so much longer, when it has ended, or was ended. */
  slowed(client: Name, round: number, start: Micros, by: Micros): void
}

/** How much of its local epochs a client does in a round; undefined: the fault does not strike. */
export type PartialHook = (client: Name, round: number) => number | undefined

/** How much narrower a client's line is, or one that many share. */
export interface NarrowHook {
  /** Where the shared line is; absent: it is about the lines of the fault's targets. */
  readonly place?: Place | undefined
  readonly direction: 'up' | 'down' | undefined
  readonly window: When
  /** `client`: of a shared line, what its place is called. */
  strikes(client: Name, round: number): boolean
  /** Whether events have it on; it is, when absent. */
  isOn?(at: Micros): boolean
  /** Of one that they have on: until when, as far as is known. */
  endsAt?(at: Micros): Micros
  /** The rate is divided by this. */
  readonly by: number
  /** And is at most this: bytes per second. */
  readonly cap: number
  /** Told when the line is narrower for it. */
  narrowed(client: Name, round: number): void
}

/** A stretch of a part's values that belongs together. */
export interface Stretch {
  /** Running statistics of batch norm are not. */
  readonly trainable: boolean
  readonly offset: number
  readonly size: number
}

/** What a client is about to send for a part, or what its owner is about to fold. */
export interface Sending {
  readonly client: Name
  readonly round: number
  readonly part: string
  /** What the client had been sent: what it sends is judged by its difference from that. */
  readonly base: Float32Array
  readonly segments: readonly Stretch[]
}

/** What a client sends in place of a part's values: they themselves, or others; never written to. */
export type PoisonHook = (values: Float32Array, about: Sending) => Float32Array

/** Updates of one part that its owner is about to fold, in the order of client names. */
export type Fold = readonly (Sending & { readonly values: Float32Array })[]

/** What is folded in place of some of the updates, by their place. */
export type ForgeHook = (fold: Fold) => ReadonlyMap<number, Float32Array>

/** Training labels of one client for one task. */
export interface Labels {
  readonly client: Name
  readonly task: Task
  /** NaN where a row has none. */
  readonly values: Float32Array
}

/** How a client's clock is wrong. */
export interface ClockHook {
  /** How much more than the true time it shows. */
  offset(at: Micros): Micros
  /** Microseconds that it gains in a second. */
  drift(at: Micros): number
  /** Told of each timer of `delay` that takes `real` time. */
  waited(client: Name, at: Micros, delay: Micros, real: Micros): void
}

/** A queue at an actor's door: asked last, about what nobody else keeps from it. */
export interface InboxHook {
  readonly id: string
  /** How many messages there is room for; undefined: no bound. */
  readonly places: number | undefined
  ask(envelope: Envelope, now: Micros): Door
}

/** Whether a fault is on, as far as it goes by events: those that it waits for or stops at, and calm. */
export interface OnOff {
  /** At an instant; now, where none is given. */
  isOn(at?: Micros): boolean
  /** Of one that is on at `at`: when it will be off, as far as is known by times; Infinity: never. */
  endsAt(at: Micros): Micros
}

/** How a client comes to be away; see presence.ts. */
export interface AbsenceHook {
  /** The client is selected first, and leaves in mid-phase; undefined: it is not there at all. */
  readonly phase: 'download' | 'training' | 'before-upload' | 'upload' | undefined
  /** How long it stays away once it has left; undefined: until its round closes. */
  readonly for: Micros | undefined
  readonly window: When
  /** Whether events have it on; it is, when absent. */
  isOn?(at: Micros): boolean
  /** `at`: when the round opened, or now if it has not. */
  strikes(client: Name, round: number, at: Micros): boolean
  /** Whether that depends on `at`, or on what happens. */
  readonly varies?: boolean
  /** When it is over, whatever its window and its sessions say. */
  readonly ends?: Micros
  /** A number in [0, 1): where in its phase it leaves. */
  place(client: Name, round: number): number
  /** In place of `place`: when it leaves a training that would last from `start` to `end`; undefined: it does not. */
  leaves?(client: Name, start: Micros, end: Micros): Micros | undefined
  /** In place of `for`: when it is back that has left at `leftAt`; Infinity: never. */
  back?(client: Name, leftAt: Micros): Micros
  /** In place of a window: when the client is there. */
  sessions?(client: Name): Calendar | undefined
  readonly id: string
  strike: Tools['strike']
}

/**
 * What a fault does in a flight. Everything is optional; hooks of several faults compose: delays add, losses are
 * independent, factors multiply, the least share and the lowest cap hold, whoever says no at a door is heard.
 */
export interface Hooks {
  readonly messages?: MessageHook
  readonly slow?: SlowHook
  readonly partial?: PartialHook
  readonly narrow?: NarrowHook
  readonly absence?: AbsenceHook
  readonly poison?: PoisonHook
  readonly forge?: ForgeHook
  /** Asked once, before the flight: other labels in place of these; undefined: they stay. Needs nothing of `Tools` but its draws. */
  labels?(labels: Labels): Float32Array | undefined
  /** Told when a client begins to train. */
  trains?(client: Name, round: number): void
  readonly clock?: ClockHook
  readonly inbox?: InboxHook
  /** Asked when an envelope is at its receiver's door. */
  door?(envelope: Envelope, now: Micros): Door
  /** How many rounds older what an actor comes back with is than what it had written down last. */
  forgotten?(who: Name, at: Micros): number
  /** The largest that it gives. */
  readonly forgetful?: number
  /** Lives that are known before the run. */
  readonly lives?: readonly Life[]
  /** Told of what happens, to fire on it. */
  readonly reader?: Reader
}

/** What a fault is given to make its hooks of. */
export interface Tools {
  /** Coins and numbers of this fault alone. */
  readonly draws: Draws
  /** Parts of a model, the trunk first. */
  readonly parts: readonly string[]
  /**
   * Does the fault strike this client in this round? By its window of rounds, its share of those selected, and its coin;
   * windows of time are judged apart.
   */
  strikes(client: Name, round: number, coin?: Coin): boolean
  readonly events: OnOff
  /** Does the fault's link name this envelope? Windows are judged apart. */
  names(envelope: Envelope): boolean
  /** The client is away from now on, by the doing of this fault's `absence`. */
  leave(client: Name, round: number, at: Micros): void
  /**
   * Says that the fault strikes. `unit`: one firing (a client in a round, an envelope), counted once however often it
   * is said. `effect`: what it does there, `amount` of it (microseconds, bytes), once for each `key`.
   */
  strike(who: Name, unit: string | number, effect?: string, key?: string | number, amount?: number): void
  /** How many training labels of a client the fault has changed. */
  relabelled(client: Name): number
  /** Sets off a life event now or later. */
  live(life: Life): void
}

/** How often a fault did something, and how much of it in all, in words. */
export type Effects = Readonly<Record<string, (times: number, amount: number) => string>>

type KindOf<Schema extends z.ZodType> = z.output<Schema> extends { readonly kind: infer Kind } ? Kind & string : never
type SubjectOf<Schema extends z.ZodType> =
  z.input<Schema> extends { readonly who?: infer Who; readonly line?: infer At } ? unknown extends At ? WhoOf<Schema> : NonNullable<Who> | { readonly line: NonNullable<At> }
  : WhoOf<Schema>
type WhoOf<Schema extends z.ZodType> =
  z.input<Schema> extends { readonly who: infer Who } ? Who
  : z.input<Schema> extends { readonly link: infer L } ? L
  : z.input<Schema> extends { readonly groups: infer Groups } ? Groups
  : never
type About<Schema extends z.ZodType> = Omit<z.input<Schema>, 'kind' | 'who' | 'line' | 'link' | 'groups'>
/** Of the fields in `Either` exactly one is given. */
type OneOf<Fields, Either extends PropertyKey> = [Either] extends [never]
  ? Fields
  : Omit<Fields, Either> & {
      [Given in Either & keyof Fields]: Required<Pick<Fields, Given>> & { readonly [Other in Exclude<Either, Given>]?: never }
    }[Either & keyof Fields]
type Arguments<Schema extends z.ZodType, Either extends PropertyKey> =
  Record<never, never> extends OneOf<About<Schema>, Either>
    ? [subject: SubjectOf<Schema>, about?: OneOf<About<Schema>, Either>]
    : [subject: SubjectOf<Schema>, about: OneOf<About<Schema>, Either>]

/**
 * A fault of the library: called with whom or which messages it is about, it gives the fault as plain data, as a file
 * would hold it. Its fields are what `windtunnel list`, the specification, the plan and the report read.
 */
export interface FaultEntry<Schema extends z.ZodType = z.ZodType, Either extends PropertyKey = never> {
  (...args: Arguments<Schema, Either>): z.input<Schema>
  readonly kind: KindOf<Schema>
  /** What it does, in one sentence. */
  readonly sentence: string
  /** Where the fault, or its model, is described. */
  readonly source: string
  /** Its fields as data: `kind`, `who` (or `line` in place of it), `link` or `groups`, and its own. */
  readonly schema: Schema
  /** Fields of which exactly one is given: `by` or `profile`. */
  readonly either?: readonly Either[]
  /** What it can hit: its field `who` names anyone, or clients alone; or `link` names messages; or `groups` groups of actors. */
  readonly targets: 'anyone' | 'clients' | 'messages' | 'groups'
  /** Its targets die. */
  readonly kills?: boolean
  /** It happens at an instant, which its own `when` may say. */
  readonly sudden?: boolean
  /** It strikes in mid-round, so that it can be about a share of those selected, redrawn in each round. */
  readonly midRound?: boolean
  /** How it can be turned: what explores draws it by, and what shrinks turns it back by. One without is never drawn. */
  readonly dials?: Dials
  /** What it does, for people, without its window and its coin: `client-2, client-5 leave in training`. */
  describe(fault: z.output<Schema>, planned: Planned): string
  /** What can become of its victims, in the order in which a report names it. */
  readonly effects: Effects
  /** What it settles before the run, beside its targets. */
  readonly drawing?: Drawing | undefined
  compile(planned: Planned<z.output<Schema> & { readonly kind: string }>, tools: Tools): Hooks
}

/** Makes a fault's entry: one file of this folder, and one line of all.ts. */
export const faultEntry = <Schema extends z.ZodType<{ readonly kind: string }>, const Either extends string = never>(
  about: Omit<FaultEntry<Schema, Either>, never>,
): FaultEntry<Schema, Either> => {
  const { kind, sentence, source, either, targets, kills, sudden, midRound, dials, describe, effects, drawing, compile } = about
  const given = (fault: object): number => (either ?? []).filter((field) => (fault as Record<string, unknown>)[field] !== undefined).length
  const schema = either === undefined ? about.schema : about.schema.refine((fault) => given(fault) === 1, {
    error: `give either ${either.map((field) => `\`${field}\``).join(' or ')}`, path: [either[0]],
  })
  const subject = targets === 'messages' ? 'link' : targets === 'groups' ? 'groups' : 'who'
  const isLine = (of: unknown): of is object => subject === 'who' && typeof of === 'object' && of !== null && 'line' in of
  const constructor = (of: unknown, rest?: object) => ({ kind, ...(isLine(of) ? of : { [subject]: of }), ...rest }) as z.input<Schema>
  const entry = {
    kind, sentence, source, schema: told(schema, sentence, source), either, targets, kills, sudden, midRound, dials, describe, effects,
    drawing, compile,
  }
  return Object.assign(constructor, entry) as FaultEntry<Schema, Either>
}

/** What a fault on links says about which they are. */
export type WithLink = { readonly link: Link } & When
