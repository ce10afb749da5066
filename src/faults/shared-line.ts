import { z } from 'zod'

import { type Place, placeName } from '../network/topology.js'
import { AGGREGATOR, type Name } from '../roster/participant.js'
import { sharedLinesOf, type SharedLineFields } from '../schedules/shared-lines.js'
import type { Micros } from '../time/micros.js'
import type { Life, Planned } from './fault.js'

/** A line that many share, as a fault means it: where it is. */
export const lineSchema = z
  .union([
    z.enum(['servers', 'backbone']),
    z.strictObject({ region: z.string().min(1).describe('Of `network.regional`') }),
    z.strictObject({ host: z.string().min(1).describe('A server, with `network.servers.apart`') }),
  ], { error: 'expected servers, backbone, { region: NAME } or { host: SERVER }' })
  .describe('In place of `who`: a line that many share, of a network with `sharing: fair`')

/** Where the shared line is that a fault is about, if it is about one. */
export const lineOf = (fault: object): Place | undefined => (fault as { readonly line?: Place }).line

/** `the line of the servers` */
export const lineWords = (place: Place): string =>
  place === 'servers' ? 'the line of the servers'
  : place === 'backbone' ? 'the backbone'
  : 'host' in place ? `the line of ${place.host}’s host` : `the line of region ${place.region}`

const fieldOf = (place: Place): string =>
  typeof place === 'string' ? place : 'host' in place ? 'servers' : 'regional'

/** How a network would have it. */
const exampleOf = (place: Place, way: string): string =>
  place === 'servers' ? `servers: { ${way}: 1 Gbps }`
  : place === 'backbone' ? 'backbone: 1 Gbps'
  : 'host' in place ? `servers: { ${way}: 1 Gbps, apart: true }` : `regional: { ${place.region}: { ${way}: 1 Gbps } }`

export type SharingNetwork = SharedLineFields & { readonly sharing: 'fifo' | 'fair' }

/**
 * What is wrong with a fault about a shared line in this network; undefined: nothing, or it is about no such line. `hosts`: the
 * servers; absent: they are not known yet.
 */
export const wrongLine = (fault: object, network: SharingNetwork, hosts?: readonly Name[]): { readonly rule: string; readonly advice: string } | undefined => {
  const place = lineOf(fault)
  if (place === undefined) return undefined
  const { direction } = fault as { readonly direction?: 'up' | 'down' }
  const example = `Give network: { sharing: fair, ${exampleOf(place, direction ?? 'up')} }, or narrow clients’ own lines with \`who\`.`
  if (network.sharing === 'fifo') return { rule: `is ${lineWords(place)}, and under network.sharing: fifo only clients have lines`, advice: example }
  const apart = network.servers?.apart === true
  if (place === 'servers' && apart) {
    return { rule: 'is one line for all servers, and network.servers.apart gives each its own', advice: 'Say which, as in { host: aggregator }.' }
  }
  if (typeof place === 'object' && 'host' in place) {
    if (!apart) return { rule: `is ${lineWords(place)}, and all servers are on one host`, advice: 'Say servers, or give network.servers.apart: true.' }
    if (hosts?.includes(place.host) === false) return { rule: `is the line of a server, and none is called '${place.host}'`, advice: `There are ${hosts.join(', ')}.` }
  }
  // As long as the servers are not known, the one that is meant may be one of them.
  const lines = sharedLinesOf(network, hosts ?? (typeof place === 'object' && 'host' in place ? [place.host] : []))
  const isThere = lines.some((line) => placeName(line.place) === placeName(place) && (direction === undefined || direction === line.direction))
  if (isThere) return undefined
  const way = direction === undefined ? '' : ` \`${direction}\``
  return { rule: `is ${lineWords(place)}, to which network.${fieldOf(place)} sets no limit${way}`, advice: example }
}

/** Says that the lines a narrowing is about carry something else from now on. */
export const otherRates = ({ id, fault, targets }: Planned, at: Micros): Life => {
  const place = lineOf(fault)
  return { kind: 'rates', who: targets[0] ?? AGGREGATOR, whose: targets, ...(place !== undefined && { place }), at, fault: id }
}
