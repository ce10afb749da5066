import { z } from 'zod'

import * as all from './all.js'
import type { TopologyEntry } from './topology.js'

type Entry = (typeof all)[keyof typeof all]

/** Every topology of the library, in the order of their kinds. */
export const topologyEntries: readonly Entry[] = Object.values(all).sort((a, b) => (a.kind < b.kind ? -1 : 1))

type Schemas = readonly [Entry['schema'], ...Entry['schema'][]]

/** Who owns which part and who sends to whom, as data, by its kind. */
export const topologySchema = z.discriminatedUnion('kind', topologyEntries.map(({ schema }) => schema) as unknown as Schemas)

export type TopologyInput = z.input<typeof topologySchema>
export type TopologyChoice = z.output<typeof topologySchema>

/** That of a specification which says nothing. */
const usual: TopologyChoice = { kind: 'star' }

/** The topology that data describes, ready to be asked. */
export const topologyOf = (given: TopologyChoice = usual): Topology => {
  const entry = topologyEntries.find(({ kind }) => kind === given.kind) as unknown as TopologyEntry | undefined
  if (entry === undefined) throw new TypeError(`there is no topology of kind '${given.kind}'`)
  return {
    servers: (population) => entry.servers(given, population),
    placed: (participants, streams) => entry.placed(given, participants, streams),
    cuts: (layout) => entry.cuts(given, layout),
    carried: (layout) => entry.carried(given, layout),
    lives: (terms, participants) => entry.lives(given, terms, participants),
    course: (terms, participants) => entry.course(given, terms, participants),
    peers: entry.peers,
    regions: entry.regions,
    fixes: entry.fixes,
    moves: (clients) => entry.moves(given, clients),
    problems: (asked) => entry.problems(given, asked),
  }
}

/** Whether clients are peers in a specification, as somebody has written it. */
export const arePeers = ({ topology }: { readonly topology?: TopologyInput | undefined }): boolean =>
  topologyOf(topology && topologySchema.parse(topology)).peers

type Rest<F> = F extends (options: never, ...rest: infer Others) => infer Result ? (...rest: Others) => Result : never

/** A topology with its options. */
export type Topology =
  & { readonly [Ask in 'servers' | 'placed' | 'cuts' | 'carried' | 'lives' | 'course' | 'moves' | 'problems']: Rest<TopologyEntry[Ask]> }
  & Pick<TopologyEntry, 'peers' | 'regions' | 'fixes'>
