import { SpecificationError, WindtunnelError } from '../errors.js'
import type { Envelope } from '../network/envelope.js'
import { placeName } from '../network/topology.js'
import { type Door, passes, type Verdict } from '../network/weather.js'
import { createDraws, createLexicon, type Draws } from '../random/draws.js'
import { type Fresh, freshened } from '../random/fresh.js'
import type { Streams } from '../random/streams.js'
import { FlightRecorder, type Reader } from '../record/flight-recorder.js'
import { type Name, type Participant, regionalsOf, type Role } from '../roster/participant.js'
import type { ReadText } from '../schedules/csv.js'
import { devicesSchema, resolveDevices, type Device, type Devices } from '../schedules/devices.js'
import { networkSchema, resolveNetwork, type ClientLink, type NetworkSpec } from '../schedules/network.js'
import { resolveSchedule, type Schedule } from '../schedules/schedule.js'
import type { Micros } from '../time/micros.js'
import { skewedClock } from './clocks.js'
import { type Core, doorOf, outsideCore } from './core.js'
import { Deaths } from './deaths.js'
import type { Fold, Hooks, InboxHook, Life, NarrowHook, PartialHook, Planned, Sending, SlowHook, Tools, WithLink } from './fault.js'
import { behind, Stay } from './by-hand.js'
import { Gate, gated } from './gate.js'
import { jittered, narrowed } from './lines.js'
import { linkNames, type MessageRule, MessageRules, roleNumber } from './message-rules.js'
import { outlivedBy } from './outlived.js'
import type { Relabelled } from './relabel.js'
import type { Plan } from './plan.js'
import { Presence, type Watched, watched } from './presence.js'
import { entryOf } from './registry.js'
import { FaultCount } from './report.js'
import { Selections, shareOf } from './selections.js'
import { otherRates, wrongLine } from './shared-line.js'
import { Slowness } from './slowness.js'
import { endOfWork } from './speed.js'
import { striker } from './strike.js'
import { nobodyIn, type Trigger } from './trigger.js'
import type { Weather } from './weather.js'
import { endOf, stopOf, strikes, type When } from './window.js'

export interface CompileInput {
  readonly plan: Plan
  readonly participants: readonly Participant[]
  /** The parts of a model in the order in which they are sent: `trunk`, `expert-1`, ... */
  readonly parts: readonly string[]
  /** Those of them that clients are sent; absent: all. */
  readonly carried?: readonly string[]
  readonly schedule?: Schedule
  readonly network?: NetworkSpec
  readonly devices?: Devices
  readonly streams: Streams
  /** Of the coins of faults; the same when absent. */
  readonly coins?: Streams
  /** Chance that falls anew from a moment of the flight on: coins of faults, and jitter. */
  readonly fresh?: Fresh | undefined
  /** Reads the trace files that schedules, network and devices name; not needed without traces. */
  readonly read?: ReadText
  /** Where faults tell that they strike; whoever reads it should show it to the weather, too. */
  readonly record?: Pick<FlightRecorder, 'tell'>
  /** How many training labels of which client each fault has changed, by its id. */
  readonly relabelled?: Relabelled | undefined
  /** Whether a calm phase is to come: an event says when. */
  readonly calms?: boolean | undefined
  /** Who is healed then; everybody, when absent. */
  readonly core?: Core | undefined
  /** Told of life events that are set off during the flight. */
  readonly live?: (life: Life) => void
}

/** What there is to know about one participant. */
interface Subject {
  readonly name: Name
  readonly role: number
  readonly device: Device
  readonly link: ClientLink | undefined
  readonly watched: Watched | undefined
  readonly slow: readonly SlowHook[]
  readonly partial: readonly PartialHook[]
  readonly narrow: readonly NarrowHook[]
  /** When it began to train for its latest round, if it may be slow. */
  began: { readonly round: number; readonly at: Micros }
}

interface Compiled {
  readonly planned: Planned
  readonly stay?: Stay
  readonly hooks: Hooks
}

const noFiles: ReadText = (path) => {
  throw new SpecificationError(`'${path}' is to be read, but compile() was given no \`read\`. Pass one.`)
}

/** One hook of all faults that have it, by whom they hit. */
const byTarget = <K extends keyof Hooks>(all: readonly Compiled[], kind: K) => {
  const found = new Map<Name, NonNullable<Hooks[K]>[]>()
  for (const { planned, hooks } of all) {
    const hook = hooks[kind]
    if (hook === undefined) continue
    for (const target of planned.targets) {
      const own = found.get(target)
      if (own === undefined) found.set(target, [hook])
      else own.push(hook)
    }
  }
  return (name: Name): readonly NonNullable<Hooks[K]>[] => found.get(name) ?? []
}

/** Narrowings of lines that many share, by what their places are called. */
const byPlace = (all: readonly Compiled[]): ReadonlyMap<string, readonly NarrowHook[]> => {
  const found = new Map<string, NarrowHook[]>()
  for (const { hooks: { narrow } } of all) {
    if (narrow?.place === undefined) continue
    const name = placeName(narrow.place)
    found.set(name, [...(found.get(name) ?? []), narrow])
  }
  return found
}

const ruleOf = ({ planned, hooks: { messages: hook } }: Compiled): MessageRule[] => {
  if (hook === undefined) return []
  const { from, to } = planned
  // What is between groups says itself when it is on, and of which messages.
  const fault = 'link' in planned.fault ? (planned.fault as WithLink & Planned['fault']) : { link: {} }
  return [{ planned, fault, hook, ...(from && { from: new Set(from) }), ...(to && { to: new Set(to) }) }]
}

/** Whom a fault strikes in which round. */
/** All clients, where they are peers. */
const peersAmong = (participants: readonly Participant[]): readonly Name[] | undefined =>
  participants.some(({ role }) => role !== 'client') ? undefined : participants.map(({ name }) => name)

const strikesOf = ({ fault }: Planned, draws: Draws, selections: Selections): Tools['strikes'] => {
  const share = shareOf(fault)
  const drawn = share === undefined ? undefined : selections.share(share, draws)
  const coin = fault as When & { readonly probability?: number }
  return (client, round, own) => strikes(coin, draws, client, round, own) && (drawn === undefined || drawn(client, round))
}

/** Queues one after the other: a message that has got through the first is asked about at the second. */
const inTurn = (inboxes: readonly InboxHook[], envelope: Envelope, now: Micros): Door => {
  for (const inbox of inboxes) {
    const answer = inbox.ask(envelope, now)
    if (answer !== 'deliver') return answer
  }
  return 'deliver'
}

const byTime = (a: Life, b: Life): number => a.at - b.at || (a.who < b.who ? -1 : a.who > b.who ? 1 : 0)

/**
 * Compiles a plan and the schedules into the weather of one flight: every fault gives its hooks, and here they are put
 * where they are asked. The result has memory (who has left, what has struck): compile anew for another flight. Throws
 * what the resolving of selectors and the reading of traces throws.
 */
export const compile = (input: CompileInput): Weather => {
  const { plan, participants, parts, carried = parts, streams, coins = streams, read = noFiles, live = () => {}, relabelled, calms = false, core, fresh } = input
  const network = input.network ?? networkSchema.parse(undefined)
  const calendars = resolveSchedule(input.schedule ?? [], participants, streams, read)
  const devices = resolveDevices(input.devices ?? devicesSchema.parse(undefined), participants, streams, read)
  const servers = participants.flatMap(({ name, role }) => (role === 'client' ? [] : [name]))
  for (const { id, fault } of plan.faults) {
    const wrong = wrongLine(fault, network, servers)
    if (wrong !== undefined) throw new SpecificationError(`fault '${id}': line ${wrong.rule}. ${wrong.advice}`)
  }
  const links = resolveNetwork(network, participants, streams, read)
  const lexicon = createLexicon()
  const jitterDraws = freshened(fresh, createDraws(streams, lexicon, 'network', 'jitter'), 'network', 'jitter')
  const count = new FaultCount()
  const record = input.record ?? alone(count)
  const deaths = new Deaths()
  const subjects = new Map<Name, Subject>()
  const regionals = regionalsOf(participants)
  const openerOf = regionals.size === 0 ? undefined : (name: Name): Name | undefined => regionals.get(name)
  const selections = new Selections(openerOf, peersAmong(participants))
  const roles = new Map(participants.map(({ name, role }) => [name, role]))
  const roleOf = (name: Name): Role => roles.get(name) ?? unknown(name, subjects)
  /** Those of faults that wait for an event or stop at one, and of all where it is to be calm. */
  const gates: Reader[] = []
  const gateOf = ({ fault }: Planned): Gate | undefined => {
    const when = fault as When
    const waits = entryOf(fault).sudden !== true && (when.when !== undefined || stopOf(when) !== undefined)
    return waits || calms ? new Gate(waits ? when : {}, parts) : undefined
  }
  const heard = (planned: Planned, hooks: Hooks, gate: Gate, stay: Stay | undefined): Hooks => {
    const { id: fault, targets } = planned
    const [who] = targets
    const see: Reader['see'] = (event) => {
      // Events count from the injection on.
      if (stay !== undefined && !stay.isOpen && event.kind !== 'calm') return
      const wasOn = gate.isOn()
      const ended = gate.endsAt(event.at)
      gate.see(event)
      const isOther = wasOn !== gate.isOn() || ended !== gate.endsAt(event.at)
      if (hooks.narrow !== undefined && isOther) live(otherRates(planned, event.at))
      // What an inbox holds has no more to wait for.
      if (hooks.inbox !== undefined && wasOn && !gate.isOn()) live({ kind: 'release', who, at: event.at, fault })
      if (hooks.absence === undefined || hooks.absence.phase !== undefined) return
      if (wasOn && !gate.isOn()) live({ kind: 'back', who, at: event.at, fault })
      else if (gate.isOn()) presence.ends(gate.endsAt(event.at))
    }
    gates.push({ kinds: gate.kinds, see })
    return gated(hooks, gate)
  }
  // In the order of keys, so that folds do not depend on the order in which faults were written down.
  const compiled = [...plan.faults]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((planned): Compiled => {
      const purpose = ['faults', planned.key, 'coins'] as const
      const draws = freshened(fresh, createDraws(coins, lexicon, ...purpose), ...purpose)
      const strike = striker(planned, record)
      const leave: Tools['leave'] = (client, round, at) => {
        const { watched: own } = subject(client)
        if (own !== undefined && hooks.absence !== undefined) presence.leave(own, hooks.absence, round, at)
      }
      const gate = gateOf(planned)
      const tools: Tools = {
        draws, parts, live, leave, strike,
        names: linkNames(planned, roleOf),
        strikes: strikesOf(planned, draws, selections),
        events: gate ?? { isOn: () => true, endsAt: () => endOf(planned.fault as When) ?? Infinity },
        relabelled: (client) => relabelled?.get(planned.id)?.get(client) ?? 0,
      }
      const compiledHooks: Hooks = entryOf(planned.fault).compile(planned, tools)
      const stay = planned.injected === undefined && planned.healed === undefined ? undefined : new Stay(planned, compiledHooks, live)
      const known = gate === undefined ? compiledHooks : heard(planned, compiledHooks, gate, stay)
      const hooks: Hooks = stay === undefined ? known : behind(known, stay, planned)
      return { planned, hooks, ...(stay && { stay }) }
    })
  const edges = compiled.flatMap(({ stay }) => stay?.edges ?? []).sort((a, b) => a.event - b.event || a.at - b.at)
  /** Who was kept away until a fault was healed may be there directly afterwards. */
  const freed = compiled.flatMap(({ hooks, planned }) => (hooks.absence && planned.healed ? [planned.healed.at + 1] : []))
  const lives = compiled.flatMap(({ hooks }) => hooks.lives ?? []).sort(byTime)
  const watchers = [...gates, ...compiled.flatMap(({ hooks: { reader } }) => (reader === undefined ? [] : [reader]))]
  const doors = compiled.flatMap(({ hooks: { door } }) => (door === undefined ? [] : [door]))

  const [slow, partial, narrow, absence] = [
    byTarget(compiled, 'slow'), byTarget(compiled, 'partial'), byTarget(compiled, 'narrow'), byTarget(compiled, 'absence'),
  ]
  const narrowedPlaces = byPlace(compiled)
  const clocks = byTarget(compiled, 'clock')
  const inboxes = byTarget(compiled, 'inbox')
  const mayBeFull = compiled.some(({ hooks }) => hooks.inbox !== undefined)
  for (const { name, role } of participants) {
    const device = devices.get(name)
    if (device === undefined) continue
    if (subjects.has(name)) throw new SpecificationError(`'${name}' takes part twice. Give each its own name.`)
    const calendar = calendars.get(name)
    const away = absence(name)
    subjects.set(name, {
      name,
      role: roleNumber[role],
      device,
      link: links.get(name),
      watched: calendar === undefined && away.length === 0 ? undefined : watched(name, calendar, away),
      slow: slow(name),
      partial: partial(name),
      narrow: narrow(name),
      began: { round: 0, at: 0 },
    })
  }
  const [poison, trains] = [byTarget(compiled, 'poison'), byTarget(compiled, 'trains')]
  const forgers = compiled.flatMap(({ hooks: { forge } }) => (forge === undefined ? [] : [forge]))
  const has = (hook: keyof Hooks): boolean => compiled.some(({ hooks }) => hooks[hook] !== undefined)
  const [poisons, mislabels] = [has('poison'), has('trains')]
  /** What most flights have none of is asked of nobody. */
  const [slows, shortens] = [has('slow'), has('partial')]
  const subject = (name: Name): Subject => subjects.get(name) ?? unknown(name, subjects)
  const rules = new MessageRules(compiled.flatMap(ruleOf), roleOf)

  const latency = (envelope: Envelope): Micros => {
    const from = subject(envelope.from)
    const to = subject(envelope.to)
    // Between a client and a regional aggregator it is the client's.
    const link = from.role === roleNumber.regional ? to.link ?? from.link : from.link ?? to.link
    if (link === undefined) return network.inside
    const { latency: usual, jitter } = link
    if (jitter === undefined) return usual
    return jittered(usual, jitter, jitterDraws, envelope, rules.copyName(envelope, from.role, to.role))
  }
  const all = [...subjects.values()].flatMap((one) => (one.watched === undefined ? [] : [one.watched]))
  const presence = new Presence({ clients: all, parts: carried, openerOf, latency, live })
  // Availability is asked of every client at every opening: no search where nothing can keep anybody away.
  const mayDie = lives.length > 0 || watchers.length > 0
  const present = !mayDie && all.length === 0 && core === undefined
  const coreDoor = core && doorOf(core)
  let isCalm = false
  const deadly = new Set(plan.faults.flatMap(({ fault, targets }) => (entryOf(fault).kills === true ? targets : [])))
  const revivable = new Set(plan.faults.flatMap(({ fault, targets }) => ('restartWhen' in fault && fault.restartWhen ? targets : [])))
  /** Clients that an event may bring back. */
  const expected = [...subjects.values()].filter(({ name, role, watched: own }) =>
    (role === roleNumber.client || role === roleNumber.regional) &&
    (revivable.has(name) || (calms && (own !== undefined || deadly.has(name))) || own?.hooks.some(({ window }) => stopOf(window) !== undefined) === true))
  const slowness = new Slowness()
  const untouched = all.length === 0 && rules.none

  /** Narrowings that may be other ones in each round; of a shared line, on which something may be at any time, in which rounds it struck. */
  const byRound = compiled.flatMap(({ planned, hooks }) => {
    const { rounds, probability } = planned.fault as When & { readonly probability?: number }
    const varies = rounds !== undefined || probability !== undefined || shareOf(planned.fault) !== undefined || hooks.narrow?.place !== undefined
    return hooks.narrow !== undefined && varies ? [planned] : []
  })

  const see: Reader['see'] = (event) => {
    if (event.kind === 'round-open' || event.kind === 'region-open') {
      const opener = event.kind === 'region-open' ? event.actor : undefined
      presence.open(event.round, event.at, opener)
      selections.open(event.round, event.selected, opener)
      for (const planned of byRound) live(otherRates(planned, event.at))
    } else if (event.kind === 'round-close') presence.close(event.row.round, event.at)
    else if (event.kind === 'region-close') presence.close(event.row.round, event.at, event.actor)
    else if (event.kind === 'drop') presence.dropped(event)
    else if (event.kind === 'life') deaths.see(event)
    else if (event.kind === 'calm') {
      isCalm = true
      if (core !== undefined) deaths.calm(core)
    } else if (event.kind === 'fault') count.see(event)
    else if (event.kind === 'trained') {
      slowness.ended(event)
      presence.ended(event)
    }
  }

  const there = { actors: participants.map(({ name }) => name), faults: new Set([...plan.faults.map(({ id }) => id), 'schedule', outsideCore]), parts }
  return {
    readers: [{ kinds: ['round-open', 'round-close', 'region-open', 'region-close', 'drop', 'life', 'fault', 'calm', 'trained'], see }, ...watchers],
    lives,
    edges,
    forgotten: (who, at) => compiled.reduce((most, { hooks }) => Math.max(most, hooks.forgotten?.(who, at) ?? 0), 0),
    forgetful: compiled.reduce((most, { hooks }) => Math.max(most, hooks.forgetful ?? 0), 0),
    mayDie: (name) => deadly.has(name),
    device: (name) => subject(name).device,
    available: (client, now, round) => {
      const { watched: own } = subject(client)
      if (present) return true
      if (deaths.back(client) !== undefined) return false
      return own === undefined || presence.selectable(own, now, round)
    },
    awayUntil: (client, now, round) => {
      const { watched: own } = subject(client)
      const back = deaths.back(client)
      if (back === undefined) return own && presence.awayUntil(own, now, round)
      // An event, or a calm phase, may bring it back sooner.
      return calms || (back === Infinity && revivable.has(client)) ? undefined : back
    },
    nextChange: (now) => {
      const next = Math.min(presence.nextReturn(now) ?? Infinity, deaths.nextReturn(), ...freed.filter((at) => at > now))
      return next === Infinity ? undefined : next
    },
    ...(expected.length > 0 && {
      mayReturn: (now: Micros, round: number) => {
        const calmsYet = calms && !isCalm
        return expected.some(({ name, watched: own }) => {
          if (isCalm && core?.members.has(name) === false) return false
          const back = deaths.back(name)
          // Once it is calm, who is dead comes back in that instant.
          if (back !== undefined) return calms || (back === Infinity && revivable.has(name))
          return own !== undefined && presence.mayReturn(own, now, round, calmsYet)
        })
      },
    }),
    span: (client, start, cost, round) => {
      if (!slows && all.length === 0) return { until: start + cost }
      const who = subject(client)
      let end = start + cost
      if (who.slow.length > 0) {
        if (who.began.round !== round) who.began = { round, at: start }
        const { at } = who.began
        const slowed = who.slow.filter((hook) => hook.strikes(client, round)).map((hook) => ({ hook, course: hook.course(at) }))
        end = endOfWork(start, cost, slowed.map(({ course }) => course))
        if (slowed.length > 0) slowness.begins(client, start, cost, slowed)
      }
      if (who.watched === undefined) return { until: end }
      const span = presence.span(who.watched, start, end, round)
      return span.interrupted === undefined ? span : { ...span, whole: end }
    },
    absence: (who, at) => {
      const { watched: own } = subject(who)
      return own === undefined ? undefined : presence.absence(own, at)
    },
    door: (envelope, now) => {
      const atCore = isCalm ? coreDoor?.(envelope) : undefined
      if (atCore !== undefined && atCore !== 'deliver') return atCore
      if (all.length > 0) {
        const { watched: own } = subject(envelope.to)
        const drop = own && presence.absence(own, now)
        if (drop !== undefined) return { drop }
      }
      let until = now
      let by: string | undefined
      for (const door of doors) {
        const answer = door(envelope, now)
        if (answer === 'deliver') continue
        if ('drop' in answer) return answer
        if (answer.hold <= until) continue
        until = answer.hold
        by = answer.by
      }
      if (until > now) return { hold: until, ...(by !== undefined && { by }) }
      return mayBeFull ? inTurn(inboxes(envelope.to), envelope, now) : 'deliver'
    },
    leaves: (who, from) => {
      if (all.length === 0) return undefined
      const { watched: own } = subject(who)
      return own === undefined ? undefined : presence.leaves(own, from)
    },
    stays: (client, now, round) => {
      if (all.length === 0) return true
      const { watched: own } = subject(client)
      return own === undefined || presence.stays(own, now, round)
    },
    damages: compiled.some(({ hooks }) => hooks.messages?.flips !== undefined),
    ...(poisons && {
      poison: (values: Float32Array, about: Sending) =>
        poison(about.client).reduce((sent, hook) => hook(sent, about), values),
    }),
    ...(forgers.length > 0 && { forge: (fold: Fold) => new Map(forgers.flatMap((forge) => [...forge(fold)])) }),
    completeness: (client, round) => {
      if (mislabels) for (const begins of trains(client)) begins(client, round)
      let least = 1
      if (!shortens) return least
      for (const hook of subject(client).partial) least = Math.min(least, hook(client, round) ?? 1)
      return least
    },
    judge: (envelope, now): Verdict => {
      if (untouched) return passes
      const from = subject(envelope.from)
      const to = subject(envelope.to)
      const lost =
        (from.watched && presence.judge(from.watched, 'up', envelope, now)) ??
        (to.watched && presence.judge(to.watched, 'down', envelope, now))
      if (lost !== undefined) return { lost, delay: 0, copies: [] }
      return rules.judge(envelope, now, from.role, to.role)
    },
    rate: (line, at) => {
      if (line.owner === undefined) {
        const usual = { bytesPerSecond: line.bytesPerSecond, until: Infinity }
        const place = placeName(line.place)
        const narrowings = narrowedPlaces.get(place)
        return narrowings === undefined ? usual : narrowed(place, usual, narrowings, line.direction, at, presence.round())
      }
      const { owner, direction } = line
      const who = subject(owner)
      if (who.link === undefined) {
        throw new WindtunnelError(`'${owner}' is a server: only clients and regional aggregators have a link whose rate can be asked.`)
      }
      if (who.narrow.length === 0) return who.link.rate(direction, at)
      return narrowed(owner, who.link.rate(direction, at), who.narrow, direction, at, presence.round(owner))
    },
    weight: (client) => subject(client).link?.weight ?? 1,
    latency,
    ...(mayBeFull && {
      inboxes: new Map(compiled.flatMap(({ hooks: { inbox } }) => (inbox?.places === undefined ? [] : [[inbox.id, inbox.places]]))),
    }),
    ...(compiled.some(({ hooks }) => hooks.clock !== undefined) && {
      clock: (name: Name) => (clocks(name).length === 0 ? undefined : skewedClock(name, clocks(name))),
    }),
    report: () => count.report(plan.faults).map((report, i) => {
      const { fault } = plan.faults[i]
      const outlived = outlivedBy(fault as When, presence.flown, presence.stillAway(report.id))
      const waitsFor = triggersOf(fault).map((trigger) => nobodyIn(trigger, there)).find((nobody) => nobody !== undefined)
      return { ...report, ...(outlived !== undefined && { outlived }), ...(waitsFor !== undefined && { waitsFor }) }
    }),
  }
}

/** All events that a fault waits for. */
const triggersOf = (fault: Planned['fault']): readonly Trigger[] => {
  const { when, restartWhen } = fault as When & { readonly restartWhen?: Trigger }
  return [when, stopOf(fault as When), restartWhen].filter((trigger) => trigger !== undefined)
}

/** For who compiles without a flight: strikes are counted, and go nowhere else. */
const alone = (count: FaultCount): Pick<FlightRecorder, 'tell'> => {
  const record = new FlightRecorder(() => 0)
  record.read({ kinds: ['fault'], see: (event) => event.kind === 'fault' && count.see(event) })
  return record
}

const unknown = (name: Name, subjects: ReadonlyMap<Name, Subject>): never => {
  const known = [...subjects.keys()]
  const some = known.length <= 24 ? known : [...known.slice(0, 24), '...']
  throw new WindtunnelError(`The weather knows no '${name}'. It was compiled for: ${some.join(', ')}.`)
}
