import type { z } from 'zod'

import type { Routes } from '../../codecs/routes.js'
import { told } from '../../entry.js'
import type { Layout } from '../../models/layout.js'
import type { Streams } from '../../random/streams.js'
import type { Name, Participant } from '../../roster/participant.js'
import { type Course, courseOfServers } from '../course.js'
import type { AnyLife } from '../life.js'
import type { Cut } from '../parts.js'
import type { Rounds } from '../rounds/registry.js'
import type { Strategy } from '../strategies/strategy.js'
import type { Terms } from '../terms.js'

type KindOf<Schema extends z.ZodType> = z.output<Schema> extends { readonly kind: infer Kind } ? Kind & string : never
type Options<Schema extends z.ZodType> = Omit<z.input<Schema>, 'kind'>

/** Who is there besides servers, and what model they train. */
export interface Population {
  /** In the order of their names, with where they are. */
  readonly clients: readonly Participant[]
  readonly layout: Layout
}

/**
 * A topology of the library: who owns which part of the model, and who sends to whom. Called with its options, it gives them as
 * plain data, as a file would hold them; its fields are what `windtunnel list`, the specification and a flight read.
 */
export interface TopologyEntry<Schema extends z.ZodType = z.ZodType> {
  (options?: Options<Schema>): { readonly kind: KindOf<Schema> } & Options<Schema>
  readonly kind: KindOf<Schema>
  readonly sentence: string
  readonly source: string
  readonly schema: Schema
  /** Everybody but the clients, the aggregator first where there is one. */
  servers(options: z.output<Schema>, population: Population): Participant[]
  /** How the model is cut into parts. */
  cuts(options: z.output<Schema>, layout: Layout): Cut[]
  /** Everybody, once it is known where servers and clients are: those as well that follow from that. By default nobody else. */
  placed(options: z.output<Schema>, participants: readonly Participant[], streams: Streams): readonly Participant[]
  /** How the model is cut into what clients are sent, where that is not what servers own. `owner` is filled in by whom they have it from. */
  carried(options: z.output<Schema>, layout: Layout): Cut[]
  /** How everybody lives: by name. */
  lives(options: z.output<Schema>, terms: Terms, participants: readonly Participant[]): ReadonlyMap<Name, AnyLife>
  /** How its flights begin, are watched and are read; by default, as those with an aggregator. */
  course(options: z.output<Schema>, terms: Terms, participants: readonly Participant[]): Course
  /** Whether clients are peers: there is no server, and none of them waits without end for another. */
  readonly peers: boolean
  /** Whether regional aggregators stand between clients and servers. */
  readonly regions: boolean
  /** Fields of a specification that nobody can vary under it: it goes with one way of them. */
  readonly fixes: readonly string[]
  /** What a client moves in a round, in messages about the whole model: how many it is sent, and sends. */
  moves(options: z.output<Schema>, clients: number): Moves
  /** What does not go together with it in a specification. */
  problems(options: z.output<Schema>, asked: Asked): readonly TopologyProblem[]
}

/** Messages about the whole model, one after the other, that a client gets and sends in a round. */
export interface Moves {
  readonly down: number
  readonly up: number
  /** Between clients: whom it sends them to is one. */
  readonly among: boolean
}

/** What else a specification says, as far as a topology may not go with it. */
export interface Asked {
  /** Undefined: it is not known yet. */
  readonly strategy: Strategy | undefined
  /** Undefined: a function. */
  readonly rounds: Rounds | undefined
  /** Fields that are given, whatever they say; `network.regions` among them. */
  readonly given: ReadonlySet<string>
  readonly faults: readonly { readonly kind: string }[]
  readonly codec: Routes | undefined
  /** Whether rounds let models of several be at work at once, be they a function. */
  readonly overlapping: boolean
  /** Whether numbers of updates decide whom rounds ask. */
  readonly selectionReadsNumbers: boolean
}

/** What is wrong with a specification, where, and what to do. */
export interface TopologyProblem {
  readonly path: readonly (string | number)[]
  readonly rule: string
  readonly advice: string
}

/** Makes the entry of a topology: one file of this folder, and one line of all.ts. */
export const topologyEntry = <Schema extends z.ZodType<{ readonly kind: string }>>(
  about: Pick<TopologyEntry<Schema>, 'kind' | 'sentence' | 'source' | 'schema' | 'servers' | 'cuts' | 'lives'> &
    Partial<Pick<TopologyEntry<Schema>, 'placed' | 'carried' | 'course' | 'peers' | 'regions' | 'fixes' | 'moves' | 'problems'>>,
): TopologyEntry<Schema> => {
  const { kind, sentence, source, schema, servers, cuts, lives, peers = false, regions = false, fixes = [] } = about
  const { placed = (_, participants) => participants, carried = cuts } = about
  const { course = (_, terms) => courseOfServers(terms), moves = () => ({ down: 1, up: 1, among: false }), problems = () => [] } = about
  const constructor = (options?: Options<Schema>) => ({ kind, ...options }) as { kind: KindOf<Schema> } & Options<Schema>
  return Object.assign(constructor, {
    kind, sentence, source, schema: told(schema, sentence, source), servers, placed, cuts, carried, lives, course, peers, regions, fixes, moves, problems,
  })
}
