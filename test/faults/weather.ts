import type { Envelope } from '../../src/network/envelope.js'
import { compile, type CompileInput } from '../../src/faults/compile.js'
import type { FaultInput } from '../../src/faults/registry.js'
import { drawPlan } from '../../src/faults/plan.js'
import type { Knowledge } from '../../src/faults/knowledge.js'
import type { Life } from '../../src/faults/fault.js'
import type { Weather } from '../../src/faults/weather.js'
import { streams } from '../../src/random/streams.js'
import type { RoundRow } from '../../src/record/rows.js'
import { FlightRecorder, type Told } from '../../src/record/flight-recorder.js'
import type { Name, Participant } from '../../src/roster/participant.js'
import type { Micros } from '../../src/time/micros.js'

/** An aggregator, two experts and clients of their own scenario each. */
export const federation = (...clients: readonly string[]): readonly Participant[] => [
  { name: 'aggregator', role: 'aggregator' },
  { name: 'expert-1', role: 'expert' },
  { name: 'expert-2', role: 'expert' },
  ...clients.map((code) => ({ name: `client-${code}`, role: 'client' as const, scenario: code })),
]

export const three = federation('BR', 'NL', 'US')

export const parts = ['trunk', 'expert-1', 'expert-2']

/** A weather, and a way to let things happen in front of it. */
export interface Watched extends Weather {
  happen(at: Micros, actor: Name, what: Told): void
  opens(round: number, at: Micros): void
  closes(round: number, at: Micros): void
  /** Life events that were set off, in order. */
  readonly setOff: readonly Life[]
}

export const weatherOf = (
  faults: readonly FaultInput[],
  about: Partial<Omit<CompileInput, 'record' | 'live'>> & { readonly seed?: string; readonly knowledge?: Knowledge } = {},
): Watched => {
  const { seed = '7', knowledge, plan, ...rest } = about
  const participants = about.participants ?? three
  const setOff: Life[] = []
  let now = 0
  const record = new FlightRecorder(() => now)
  const weather = compile({
    participants, parts, streams: streams(seed), ...rest,
    plan: plan ?? drawPlan(faults, participants, seed, knowledge), record, live: (life) => setOff.push(life),
  })
  record.read(...weather.readers)
  const happen = (at: Micros, actor: Name, what: Told): void => {
    now = at
    record.tell(actor, what)
  }
  return {
    ...weather,
    setOff,
    happen,
    opens: (round, at) => happen(at, 'aggregator', { kind: 'round-open', round, selected: [] }),
    closes: (round, at) => happen(at, 'aggregator', { kind: 'round-close', row: { round } as RoundRow, last: false }),
  }
}

/** An update of the trunk from client-NL unless said otherwise; `id` should differ from envelope to envelope. */
export const envelope = (about: Partial<Envelope> & { readonly size?: number } = {}): Envelope => {
  const { size = 1000, ...rest } = about
  return {
    id: 0,
    from: 'client-NL',
    to: 'aggregator',
    kind: 'update',
    round: 1,
    part: 'trunk',
    attempt: 0,
    again: 0,
    copy: 0,
    bytes: new Uint8Array(size),
    sent: 0,
    ...rest,
  }
}

/** What is known of clients: those with later names have more of everything. */
export const knowledge: Knowledge = {
  tasks: ['ctr', 'ctcvr'],
  rows: (client) => 100 * client.charCodeAt(7),
  label: (client, task) => (task === 'ctcvr' ? 0.01 : 0.1) * (client.charCodeAt(7) - 64),
  speed: (client) => 1e9 * client.charCodeAt(7),
}

/** The model of `round` for a client, one envelope per part, from the part's owner. */
export const model = (to: string, round: number, sent: number): readonly Envelope[] =>
  parts.map((part, i) =>
    envelope({ id: round * 100 + i, from: i === 0 ? 'aggregator' : part, to, kind: 'model', round, part, sent }),
  )

/** The update of `round` from a client, one envelope per part, to the part's owner. */
export const update = (from: string, round: number, sent: number): readonly Envelope[] =>
  parts.map((part, i) =>
    envelope({ id: round * 100 + 10 + i, from, to: i === 0 ? 'aggregator' : part, round, part, sent }),
  )
