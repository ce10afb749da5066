import type { Envelope } from '../network/envelope.js'
import type { Verdict } from '../network/weather.js'
import type { EventOf } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import type { Calendar } from '../schedules/calendar.js'
import type { Micros } from '../time/micros.js'
import type { AbsenceHook, Life } from './fault.js'
import { Returns } from './returns.js'
import { endOf, inRounds, inTime, stopOf } from './window.js'

/*
 * When clients are there: schedules, and faults that keep them away.
 *
 * Without a phase, a client is not selectable in the window of the fault; where the window has a `from` or `until`, it
 * is also out of reach then, like outside a schedule's window: work and transfers that cross the border end there.
 * (Questions that name no round, such as the network's, mean the latest that opened.) With a phase, the client is
 * selected, and leaves midway:
 *   download       the model is on its way: of n parts, one (drawn) is cut at a (drawn) fraction, those before it
 *                  arrive, those after it never leave the server;
 *   training       after a drawn fraction of the computation;
 *   before-upload  when training is done, before anything is sent: what it has trained it keeps;
 *   upload         as download, with the update's parts.
 * From then on it is away: not selectable, whatever it computes ends at once, all messages from and to it are lost. It
 * is back after `for`, or when the round closes. If the round closes first (a deadline passes while it still trains),
 * what was interrupted stays so, and it is there for the next round. A round that is already closed when a late client
 * leaves (where rounds overlap) keeps it away for no time at all.
 */

/** How a computation ends. */
export interface Cut {
  readonly until: Micros
  readonly interrupted?: string
}

/** Time away after leaving in a phase: [leftAt, backAt). */
interface Episode {
  readonly hook: AbsenceHook
  readonly round: number
  readonly leftAt: Micros
  backAt: Micros
  /** Ends when its round closes; others end at a time that is known from the start. */
  readonly untilClose: boolean
}

/** A transfer of several parts that the client does not stay for. */
interface CutTransfer {
  /** How many parts it stays for, and how much of the one after them. */
  readonly index: number
  readonly fraction: number
  /** Parts in the order in which they were sent. */
  readonly sent: string[]
  left: boolean
}

/** All that can keep one client away. */
export interface Watched {
  readonly name: Name
  readonly calendar: Calendar | undefined
  readonly hooks: readonly AbsenceHook[]
  /** Faults by which it comes and goes as they have drawn. */
  readonly sessions: readonly { readonly hook: AbsenceHook; readonly calendar: Calendar }[]
  episodes: Episode[]
  readonly cuts: Map<string, CutTransfer>
  /** When it began to train for its latest round. */
  trains: { readonly round: number; readonly since: Micros }
}

export const watched = (name: Name, calendar: Calendar | undefined, hooks: readonly AbsenceHook[]): Watched => ({
  name, calendar, hooks,
  sessions: hooks.flatMap((hook) => {
    const own = hook.sessions?.(name)
    return own === undefined ? [] : [{ hook, calendar: own }]
  }),
  episodes: [], cuts: new Map(), trains: { round: 0, since: 0 },
})

/** The place of a part among those that were sent; it is now, if it was not. */
const placeIn = (sent: string[], part: string): number => {
  const known = sent.indexOf(part)
  return known < 0 ? sent.push(part) - 1 : known
}

/** Who keeps a client away: a fault, or its schedule. */
type Cause = AbsenceHook | 'schedule'

const isThere = (calendar: Calendar, at: Micros): boolean => {
  const window = calendar.next(at)
  return window !== undefined && window.from <= at
}

/** Is it the fault's time, by the clock and by events? */
const isIts = ({ window, isOn }: AbsenceHook, at: Micros): boolean => inTime(window, at) && (isOn?.(at) ?? true)

const idOf = (cause: Cause): string => (cause === 'schedule' ? cause : cause.id)

const visit = (client: Name, round: number): string => `${client} ${round}`

/** Out of reach for a time of the clock, not for the length of a round. */
const isTimed = ({ phase, window, sessions }: AbsenceHook): boolean =>
  phase === undefined && sessions === undefined && (window.from !== undefined || window.until !== undefined)

export interface PresenceOptions {
  readonly clients: readonly Watched[]
  /** Parts of a model that clients are sent. */
  readonly parts: readonly string[]
  /** Whose rounds one takes part in, where not everybody is in those of the aggregator. */
  readonly openerOf?: ((name: Name) => Name | undefined) | undefined
  readonly latency: (envelope: Envelope) => Micros
  readonly live: (life: Life) => void
}

/** What is known of the rounds of one who opens some. */
class Heard {
  /** Latest round that opened: for questions that name no round. */
  round = 0
  readonly opened = new Map<number, Micros>()
  closed = 0
  /** When the last round closed: what was over by then is forgotten. */
  closedAt: Micros = 0
}

/** Undefined where the envelope passes. */
export type Loss = Verdict['lost']

/** Presence of the clients that something can keep away; the others are never asked about here. */
export class Presence {
  readonly #options: PresenceOptions
  readonly #subjects: ReadonlyMap<Name, Watched>
  readonly #hooks: ReadonlyMap<string, AbsenceHook>
  /** Clients with episodes that end when a round closes. */
  readonly #untilClose = new Set<Watched>()
  readonly #returns: Returns
  /** What is to happen when a shortened transfer is over: by envelope. */
  readonly #leavers = new Map<number, (at: Micros) => void>()
  /** Of the aggregator's rounds, and of those of others. */
  readonly #usual = new Heard()
  readonly #others = new Map<Name, Heard>()

  constructor(options: PresenceOptions) {
    this.#options = options
    this.#returns = new Returns(options.clients)
    this.#subjects = new Map(options.clients.map((client) => [client.name, client]))
    this.#hooks = new Map(options.clients.flatMap(({ hooks }) => hooks.map((hook) => [hook.id, hook])))
  }

  /** `opener`: whose round it is, if not the aggregator's. */
  open(round: number, at: Micros, opener?: Name): void {
    const heard = this.#of(opener)
    heard.round = Math.max(heard.round, round)
    heard.opened.set(round, at)
  }

  /** The latest round that opened for one; of the aggregator, for whom nobody else opens any. */
  round(name?: Name): number {
    return this.#heardBy(name).round
  }

  #heardBy(name: Name | undefined): Heard {
    return this.#of(name === undefined ? undefined : this.#options.openerOf?.(name))
  }

  #of(opener: Name | undefined): Heard {
    if (opener === undefined) return this.#usual
    let heard = this.#others.get(opener)
    if (heard === undefined) this.#others.set(opener, (heard = new Heard()))
    return heard
  }

  /** Ends the absences that last until this round closes. */
  close(round: number, at: Micros, opener?: Name): void {
    const heard = this.#of(opener)
    heard.closed = Math.max(heard.closed, round)
    heard.closedAt = at
    for (const client of this.#untilClose) {
      if (this.#heardBy(client.name) !== heard) continue
      for (const episode of client.episodes) {
        if (episode.untilClose && episode.round <= round) episode.backAt = Math.min(episode.backAt, at)
      }
      this.#forget(client)
      if (!client.episodes.some(({ untilClose }) => untilClose)) this.#untilClose.delete(client)
    }
  }

  /** An envelope is lost: it counts for the fault whose doing it is, and a client that did not stay for it leaves. */
  dropped({ envelope, from, actor: to, round, travelled, fault, at }: EventOf<'drop'>): void {
    const hook = fault === undefined ? undefined : this.#hooks.get(fault)
    if (hook !== undefined) {
      const client = this.#subjects.get(from)?.hooks.includes(hook) === true ? from : to
      hook.strike(client, visit(client, round), 'message lost', envelope, travelled)
    }
    const leave = this.#leavers.get(envelope)
    if (leave === undefined) return
    this.#leavers.delete(envelope)
    leave(at)
  }

  /** Can it be selected for `round`, opening at `now`? Counts the faults that say no where nothing else does. */
  selectable(client: Watched, now: Micros, round: number): boolean {
    if (!this.#scheduled(client, now) || this.#episodeAt(client, now) !== undefined) return false
    let free = true
    const keepsOut = (hook: AbsenceHook): void => {
      free = false
      hook.strike(client.name, visit(client.name, round), 'not selectable', visit(client.name, round))
    }
    for (const { hook, calendar } of client.sessions) if (!isThere(calendar, now)) keepsOut(hook)
    for (const hook of client.hooks) {
      if (hook.phase !== undefined || hook.sessions !== undefined || !isIts(hook, now)) continue
      if (this.#strikes(hook, client, round, now)) keepsOut(hook)
    }
    return free
  }

  /**
   * Until when it is out of reach for certain: by its schedule, or for a time that was set; in `round`, if one is given, by
   * its faults. Infinity: for good, or for all of that round.
   */
  awayUntil(client: Watched, now: Micros, round?: number): Micros | undefined {
    if (client.calendar !== undefined && !isThere(client.calendar, now)) return client.calendar.next(now)?.from ?? Infinity
    for (const { hook, calendar } of client.sessions) {
      if (!isThere(calendar, now)) return hook.varies === true ? undefined : Math.min(calendar.next(now)?.from ?? Infinity, hook.ends ?? Infinity)
    }
    const episode = this.#episodeAt(client, now)
    if (episode !== undefined) return episode.untilClose ? undefined : episode.backAt
    let until: Micros | undefined
    if (round === undefined) return until
    for (const hook of client.hooks) {
      if (hook.phase !== undefined || hook.sessions !== undefined || !isIts(hook, now)) continue
      if (!this.#strikes(hook, client, round, now)) continue
      if (hook.varies === true) return undefined
      until = Math.max(until ?? 0, Math.min(endOf(hook.window) ?? Infinity, hook.ends ?? Infinity))
    }
    return until
  }

  /** Whether an event may end what keeps it from `round`. `calms`: a calm phase is to come, which ends all faults. */
  mayReturn(client: Watched, now: Micros, round: number, calms: boolean): boolean {
    return client.hooks.some((hook) => {
      const { phase, sessions, window } = hook
      if (phase !== undefined || sessions !== undefined) return false
      if (stopOf(window) === undefined && (!calms || window.rounds !== undefined)) return false
      return isIts(hook, now) && this.#strikes(hook, client, round, now)
    })
  }

  /** A fault that keeps clients away is over then. */
  ends(at: Micros): void {
    if (at < Infinity) this.#returns.add(at)
  }

  /** Whose doing it is that it is out of reach; undefined: it is within reach. */
  absence(client: Watched, at: Micros): string | undefined {
    const cause = this.#goneBecause(client, at, this.round(client.name))
    return cause && idOf(cause)
  }

  /** The first instant after `from` at which it leaves, as far as is known. */
  leaves(client: Watched, from: Micros): Micros | undefined {
    return this.#firstLeave(client, from, Infinity, this.round(client.name))?.at
  }

  /** How work ends that would otherwise last from `start` to `end`. Leaving at `end` is leaving before it is of use. */
  span(client: Watched, start: Micros, end: Micros, round: number): Cut {
    if (client.trains.round !== round) client.trains = { round, since: start }
    const gone = this.#goneBecause(client, start, round)
    if (gone !== undefined) return this.#cutShort(client, gone, start, start, round, this.#reason(gone))
    const first = this.#firstLeave(client, start, end, round)
    let at = first?.at ?? Infinity
    let leaver: AbsenceHook | undefined
    for (const hook of client.hooks) {
      if (hook.phase !== 'training') continue
      if (!isIts(hook, start) || !this.#strikes(hook, client, round, start)) continue
      const leave = hook.leaves === undefined
        ? start + Math.ceil(hook.place(client.name, round) * (end - start))
        : hook.leaves(client.name, start, end) ?? Infinity
      // Its own episode is among the leaves when the same thing is asked again.
      if (leave < at || (leave === at && first?.cause === hook)) {
        at = leave
        leaver = hook
      }
    }
    if (leaver !== undefined) {
      this.#leave(client, leaver, round, at)
      return this.#cutShort(client, leaver, start, at, round, 'left in training')
    }
    if (first === undefined) return { until: end }
    return this.#cutShort(client, first.cause, start, first.at, round, this.#reason(first.cause))
  }

  /** Does it stay to send what it has trained for `round`? If not it leaves now; what it has made it keeps. */
  stays(client: Watched, now: Micros, round: number): boolean {
    const { name, hooks, trains } = client
    const leavers = hooks.filter((hook) =>
      hook.phase === 'before-upload' && isIts(hook, now) && this.#strikes(hook, client, round, now))
    const spent = trains.round === round ? now - trains.since : 0
    for (const hook of leavers) {
      this.#leave(client, hook, round, now)
      hook.strike(name, visit(name, round), 'left before upload', visit(name, round), spent)
    }
    return leavers.length === 0
  }

  /** What absence does to an envelope that is sent from or to the client. */
  judge(client: Watched, direction: 'up' | 'down', envelope: Envelope, now: Micros): Loss {
    const cause = this.#goneBecause(client, now, this.round(client.name))
    let loss: { travelled: number; cause: Cause } | undefined = cause && { travelled: 0, cause }
    const phase = direction === 'down' ? 'download' : 'upload'
    if (loss === undefined && envelope.kind === (direction === 'down' ? 'model' : 'update') && envelope.attempt === 0) {
      for (const hook of client.hooks) {
        if (hook.phase !== phase) continue
        const travelled = this.#cutTransfer(client, hook, direction, envelope, now)
        if (travelled === undefined || (loss !== undefined && loss.travelled <= travelled)) continue
        loss = { travelled, cause: hook }
      }
    }
    return loss && { travelled: loss.travelled, fault: idOf(loss.cause) }
  }

  /** How many clients a fault has sent away for a time that is not over: the last round has closed before. */
  stillAway(fault: string): number {
    return this.#options.clients.filter(({ name, episodes }) => {
      const { closedAt } = this.#heardBy(name)
      return episodes.some(({ hook, leftAt, backAt, untilClose }) => hook.id === fault && !untilClose && leftAt <= closedAt && backAt > closedAt)
    }).length
  }

  /** A client leaves in mid-phase for a reason of the fault's own. */
  leave(client: Watched, hook: AbsenceHook, round: number, at: Micros): void {
    if (this.#episodeAt(client, at) === undefined) this.#leave(client, hook, round, at)
  }

  /** A training has ended, perhaps before the client was to leave in it: then it does not, whose work made it leave. */
  ended({ actor, at }: EventOf<'trained'>): void {
    const client = this.#subjects.get(actor)
    if (client === undefined || !client.episodes.some(({ hook }) => hook.leaves !== undefined)) return
    client.episodes = client.episodes.filter(({ hook, leftAt }) => hook.leaves === undefined || leftAt <= at)
  }

  /** Rounds that have closed, and when the last did. */
  get flown(): { readonly rounds: number; readonly until: Micros } {
    const all = [this.#usual, ...this.#others.values()]
    return { rounds: Math.max(...all.map(({ closed }) => closed)), until: Math.max(...all.map(({ closedAt }) => closedAt)) }
  }

  /** The next instant after `now` at which somebody may come back. */
  nextReturn(now: Micros): Micros | undefined {
    return this.#returns.after(now)
  }

  #forget(client: Watched): void {
    const { closedAt } = this.#heardBy(client.name)
    client.episodes = client.episodes.filter(({ leftAt, backAt }) => backAt > closedAt && backAt > leftAt)
  }

  #strikes(hook: AbsenceHook, { name }: Watched, round: number, at: Micros): boolean {
    return hook.strikes(name, round, this.#heardBy(name).opened.get(round) ?? at)
  }

  #scheduled({ calendar }: Watched, at: Micros): boolean {
    return calendar === undefined || isThere(calendar, at)
  }

  #episodeAt({ episodes }: Watched, at: Micros): Episode | undefined {
    return episodes.find(({ leftAt, backAt }) => leftAt <= at && at < backAt)
  }

  #goneBecause(client: Watched, at: Micros, round: number): Cause | undefined {
    if (!this.#scheduled(client, at)) return 'schedule'
    const episode = this.#episodeAt(client, at)
    if (episode !== undefined) return episode.hook
    const outside = client.sessions.find(({ calendar }) => !isThere(calendar, at))
    if (outside !== undefined) return outside.hook
    return client.hooks.find((hook) => isTimed(hook) && isIts(hook, at) && this.#strikes(hook, client, round, at))
  }

  #firstLeave(client: Watched, from: Micros, until: Micros, round: number): { at: Micros; cause: Cause } | undefined {
    let first: { at: Micros; cause: Cause } | undefined
    const consider = (at: Micros | undefined, cause: Cause) => {
      if (at === undefined || at === Infinity || at <= from || at > until) return
      if (first === undefined || at < first.at) first = { at, cause }
    }
    consider(client.calendar?.next(from)?.until, 'schedule')
    for (const { hook, calendar } of client.sessions) consider(calendar.next(from)?.until, hook)
    for (const { hook, leftAt, backAt } of client.episodes) if (backAt > leftAt) consider(leftAt, hook)
    for (const hook of client.hooks) {
      if (hook.window.from === undefined || !isTimed(hook) || !inRounds(hook.window, round)) continue
      const at = hook.window.from
      if ((hook.isOn?.(at) ?? true) && this.#strikes(hook, client, round, from)) consider(at, hook)
    }
    return first
  }

  #leave(client: Watched, hook: AbsenceHook, round: number, leftAt: Micros): void {
    const untilClose = hook.for === undefined && hook.back === undefined
    const over = untilClose && round <= this.#heardBy(client.name).closed
    if (over || client.episodes.some((e) => e.hook === hook && e.round === round && e.leftAt === leftAt)) return
    const backAt = hook.back?.(client.name, leftAt) ?? (hook.for === undefined ? Infinity : leftAt + hook.for)
    this.#forget(client)
    client.episodes.push({ hook, round, leftAt, backAt, untilClose })
    if (untilClose) this.#untilClose.add(client)
    else this.#returns.add(backAt)
    this.#options.live({ kind: 'leave', who: client.name, at: leftAt, fault: hook.id })
  }

  /** The share of a part's bytes that pass, or undefined for a part that arrives. */
  #cutTransfer(
    client: Watched,
    hook: AbsenceHook,
    direction: 'up' | 'down',
    envelope: Envelope,
    now: Micros,
  ): number | undefined {
    const { round } = envelope
    const key = `${hook.id} ${round}`
    let cut = client.cuts.get(key)
    if (cut === undefined) {
      if (!isIts(hook, now) || !this.#strikes(hook, client, round, now)) return undefined
      const place = hook.place(client.name, round) * Math.max(1, this.#options.parts.length)
      const index = Math.floor(place)
      cut = { index, fraction: place - index, sent: [], left: false }
      client.cuts.set(key, cut)
    }
    const index = placeIn(cut.sent, envelope.part)
    if (index < cut.index) return undefined
    if (index > cut.index) return 0
    const { left } = cut
    if (!left) {
      cut.left = true
      // One microsecond later than the last byte, so that a part that arrives in that instant has arrived.
      const way = direction === 'down' ? this.#options.latency(envelope) : 0
      this.#leavers.set(envelope.id, (at) => this.#leave(client, hook, round, at + way + 1))
    }
    return cut.fraction
  }

  #reason(cause: Cause): string {
    return cause === 'schedule' ? 'window ended' : 'away'
  }

  #cutShort(client: Watched, cause: Cause, start: Micros, at: Micros, round: number, reason: string): Cut {
    if (cause !== 'schedule') {
      cause.strike(client.name, visit(client.name, round), 'training cut short', `${visit(client.name, round)} ${start}`, at - start)
    }
    return { until: at, interrupted: reason }
  }
}
