import type { Name } from '../roster/participant.js'
import type { Envelope } from '../network/envelope.js'
import type { Micros } from '../time/micros.js'
import { isTimed, type Coming, type Episode, type Leaver } from './coming.js'
import type { PlannedFault } from './plan.js'
import type { Tally } from './tally.js'
import type { Work } from './weather.js'
import { inRounds, inTime, strikes } from './window.js'

/*
 * When clients are not there: schedules, and `away` faults.
 *
 * Without a phase, a client is not selectable in the window of the fault; where the window has a `from` or `until`, it
 * is also out of reach then, like outside a schedule's window: work and transfers that cross the border end there.
 * (Questions that name no round, such as the network's, mean the latest that opened.) With a phase, the client is
 * selected, and leaves midway:
 *   download       the model is on its way: of n parts, one (drawn) is cut at a (drawn) fraction, those before it
 *                  arrive, those after it never leave the server;
 *   training       after a drawn fraction of the computation;
 *   before-upload  when training is done, before anything is sent;
 *   upload         as download, with the update's parts.
 * From then on it is away: not selectable, whatever it computes ends at once, all messages from and to it are lost. It
 * is back after `for`, or when the round closes. If the round closes first (a deadline passes while it still trains),
 * what was interrupted stays so, and it is there for the next round. A round that is already closed when a late client
 * leaves (asynchronous policies) keeps it away for no time at all.
 * The instant at which a transfer is cut is that of an otherwise free line: the weather knows rates, not queues.
 */

/** Who keeps a client away: a fault, or its schedule. */
type Cause = PlannedFault | 'schedule'

export interface AbsenceOptions {
  readonly clients: readonly Coming[]
  /** Parts of a model, the trunk first: the order in which they come down. Updates go up with the trunk last. */
  readonly parts: readonly string[]
  readonly tally: Tally
  /** When the last of `bytes` has passed a client's free line that begins at `start`. */
  readonly transfer: (client: Name, direction: 'up' | 'down', bytes: number, start: Micros) => Micros
  readonly latency: (envelope: Envelope) => Micros
}

/** Undefined where the envelope passes. */
export type Loss = { readonly travelled: number; readonly fault: string } | undefined

const visit = (client: Name, round: number): string => `${client} ${round}`

const idOf = (cause: Cause): string => (cause === 'schedule' ? cause : cause.id)

/** Presence of the clients that something can keep away; the others are never asked about here. */
export class Absences {
  readonly #options: AbsenceOptions
  readonly #partIndex: ReadonlyMap<string, number>
  /** Latest round that opened: for questions that name no round. */
  #round = 0
  #closed = 0

  constructor(options: AbsenceOptions) {
    this.#options = options
    this.#partIndex = new Map(options.parts.map((part, i) => [part, i]))
  }

  open(round: number): void {
    this.#round = Math.max(this.#round, round)
  }

  get round(): number {
    return this.#round
  }

  /** Ends the absences that last until this round closes. */
  close(round: number, at: Micros): void {
    this.#closed = Math.max(this.#closed, round)
    for (const client of this.#options.clients) {
      if (client.episodes.length === 0) continue
      for (const episode of client.episodes) {
        if (episode.untilClose && episode.round <= round) episode.backAt = Math.min(episode.backAt, at)
      }
      client.episodes = client.episodes.filter(({ leftAt, backAt }) => backAt > at && backAt > leftAt)
    }
  }

  /** Can it be selected for `round`, opening at `now`? Counts the faults that say no where nothing else does. */
  selectable(client: Coming, now: Micros, round: number): boolean {
    if (!this.#scheduled(client, now) || this.#episodeAt(client, now) !== undefined) return false
    let free = true
    for (const { planned, fault, draws } of client.leavers) {
      if (fault.phase !== undefined || !inTime(fault, now) || !strikes(fault, draws, client.name, round)) continue
      free = false
      const key = visit(client.name, round)
      this.#options.tally.fired(planned, key)
      this.#options.tally.effect(planned, 'not selectable', key, 0)
    }
    return free
  }

  gone(client: Coming, at: Micros): boolean {
    const cause = this.#goneBecause(client, at, this.#round)
    if (cause !== undefined) this.#fired(cause, client, this.#round)
    return cause !== undefined
  }

  /** The first instant in (from, until] at which it leaves. */
  leaves(client: Coming, from: Micros, until: Micros): Micros | undefined {
    const first = this.#firstLeave(client, from, until, this.#round)
    if (first === undefined) return undefined
    this.#fired(first.cause, client, this.#round)
    return first.at
  }

  /** How work ends that would otherwise last from `start` to `end`. Leaving at `end` is leaving before it is of use. */
  work(client: Coming, start: Micros, end: Micros, round: number): Work {
    const gone = this.#goneBecause(client, start, round)
    if (gone !== undefined) return this.#cutShort(client, gone, start, start, round, this.#reason(gone))
    const first = this.#firstLeave(client, start, end, round)
    let at = first?.at ?? Infinity
    let leaver: Leaver | undefined
    for (const candidate of client.leavers) {
      const { phase } = candidate.fault
      if (phase !== 'training' && phase !== 'before-upload') continue
      if (!inTime(candidate.fault, start) || !strikes(candidate.fault, candidate.draws, client.name, round)) continue
      const share = phase === 'training' ? candidate.draws.visit(client.name, round, 1) : 1
      const leave = start + Math.ceil(share * (end - start))
      // Its own episode is among the leaves when the same thing is asked again.
      if (leave < at || (leave === at && first?.cause === candidate.planned)) {
        at = leave
        leaver = candidate
      }
    }
    if (leaver !== undefined) {
      this.#leave(client, leaver, round, at)
      const reason = leaver.fault.phase === 'training' ? 'left in training' : 'left before the upload'
      return this.#cutShort(client, leaver.planned, start, at, round, reason)
    }
    if (first === undefined) return { until: end }
    return this.#cutShort(client, first.cause, start, first.at, round, this.#reason(first.cause))
  }

  /** What absence does to an envelope that is sent from or to the client. */
  judge(client: Coming, direction: 'up' | 'down', envelope: Envelope, now: Micros): Loss {
    const cause = this.#goneBecause(client, now, this.#round)
    let loss: { travelled: number; cause: Cause } | undefined = cause && { travelled: 0, cause }
    const phase = direction === 'down' ? 'download' : 'upload'
    if (loss === undefined && envelope.kind === (direction === 'down' ? 'model' : 'update') && envelope.attempt === 0) {
      for (const leaver of client.leavers) {
        if (leaver.fault.phase !== phase) continue
        const travelled = this.#cutTransfer(client, leaver, direction, envelope, now)
        if (travelled === undefined || (loss !== undefined && loss.travelled <= travelled)) continue
        loss = { travelled, cause: leaver.planned }
      }
    }
    if (loss === undefined) return undefined
    this.#fired(loss.cause, client, envelope.round)
    if (loss.cause !== 'schedule') {
      const bytes = Math.floor(envelope.bytes.length * loss.travelled)
      this.#options.tally.effect(loss.cause, 'message lost', envelope.id, bytes)
    }
    return { travelled: loss.travelled, fault: idOf(loss.cause) }
  }

  /** The next instant after `now` at which somebody may come back. */
  nextReturn(now: Micros): Micros | undefined {
    let next = Infinity
    const consider = (at: Micros | undefined) => {
      if (at !== undefined && at > now && at < next) next = at
    }
    for (const { calendar, leavers, episodes } of this.#options.clients) {
      const window = calendar?.next(now)
      if (window !== undefined) consider(window.from > now ? window.from : calendar?.next(window.until)?.from)
      for (const { fault } of leavers) if (fault.phase === undefined) consider(fault.until)
      for (const { backAt } of episodes) consider(backAt)
    }
    return next === Infinity ? undefined : next
  }

  #scheduled({ calendar }: Coming, at: Micros): boolean {
    if (calendar === undefined) return true
    const window = calendar.next(at)
    return window !== undefined && window.from <= at
  }

  #episodeAt({ episodes }: Coming, at: Micros): Episode | undefined {
    return episodes.find(({ leftAt, backAt }) => leftAt <= at && at < backAt)
  }

  #goneBecause(client: Coming, at: Micros, round: number): Cause | undefined {
    if (!this.#scheduled(client, at)) return 'schedule'
    const episode = this.#episodeAt(client, at)
    if (episode !== undefined) return episode.planned
    return client.leavers.find(
      (leaver) =>
        isTimed(leaver) && inTime(leaver.fault, at) && strikes(leaver.fault, leaver.draws, client.name, round),
    )?.planned
  }

  #firstLeave(client: Coming, from: Micros, until: Micros, round: number): { at: Micros; cause: Cause } | undefined {
    let first: { at: Micros; cause: Cause } | undefined
    const consider = (at: Micros | undefined, cause: Cause) => {
      if (at !== undefined && at > from && at <= until && (first === undefined || at < first.at)) first = { at, cause }
    }
    consider(client.calendar?.next(from)?.until, 'schedule')
    for (const { planned, leftAt, backAt } of client.episodes) if (backAt > leftAt) consider(leftAt, planned)
    for (const leaver of client.leavers) {
      const { fault, draws, planned } = leaver
      if (fault.from === undefined || !isTimed(leaver) || !inRounds(fault, round)) continue
      if (strikes(fault, draws, client.name, round)) consider(fault.from, planned)
    }
    return first
  }

  #leave(client: Coming, { planned, fault }: Leaver, round: number, leftAt: Micros): void {
    const untilClose = fault.for === undefined
    const over = untilClose && round <= this.#closed
    if (over || client.episodes.some((e) => e.planned === planned && e.round === round && e.leftAt === leftAt)) return
    const backAt = fault.for === undefined ? Infinity : leftAt + fault.for
    client.episodes.push({ planned, round, leftAt, backAt, untilClose })
  }

  /** The share of a part's bytes that pass, or undefined for a part that arrives. */
  #cutTransfer(
    client: Coming,
    leaver: Leaver,
    direction: 'up' | 'down',
    envelope: Envelope,
    now: Micros,
  ): number | undefined {
    const { planned, fault, draws } = leaver
    const key = `${planned.id} ${envelope.round}`
    let cut = client.cuts.get(key)
    if (cut === undefined) {
      if (!inTime(fault, now) || !strikes(fault, draws, client.name, envelope.round)) return undefined
      const place = draws.visit(client.name, envelope.round, 1) * Math.max(1, this.#options.parts.length)
      const index = Math.floor(place)
      cut = { index, fraction: place - index, booked: new Set(), free: now, left: false }
      client.cuts.set(key, cut)
    }
    const index = this.#place(envelope.part, direction)
    const travelled = index < cut.index ? 1 : index === cut.index ? cut.fraction : 0
    if (!cut.left && !cut.booked.has(envelope.id)) {
      cut.booked.add(envelope.id)
      const bytes = Math.floor(envelope.bytes.length * travelled)
      cut.free = this.#options.transfer(client.name, direction, bytes, Math.max(now, cut.free))
      if (index === cut.index) {
        cut.left = true
        // One microsecond later than the last byte, so that a part that arrives in that instant has arrived.
        const way = direction === 'down' ? this.#options.latency(envelope) : 0
        this.#leave(client, leaver, envelope.round, cut.free + way + 1)
      }
    }
    return index < cut.index ? undefined : travelled
  }

  /** How many parts are sent before this one: models go trunk first, updates trunk last. */
  #place(part: string, direction: 'up' | 'down'): number {
    const parts = this.#options.parts.length
    const index = this.#partIndex.get(part) ?? 0
    return direction === 'down' ? index : (index + parts - 1) % parts
  }

  #reason(cause: Cause): string {
    return cause === 'schedule' ? 'window ended' : 'away'
  }

  #fired(cause: Cause, client: Coming, round: number): void {
    if (cause !== 'schedule') this.#options.tally.fired(cause, visit(client.name, round))
  }

  #cutShort(client: Coming, cause: Cause, start: Micros, at: Micros, round: number, reason: string): Work {
    if (cause !== 'schedule') {
      this.#options.tally.fired(cause, visit(client.name, round))
      const effect = reason === 'left before the upload' ? 'left before upload' : 'training cut short'
      this.#options.tally.effect(cause, effect, `${visit(client.name, round)} ${start}`, at - start)
    }
    return { until: at, interrupted: reason }
  }
}
