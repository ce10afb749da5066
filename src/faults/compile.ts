import type { Name, Participant } from '../roster/participant.js'
import { SpecificationError, WindtunnelError } from '../errors.js'
import type { Envelope } from '../network/envelope.js'
import type { Streams } from '../random/streams.js'
import type { ReadText } from '../schedules/csv.js'
import { devicesSchema, resolveDevices, type Device, type Devices } from '../schedules/devices.js'
import { networkSchema, resolveNetwork, type ClientLink, type Network } from '../schedules/network.js'
import { resolveSchedule, type Schedule } from '../schedules/schedule.js'
import type { Micros } from '../time/micros.js'
import { Absences } from './absence.js'
import { drain, jittered, narrowed, type Narrowing } from './client-links.js'
import { createComing, type Coming } from './coming.js'
import { Crashes } from './crashes.js'
import { createDraws, createLexicon, type Draws } from './draws.js'
import type { Fault, FaultKind, FaultOf } from './fault.js'
import { MessageRules, passes, roleIndex } from './message-rules.js'
import type { Plan, PlannedFault } from './plan.js'
import { createSlowness, endOfWork, type Slowness } from './speed.js'
import { createTally } from './tally.js'
import type { Verdict, Weather } from './weather.js'
import { strikes } from './window.js'

/** The weather of one run, with the devices that training is charged to. */
export interface CompiledWeather extends Weather {
  device(name: Name): Device
}

export interface CompileInput {
  readonly plan: Plan
  readonly participants: readonly Participant[]
  /** The parts of a model in the order in which they are sent: `trunk`, `expert-1`, ... */
  readonly parts: readonly string[]
  readonly schedule?: Schedule
  readonly network?: Network
  readonly devices?: Devices
  readonly streams: Streams
  /** Reads the trace files that schedules, network and devices name; not needed without traces. */
  readonly read?: ReadText
}

/** What there is to know about one participant. */
interface Subject {
  readonly name: Name
  readonly role: number
  readonly device: Device
  readonly link: ClientLink | undefined
  readonly coming: Coming | undefined
  readonly slow: readonly Slowness[]
  readonly partial: readonly (Ready & { readonly fault: FaultOf<'partial'> })[]
  readonly narrow: readonly Narrowing[]
}

interface Ready {
  readonly planned: PlannedFault
  readonly draws: Draws
}

const isKind = <K extends FaultKind>(fault: Fault, kind: K): fault is FaultOf<K> => fault.kind === kind

const byTarget = <T extends Ready>(all: readonly T[]): ReadonlyMap<Name, readonly T[]> => {
  const found = new Map<Name, T[]>()
  for (const one of all) {
    for (const target of one.planned.targets) {
      const own = found.get(target)
      if (own === undefined) found.set(target, [one])
      else own.push(one)
    }
  }
  return found
}

const noFiles: ReadText = (path) => {
  throw new SpecificationError(`'${path}' is to be read, but compile() was given no \`read\`. Pass one.`)
}

/**
 * Compiles a plan and the schedules into the weather of one run. The result has memory (who has left, what has fired):
 * compile anew for another run. Throws what the resolving of selectors and the reading of traces throws.
 */
export const compile = (input: CompileInput): CompiledWeather => {
  const { plan, participants, parts, streams, read = noFiles } = input
  const network = input.network ?? networkSchema.parse(undefined)
  const calendars = resolveSchedule(input.schedule ?? [], participants, streams, read)
  const devices = resolveDevices(input.devices ?? devicesSchema.parse(undefined), participants, streams, read)
  const links = resolveNetwork(network, participants, streams, read)
  const lexicon = createLexicon()
  const tally = createTally()
  const jitterDraws = createDraws(streams, lexicon, 'network', 'jitter')
  // In the order of keys, so that folds do not depend on the order in which faults were written down.
  const faults = [...plan.faults].sort((a, b) => (a.key < b.key ? -1 : 1))

  const ofKind = <K extends FaultKind>(kind: K) =>
    faults.flatMap((planned) => {
      const { fault, key } = planned
      if (!isKind(fault, kind)) return []
      return [{ planned, fault, draws: createDraws(streams, lexicon, 'faults', key, 'coins') }]
    })
  const slow = byTarget(ofKind('slow').map(({ planned, fault, draws }) => createSlowness(planned, fault, draws)))
  const leavers = byTarget(ofKind('away'))
  const partial = byTarget(ofKind('partial'))
  const narrow = byTarget(ofKind('narrow'))

  const subjects = new Map<Name, Subject>()
  for (const { name, role } of participants) {
    const device = devices.get(name)
    if (device === undefined) continue
    if (subjects.has(name)) throw new SpecificationError(`'${name}' takes part twice. Give each its own name.`)
    const calendar = calendars.get(name)
    const own = leavers.get(name) ?? []
    subjects.set(name, {
      name,
      role: roleIndex[role],
      device,
      link: links.get(name),
      coming: calendar === undefined && own.length === 0 ? undefined : createComing(name, calendar, own),
      slow: slow.get(name) ?? [],
      partial: partial.get(name) ?? [],
      narrow: narrow.get(name) ?? [],
    })
  }
  const subject = (name: Name): Subject => {
    const found = subjects.get(name)
    if (found !== undefined) return found
    const known = [...subjects.keys()]
    const some = known.length <= 24 ? known : [...known.slice(0, 24), '...']
    throw new WindtunnelError(`The weather knows no '${name}'. It was compiled for: ${some.join(', ')}.`)
  }
  const roleOf = (name: Name) => (['client', 'expert', 'aggregator'] as const)[subject(name).role]

  const rules = new MessageRules(
    [...ofKind('lose'), ...ofKind('delay'), ...ofKind('duplicate')].map(({ planned, fault, draws }) => ({
      planned,
      fault,
      draws,
      from: planned.from && new Set(planned.from),
      to: planned.to && new Set(planned.to),
    })),
    roleOf,
    tally,
  )
  const crashes = new Crashes(ofKind('crash'), parts.includes('trunk') ? 'trunk' : (parts[0] ?? 'trunk'))

  const linkOf = ({ name, link }: Subject): ClientLink => {
    if (link !== undefined) return link
    throw new WindtunnelError(`'${name}' is a server: only clients have a link whose rate can be asked.`)
  }
  const latency = (envelope: Envelope): Micros => {
    const from = subject(envelope.from)
    const to = subject(envelope.to)
    const link = from.link ?? to.link
    if (link === undefined) return network.inside
    const copy = () => rules.copyName(envelope, from.role, to.role)
    return jittered(link.latency, link.jitter, jitterDraws, envelope, copy)
  }
  const absences: Absences = new Absences({
    clients: [...subjects.values()].flatMap(({ coming }) => (coming === undefined ? [] : [coming])),
    parts,
    tally,
    transfer: (client, direction, bytes, start) => {
      const who = subject(client)
      const rate = (at: Micros) => narrowed(client, linkOf(who), who.narrow, direction, at, absences.round, undefined)
      return drain(bytes, start, rate)
    },
    latency,
  })
  // Availability is asked of every client at every opening: no search where nothing can keep anybody away.
  const present = crashes.none && [...subjects.values()].every(({ coming }) => coming === undefined)
  let latest = 0
  const see = (now: Micros): void => {
    if (now > latest) latest = now
  }

  return {
    device: (name) => subject(name).device,
    available: (client, now, round) => {
      see(now)
      const { coming } = subject(client)
      if (present) return true
      if (crashes.dead(client, now)) return false
      return coming === undefined || absences.selectable(coming, now, round)
    },
    nextChange: (now) => {
      const next = Math.min(absences.nextReturn(now) ?? Infinity, crashes.nextReturn(now) ?? Infinity)
      return next === Infinity ? undefined : next
    },
    work: (client, start, cost, round) => {
      see(start)
      const who = subject(client)
      const slowed = who.slow.filter((s) => s.strikes(client, round))
      const end = endOfWork(start, cost, slowed)
      for (const one of slowed) {
        const alone = endOfWork(start, cost, [one])
        if (alone === start + cost) continue
        tally.fired(one.planned, `${client} ${round}`)
        tally.effect(one.planned, 'training slowed', `${client} ${round} ${start}`, alone - start - cost)
      }
      if (who.coming === undefined) return { until: end }
      const work = absences.work(who.coming, start, end, round)
      return work.interrupted === undefined ? work : { ...work, whole: end }
    },
    gone: (client, at) => {
      const { coming } = subject(client)
      return coming !== undefined && absences.gone(coming, at)
    },
    leaves: (client, from, until) => {
      const { coming } = subject(client)
      return coming === undefined ? undefined : absences.leaves(coming, from, until)
    },
    completeness: (client, round) => {
      let least = 1
      for (const { planned, fault, draws } of subject(client).partial) {
        if (!strikes(fault, draws, client, round)) continue
        least = Math.min(least, fault.epochs)
        tally.fired(planned, `${client} ${round}`)
        tally.effect(planned, 'training partial', `${client} ${round}`, 0)
      }
      return least
    },
    judge: (envelope, now): Verdict => {
      see(now)
      const from = subject(envelope.from)
      const to = subject(envelope.to)
      const coming = from.coming ?? to.coming
      if (coming !== undefined) {
        const lost = absences.judge(coming, from.role === 0 ? 'up' : 'down', envelope, now)
        if (lost !== undefined) return { lost, delay: 0, copies: passes.copies }
      }
      return rules.judge(envelope, now, from.role, to.role)
    },
    rate: (client, direction, at) => {
      const who = subject(client)
      return narrowed(client, linkOf(who), who.narrow, direction, at, absences.round, tally)
    },
    latency,
    lives: crashes.timed,
    notice: (sign) => {
      see(sign.at)
      if (sign.kind === 'round-open') absences.open(sign.round)
      if (sign.kind === 'round-close') absences.close(sign.round, sign.at)
      return crashes.notice(sign)
    },
    report: () => {
      crashes.count(tally, latest)
      return tally.report(plan.faults)
    },
  }
}
