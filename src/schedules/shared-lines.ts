import { z } from 'zod'

import type { Place, SharedLine } from '../network/topology.js'
import type { Name } from '../roster/participant.js'
import { bandwidthSchema } from '../network/units.js'

const both = z.strictObject({ up: bandwidthSchema.optional(), down: bandwidthSchema.optional() })

/** Lines that are nobody's own: only fair sharing has them. */
export const sharedLineFields = {
  servers: both
    .extend({ apart: z.boolean().prefault(false).describe('Each server is on a host of its own, with such lines, over which goes what servers send each other, too') })
    .optional()
    .describe('What all servers send (`up`) and receive (`down`) together; no limit where absent'),
  regional: z
    .record(z.string().min(1), both)
    .optional()
    .describe('By name of a region: what goes out of it (`up`) and comes into it (`down`); no limit where absent'),
  backbone: bandwidthSchema.optional().describe('Between places that are not in one region, each way: to the servers, and from them'),
}

/** What a network says of its shared lines. */
export type SharedLineFields = { readonly [Field in keyof typeof sharedLineFields]?: z.output<(typeof sharedLineFields)[Field]> }

/** What is wrong in a network's shared lines: where, and what to do. */
export const wrongLines = (
  network: SharedLineFields & {
    readonly sharing: 'fifo' | 'fair'
    readonly regions?: Readonly<Record<string, unknown>> | undefined
    readonly overrides: readonly { readonly weight?: number | undefined }[]
  },
): { readonly path: (string | number)[]; readonly message: string }[] => {
  const { sharing, regional, regions = {}, overrides } = network
  const given: (string | number)[][] = (['servers', 'regional', 'backbone'] as const).filter((field) => network[field] !== undefined).map((field) => [field])
  overrides.forEach(({ weight }, i) => weight !== undefined && given.push(['overrides', i, 'weight']))
  const alone = given.map((path) => ({
    path, message: "goes with `sharing: 'fair'`: under `fifo` one transfer after the other has a line, and one that all share would carry one at a time",
  }))
  const known = Object.keys(regions)
  const strange = Object.keys(regional ?? {}).filter((name) => !known.includes(name)).map((name) => ({
    path: ['regional', name], message: `there is no region '${name}': network.regions has ${known.length === 0 ? 'none' : known.join(', ')}`,
  }))
  return [...(sharing === 'fifo' ? alone : []), ...strange]
}

const directions = ['up', 'down'] as const

const linesOf = (place: Place, ways: { readonly up?: number | undefined; readonly down?: number | undefined } = {}): SharedLine[] =>
  directions.flatMap((direction) => {
    const bits = ways[direction]
    return bits === undefined ? [] : [{ place, direction, bytesPerSecond: bits / 8 }]
  })

/** The lines of a network that are shared, each way of each. `hosts`: the servers, each on a host of its own if so it is said. */
export const sharedLinesOf = ({ servers, regional = {}, backbone }: SharedLineFields, hosts: readonly Name[]): SharedLine[] => [
  ...(servers?.apart === true ? hosts.flatMap((host) => linesOf({ host }, servers)) : linesOf('servers', servers)),
  ...Object.entries(regional).flatMap(([region, ways]) => linesOf({ region }, ways)),
  ...linesOf('backbone', { up: backbone, down: backbone }),
]
