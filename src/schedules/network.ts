import { z } from 'zod'
import type { Name, Participant, Role } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { SpecificationError } from '../errors.js'
import { bandwidthSchema } from '../network/units.js'
import type { Rate } from '../network/weather.js'
import type { Streams } from '../random/streams.js'
import { durationSchema } from '../time/duration.js'
import type { Micros } from '../time/micros.js'
import { bandwidthAt, parseBandwidth, parseFamily, type BandwidthTrace } from './bandwidth-trace.js'
import type { ReadText } from './csv.js'
import { parseLatencies } from './latency-trace.js'
import { resolveOverrides } from '../roster/overrides.js'
import { regionsSchema } from './regions.js'
import { sharedLineFields, wrongLines } from './shared-lines.js'

/** Chance in a message's latency. */
const jitterSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('lognormal'), sigma: z.number().gt(0).max(5) })
    .describe('Latency times exp(sigma x standard normal): the median stays, the tail is long'),
  z
    .strictObject({ kind: z.literal('uniform'), upTo: durationSchema })
    .describe('A further uniform [0, upTo)'),
])

const overrideSchema = z.strictObject({
  who: selectorSchema,
  up: bandwidthSchema.optional(),
  down: bandwidthSchema.optional(),
  latency: durationSchema.optional(),
  jitter: jitterSchema.optional(),
  weight: z.number().min(0.001).max(1000).optional().describe('Part of shared lines against that of others, whose weight is 1; needs `sharing: fair`'),
})

const bandwidthTraceSchema = z.strictObject({
  path: z.string().min(1).describe('CSV with trace,t_s,mbps: measured downlinks'),
  index: z.string().min(1).optional().describe('CSV with trace,family: needed for `family`'),
  family: z.string().min(1).optional().describe('Only traces of this family, such as hsdpa3g'),
  uplink: z.number().gt(0).max(10).prefault(0.5).describe('Uplink as a share of the downlink: an assumption'),
})

const latencyTraceSchema = z.strictObject({
  path: z.string().min(1).describe('CSV: a square matrix of round-trip times in milliseconds'),
  server: z.union([z.int().min(0), z.literal('random')]).prefault('random').describe('Which node is the server'),
})

/**
 * The clients' links. Defaults are an office line: 20 Mbit/s up, 100 Mbit/s down, 20 ms one way. The servers stand in
 * one place: no limit among them, and `inside` as their latency.
 */
export const networkSchema = z
  .strictObject({
    sharing: z
      .enum(['fifo', 'fair'])
      .prefault('fifo')
      .describe('`fifo`: one transfer after the other has a line; `fair`: all share it, max-min fairly by weight'),
    up: bandwidthSchema.prefault(20e6),
    down: bandwidthSchema.prefault(100e6),
    latency: durationSchema.prefault(20_000).describe('One way, between a client and any server'),
    inside: durationSchema.prefault(0).describe('One way, among servers'),
    jitter: jitterSchema.optional(),
    regions: regionsSchema,
    ...sharedLineFields,
    overrides: z.array(overrideSchema).prefault([]).describe('Links of some clients; later ones win, also over traces'),
    bandwidthTrace: bandwidthTraceSchema.optional().describe('Every client follows a measured link, drawn at random'),
    latencyTrace: latencyTraceSchema.optional().describe('Every client is a measured host, drawn at random'),
  })
  .refine(({ bandwidthTrace: trace }) => trace?.family === undefined || trace.index !== undefined, {
    error: '`family` needs the `index` that says which traces belong to it',
    path: ['bandwidthTrace', 'index'],
  })
  .superRefine((network, context) => {
    for (const { path, message } of wrongLines(network)) context.addIssue({ code: 'custom', path, message })
  })
  .prefault({})

export type NetworkSpec = z.output<typeof networkSchema>
export type NetworkInput = z.input<typeof networkSchema>
export type Jitter = z.output<typeof jitterSchema>

/** `lognormal(0.3)`: latencies with a long tail, the median unchanged. */
export const lognormal = (sigma: number): Jitter => ({ kind: 'lognormal', sigma })
/** `uniform(ms(10))`: up to 10 ms more. */
export const uniform = (upTo: Micros): Jitter => ({ kind: 'uniform', upTo })
/** `bandwidthTrace({ path, index, family: 'hsdpa3g', uplink: 0.3 })`, for `network.bandwidthTrace`. */
export const bandwidthTrace = (about: z.input<typeof bandwidthTraceSchema>) => about
/** `latencyTrace({ path })`, for `network.latencyTrace`. */
export const latencyTrace = (about: z.input<typeof latencyTraceSchema>) => about

/** One client's link. */
export interface ClientLink {
  rate(direction: 'up' | 'down', at: Micros): Rate
  /** One way, before jitter. */
  readonly latency: Micros
  readonly jitter?: Jitter
  /** Its part of lines that are shared fairly. */
  readonly weight: number
}

const constant = (bitsPerSecond: number): (() => Rate) => {
  const rate = Object.freeze({ bytesPerSecond: bitsPerSecond / 8, until: Infinity })
  return () => rate
}

const traced =
  (trace: BandwidthTrace, phase: Micros, share: number) =>
  (at: Micros): Rate => {
    const { bitsPerSecond, until } = bandwidthAt(trace, phase, at)
    return { bytesPerSecond: (bitsPerSecond * share) / 8, until }
  }

const readTraces = ({ path, index, family }: z.output<typeof bandwidthTraceSchema>, read: ReadText) => {
  const members = family !== undefined && index !== undefined ? parseFamily(read(index), family, index) : undefined
  return parseBandwidth(read(path), members, path)
}

/** One-way latency by client: one node of the matrix is the server, every client draws one of the others. */
const readLatencies = (
  { path, server }: z.output<typeof latencyTraceSchema>,
  streams: Streams,
  read: ReadText,
): ((name: Name) => Micros) => {
  const matrix = parseLatencies(read(path), path)
  if (matrix.length < 2) throw new SpecificationError(`network.latencyTrace.path: ${path} must hold two hosts or more.`)
  const node = server === 'random' ? Math.floor(streams('network', 'server')() * matrix.length) : server
  if (node >= matrix.length) {
    const known = `${path} has nodes 0 to ${matrix.length - 1}`
    throw new SpecificationError(`network.latencyTrace.server: ${node}, but ${known}.`)
  }
  return (name) => {
    const other = Math.floor(streams('network', 'host', name)() * (matrix.length - 1))
    return matrix[other < node ? other : other + 1][node]
  }
}

/** Clients have a line to whoever serves them; a regional aggregator has one to the servers. */
const hasLine = (role: Role): boolean => role === 'client' || role === 'regional'

/**
 * The link of every client, and of regional aggregators, which follow no trace. Draws (which trace, where in it, which host) are named by the client. Throws
 * `SpecificationError` for selectors that find nobody or name servers, `DataError` for traces that cannot be read.
 */
export const resolveNetwork = (
  network: NetworkSpec,
  participants: readonly Participant[],
  streams: Streams,
  read: ReadText,
): ReadonlyMap<Name, ClientLink> => {
  const own = resolveOverrides(network.overrides, participants, streams, 'network.overrides')
  const traces = network.bandwidthTrace && readTraces(network.bandwidthTrace, read)
  const share = network.bandwidthTrace?.uplink ?? 1
  const latencyOf = network.latencyTrace && readLatencies(network.latencyTrace, streams, read)
  const server = participants.find(({ name, role }) => !hasLine(role) && own.has(name))
  if (server !== undefined) {
    throw new SpecificationError(
      `network.overrides: '${server.name}' is a server; only clients and regional aggregators have links of their own. See network.inside.`,
    )
  }
  const link = (name: Name, follows = true): ClientLink => {
    const given = own.get(name)
    const measured = (() => {
      if (traces === undefined || !follows) return undefined
      const trace = traces[Math.floor(streams('network', 'trace', name)() * traces.length)]
      const phase = Math.floor(streams('network', 'phase', name)() * trace.length)
      return { down: traced(trace, phase, 1), up: traced(trace, phase, share) }
    })()
    const side = (direction: 'up' | 'down') => {
      const fixed = given?.[direction]
      return fixed === undefined ? (measured?.[direction] ?? constant(network[direction])) : constant(fixed)
    }
    const rates = { up: side('up'), down: side('down') }
    return {
      rate: (direction, at) => rates[direction](at),
      latency: given?.latency ?? (follows ? latencyOf?.(name) : undefined) ?? network.latency,
      jitter: given?.jitter ?? network.jitter,
      weight: given?.weight ?? 1,
    }
  }
  const drawn = traces !== undefined || latencyOf !== undefined
  // What everybody has alike is one link: there may be ten thousand of them.
  const usual = drawn ? undefined : link('')
  const ends = participants.filter(({ role }) => hasLine(role))
  return new Map(ends.map(({ name, role }) => [name, usual === undefined || own.has(name) ? link(name, role === 'client') : usual]))
}
