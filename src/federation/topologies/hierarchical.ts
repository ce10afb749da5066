import { z } from 'zod'

import { SpecificationError } from '../../errors.js'
import { WHOLE } from '../../models/parts.js'
import type { Streams } from '../../random/streams.js'
import { type Name, type Participant, regionalName } from '../../roster/participant.js'
import { aggregatorLife } from '../aggregator.js'
import { ScenarioClient } from '../client.js'
import { courseOfRegions } from '../regions/course.js'
import { expertLife } from '../expert-network.js'
import { type AnyLife, anyLife } from '../life.js'
import { byExpert, whole } from '../parts.js'
import { regionRounds } from '../regions/region-rounds.js'
import { regionalLife } from '../regions/regional.js'
import { regionsOf, regionTerms } from '../regions/region-terms.js'
import { deadline } from '../rounds/deadline.js'
import { quorum } from '../rounds/quorum.js'
import { roundEntryOf, type Rounds } from '../rounds/registry.js'
import { synchronous } from '../rounds/synchronous.js'
import { serversOfStar } from './star.js'
import { type Asked, topologyEntry, type TopologyProblem } from './topology.js'

const uncounted = { count: true } as const

const schema = z.strictObject({
  kind: z.literal('hierarchical'),
  regions: z
    .int()
    .min(1)
    .optional()
    .describe('Clients are dealt into so many, in a drawn order; absent: regions are those of `network.regions`'),
  rounds: z
    .discriminatedUnion('kind', [synchronous.schema.omit(uncounted), deadline.schema.omit(uncounted), quorum.schema.omit(uncounted)])
    .prefault({ kind: 'synchronous' })
    .describe('Rounds of a region, as `rounds` says those of the aggregator, but for how many there are'),
  every: z.int().min(1).prefault(1).describe('Rounds of a region for each of the aggregator'),
})

type Options = z.output<typeof schema>

const wrong = (rule: string): SpecificationError => new SpecificationError(`topology: ${rule}`)

const some = (names: readonly string[]): string => (names.length <= 12 ? names.join(', ') : `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`)

/** As many clients in each, or one more, in an order that is drawn: never by their names. */
const dealt = (regions: number, clients: readonly Participant[], streams: Streams): Participant[] => {
  if (regions > clients.length) throw wrong(`${regions} regions for ${clients.length} clients: give at most as many.`)
  const order = clients
    .map(({ name }) => ({ name, lot: streams('topology', 'region', name)() }))
    .sort((a, b) => a.lot - b.lot || (a.name < b.name ? -1 : 1))
  const place = new Map(order.map(({ name }, i) => [name, `${(i % regions) + 1}`]))
  return clients.map((client) => ({ ...client, region: place.get(client.name)! }))
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1)

/** The rounds of a region as rounds of so many. */
const counted = ({ rounds, every }: Options): Rounds => ({ ...rounds, count: every }) as Rounds

/** Refuses rounds that a region of so few clients cannot fly. */
const demandEnough = (options: Options, region: string, clients: number): void => {
  const rounds = counted(options)
  const [problem] = roundEntryOf(rounds).problems(rounds, clients)
  if (problem === undefined) return
  const { field, rule, advice } = problem
  throw wrong(`rounds.${field} ${rule.replace('of this world', `of region '${region}'`)}. ${advice}`)
}

/** A regional aggregator for every region in which there are clients. */
const placed = (options: Options, participants: readonly Participant[], streams: Streams): Participant[] => {
  const servers = participants.filter(({ role }) => role !== 'client')
  const found = participants.filter(({ role }) => role === 'client')
  const clients = options.regions === undefined ? found : dealt(options.regions, found, streams)
  const nowhere = clients.filter(({ region }) => region === undefined).map(({ name }) => name)
  if (nowhere.length > 0) {
    throw wrong(
      `${some(nowhere)} ${nowhere.length === 1 ? 'is' : 'are'} in no region, and would have no regional aggregator. ` +
        'Put every client into one of network.regions, or give topology.regions, a number.',
    )
  }
  const regions = [...new Set(clients.map(({ region }) => region!))].sort(byText)
  for (const region of regions) demandEnough(options, region, clients.filter((client) => client.region === region).length)
  return [...servers, ...regions.map((region): Participant => ({ name: regionalName(region), role: 'regional', region })), ...clients]
}

/** What only a mean of means needs: nothing of any one client is known further up. */
const strategyProblem = ({ strategy }: Asked): TopologyProblem[] => {
  if (strategy === undefined) return []
  const { name, needs: { updates, serverData }, extras } = strategy
  const why =
    serverData ? 'pools the rows of all clients in one, so that there is nothing to be regional'
    : updates === 'individual' ? 'needs every single update as it is'
    : updates === 'sum' ? 'weighs single updates by weights of its own'
    : extras.up.length + extras.down.length > 0 ? `sends more than the model (${[...extras.up, ...extras.down].map((extra) => extra.name).join(', ')})`
    : undefined
  return why === undefined ? [] : [{
    path: ['strategy'], rule: `is '${name}', which ${why}, and a regional aggregator sends the mean of its region alone`,
    advice: 'Take one that goes by the mean of what clients have moved, such as fedavg, fedprox or fedadam, or another topology.',
  }]
}

const roundsProblem = ({ rounds, overlapping }: Asked): TopologyProblem[] => {
  const advice = 'Take synchronous, deadline or quorum, or another topology.'
  if (overlapping) return [{ path: ['rounds'], rule: `are ${rounds?.kind ?? 'of your own'}, which overlap, and a region flies for one round at a time`, advice }]
  return rounds?.kind === 'tiers' ? [{ path: ['rounds'], rule: 'are tiers of clients of like speed, and the aggregator asks regions', advice }] : []
}

const given = (field: string, rule: string, { given: fields }: Asked): TopologyProblem[] =>
  fields.has(field) ? [{ path: [field], rule: `is given, and ${rule}`, advice: 'Take it away, or take another topology.' }] : []

const ofRegions = (options: Options): TopologyProblem[] => {
  const rounds = counted(options)
  return roundEntryOf(rounds).problems(rounds).map(({ field, rule, advice }) => ({
    path: ['topology', 'rounds', field], rule: rule.replaceAll('rounds.', 'topology.rounds.'), advice: advice.replaceAll('rounds.', 'topology.rounds.'),
  }))
}

/**
 * Regional aggregators between clients and servers: each flies some rounds of its own with the clients of its region, and
 * answers with what came of them.
 */
export const hierarchical = topologyEntry({
  kind: 'hierarchical',
  sentence: 'an aggregator in every region flies rounds of its own with the clients there, and is a client to the servers',
  source: 'HierFAVG: Liu, Zhang, Song, Letaief, ICC 2020, algorithm 1',
  schema,
  servers: (_, { layout: { experts } }) => serversOfStar(experts),
  placed,
  regions: true,
  cuts: (_, layout) => byExpert(layout),
  carried: (_, layout) => [{ ...whole(layout, '')[0], name: WHOLE }],
  lives: (options, terms, participants) => {
    const { every, rounds: { leftBehind } } = options
    const entry = roundEntryOf(options.rounds)
    const rounds = regionRounds(entry.rules(counted(options)), every, leftBehind === 'stop')
    const { top, regions } = regionTerms(terms, regionsOf(participants), rounds)
    const [, ...others] = top.parts
    const lives = new Map<Name, AnyLife>([[top.aggregator, anyLife(aggregatorLife(top))]])
    for (const part of others) lives.set(part.owner, anyLife(expertLife(top, part)))
    for (const { self, region } of regions) lives.set(self.name, anyLife(regionalLife({ top, self, region, every })))
    for (const { region } of regions) for (const client of region.clients) lives.set(client.name, anyLife(new ScenarioClient(region, client)))
    return lives
  },
  course: (_, terms, participants) => courseOfRegions(terms, regionsOf(participants)),
  problems: (options, asked) => [
    ...strategyProblem(asked),
    ...roundsProblem(asked),
    ...given('privacy', 'what a client has added to the mean of its region is bounded otherwise than its noise is reckoned', asked),
    ...given('secureAggregation', 'its masks are agreed on among all that the aggregator asks', asked),
    ...(options.regions !== undefined && asked.given.has('network.regions')
      ? [{ path: ['topology', 'regions'], rule: 'deals clients into regions, and network.regions says where they are', advice: 'Give one of them.' }]
      : []),
    ...(options.regions === undefined && !asked.given.has('network.regions')
      ? [{ path: ['topology', 'regions'], rule: 'is missing, and so is network.regions', advice: 'Say how many regions clients are dealt into, or who is where.' }]
      : []),
    ...(asked.selectionReadsNumbers ? [{ path: ['selection'], rule: 'goes by what clients have answered, and each region would know its own alone', advice: 'Take a selection that does not, such as random or round-robin.' }] : []),
    ...ofRegions(options),
  ],
})
