import type { Engine } from '../../engine/engine.js'
import { allFinite } from '../../federation/finite.js'
import { type Departure, type Keepsake, LocalTraining } from '../../federation/local-training.js'
import { firstHolding } from '../../federation/owner.js'
import type { Peers } from '../../federation/course.js'
import { type PartTemplate, putPart, takePart } from '../../federation/parts.js'
import { topologyOf } from '../../federation/topologies/registry.js'
import { privateMean } from '../../federation/privacy/private-mean.js'
import { protect } from '../../federation/privacy/protect.js'
import { addInRing } from '../../federation/secure-aggregation/fixed-point.js'
import { inputOf, maskedMean } from '../../federation/secure-aggregation/input.js'
import { isMasked } from '../../federation/secure-aggregation/secure-aggregation.js'
import { firstOf } from '../../federation/regions/region-rounds.js'
import { regionsOf, regionTerms } from '../../federation/regions/region-terms.js'
import { sampleWeights, sentTo, weightedSum } from '../../federation/strategies/fold.js'
import type { PartState, Update, Vectors } from '../../federation/strategies/strategy.js'
import type { ClientTerms, Outlook, Terms } from '../../federation/terms.js'
import { executeLocally } from '../../flight/local-execution.js'
import { everyOf } from '../../flight/regions.js'
import { type Setup, termsOf } from '../../flight/setup.js'
import { trainedTasks } from '../../models/trained-tasks.js'
import type { Weather } from '../../faults/weather.js'

/** Everybody is there, and does all of it. */
const undisturbed: Outlook = {
  available: () => true,
  awayUntil: () => undefined,
  leaves: () => undefined,
  nextChange: () => undefined,
  completeness: () => 1,
  stays: () => true,
}

/** What the loop has come to after a round: each part by its name. */
export type RoundOfLoop = ReadonlyMap<string, PartState>

export interface PlainLoop {
  /** Of the first rounds; fewer than were asked for where numbers are not finite. */
  readonly rounds: readonly RoundOfLoop[]
  /** All parameters of each client, as its last training left them. */
  readonly personal: ReadonlyMap<string, Float32Array>
}

/** What came of a training, and what it began with. */
interface Learnt {
  readonly received: Float32Array
  readonly departure: Departure
}

/** What a client is sent beside the values of a part, in its place of the flat vector. */
const extrasFor = (client: string, states: ReadonlyMap<string, PartState>, { travelling, size }: Terms): Vectors => {
  const flat: Record<string, Float32Array> = {}
  for (const part of travelling) {
    const state = states.get(part.name)!
    for (const { name, whole, otherwise } of part.down.extras) {
      if (!whole) continue
      const given = (state.memory[`${name}/${client}`] ?? state.memory[name]) as Float32Array | undefined
      const sent = given ?? (otherwise === 'values' ? sentTo(state, client) : new Float32Array(part.length))
      putPart(sent, part, (flat[name] ??= new Float32Array(size)))
    }
  }
  return flat
}

const updateOf = (part: PartTemplate, { name }: ClientTerms, round: number, departure: Departure): Update => ({
  client: name, round, examples: departure.examples, steps: departure.steps,
  values: takePart(departure.sent, part),
  extras: Object.fromEntries(part.up.extras.map(({ name: extra, whole }) =>
    [extra, whole ? takePart(departure.extras[extra] as Float32Array, part) : Float32Array.from(departure.extras[extra])])),
})

/**
 * What each peer's model becomes: the product of all models with a matrix, row by row, added up in the order of names. In a graph
 * row i has 1 / (1 + the larger degree) for each neighbour and the rest for itself, or the same for all; where all exchange with all,
 * weights are by rows of data.
 */
const mixed = (models: ReadonlyMap<string, Float32Array>, round: number, { partners, agree }: Peers, uniform: boolean, clients: readonly ClientTerms[]): Map<string, Float32Array> => {
  const rows = new Map(clients.map(({ name, rows: examples }) => [name, examples]))
  const all = clients.reduce((sum, { rows: examples }) => sum + examples, 0)
  const row = (name: string): readonly (readonly [string, number])[] => {
    const others = partners(name, round)
    const sorted = [name, ...others].sort()
    if (uniform) return sorted.map((one) => [one, 1 / sorted.length])
    if (agree) return sorted.map((one) => [one, rows.get(one)! / all])
    const weight = (other: string): number => 1 / (1 + Math.max(others.length, partners(other, round).length))
    const rest = others.toSorted().reduce((left, other) => left - weight(other), 1)
    return sorted.map((one) => [one, one === name ? rest : weight(one)])
  }
  return new Map([...models].map(([name, own]) => {
    const weights = row(name)
    return [name, own.map((_, i) => weights.reduce((sum, [one, weight]) => sum + weight * models.get(one)![i], 0))]
  }))
}

const isFit = ({ values, personal, memory }: PartState): boolean =>
  [values, ...personal.values(), ...Object.values(memory)].every((vector) => allFinite(vector))

/**
 * What a federation computes, as a plain loop: every client trains, one after the other, and every part is folded. No
 * actors, no messages, no clock; where there are regions, rounds of each are a loop inside. Local training and folds are the federation's own; all between them is not.
 */
export const plainLoop = async (setup: Setup, engine: Engine, count: number): Promise<PlainLoop> => {
  const terms = termsOf(setup, undisturbed as Weather, () => 1)
  const { strategy, optimizer, privacy, secure } = terms
  const tasks = { all: setup.tasks, trained: trainedTasks(setup.model, setup.tasks) }
  let states = new Map(terms.parts.map((part) => [part.name, firstHolding(part, terms).state]))
  const own = new Map<string, Keepsake>(terms.clients.map(({ name }) => {
    const given = terms.beginnings.clients.get(name)
    const kept = given !== undefined && terms.beginnings.continues && strategy.serves !== 'received' ? { [strategy.serves.kept]: given } : {}
    return [name, { personal: given ?? terms.initial, kept }]
  }))
  const { peers } = topologyOf(setup.resolved.topology).course(terms, setup.participants)
  /** A client trains from the parts as they are. */
  const learn = async (client: ClientTerms, parts: readonly PartTemplate[], at: RoundOfLoop, round: number, given: Vectors): Promise<Learnt> => {
    const training = new LocalTraining(terms, client)
    const { personal, kept, optimizers } = own.get(client.name)!
    const received = personal.slice()
    for (const part of parts) if (peers === undefined) putPart(sentTo(at.get(part.name)!, client.name), part, received)
    let progress = training.begin(round, received, given, kept)
    for (let step = training.next(progress, optimizers); step !== undefined; step = training.next(progress, optimizers)) {
      const [result] = executeLocally([step.work], engine, tasks)
      progress = training.advance(progress, step.work, await result)
    }
    const departure = training.finish(progress)
    own.set(client.name, { personal: departure.sent, kept: departure.kept, optimizers: optimizers ? { ...optimizers, ...departure.optimizers } : departure.optimizers })
    return { received, departure }
  }
  const tiers = regionTerms(terms, regionsOf(setup.participants), terms.rounds)
  /** The rounds of a region, from the parts as they are: the mean of its clients after the last. */
  const inRegion = async (region: Terms, round: number): Promise<Learnt> => {
    const every = everyOf(setup)
    const [part] = region.parts
    const received = terms.initial.slice()
    for (const one of terms.travelling) putPart(states.get(one.name)!.values, one, received)
    let values = takePart(received, part)
    let [examples, steps] = [0, 0]
    for (let nth = 1; nth <= every; nth++) {
      const number = firstOf(round, every) + nth - 1
      const all: Update[] = []
      for (const client of region.clients) {
        const at = new Map([[part.name, { part: part.name, values, personal: new Map(), memory: {} }]])
        all.push(updateOf(part, client, number, (await learn(client, region.parts, at, number, {})).departure))
      }
      values = weightedSum(all, sampleWeights(all))
      examples = all.reduce((sum, update) => sum + update.examples, 0)
      steps = Math.round(all.reduce((sum, update) => sum + update.examples * update.steps, 0) / examples)
    }
    const sent = received.slice()
    putPart(values, part, sent)
    return { received, departure: { sent, roomy: false, extras: {}, kept: {}, optimizers: undefined, examples, steps } }
  }
  const rounds: RoundOfLoop[] = []
  for (let round = 1; round <= count; round++) {
    const updates = new Map<string, Update[]>()
    const sums = new Map<string, Uint32Array>()
    const regional = new Map(tiers.regions.map(({ self, region }) => [self, region]))
    for (const client of regional.size > 0 ? tiers.top.clients : terms.clients) {
      const region = regional.get(client)
      const { received, departure } = region === undefined
        ? await learn(client, terms.travelling, states, round, extrasFor(client.name, states, terms))
        : await inRegion(region, round)
      const told = privacy === undefined ? departure : protect(privacy, terms.travelling, departure, received, { client: client.name, round, life: 1 })
      for (const part of terms.travelling) {
        if (part.length === 0 || (part !== terms.parts[0] && !strategy.sends(round, part.name))) continue
        if (secure !== undefined && isMasked(terms, part, round)) {
          const { ring } = inputOf(takePart(told.sent, part), takePart(received, part), told.examples, secure)
          const sum = sums.get(part.name) ?? new Uint32Array(ring.length)
          addInRing(sum, ring, 1, secure.fixedPoint.ring)
          sums.set(part.name, sum)
        }
        updates.set(part.name, [...(updates.get(part.name) ?? []), updateOf(part, client, round, told)])
      }
    }
    if (peers !== undefined) {
      const [part] = terms.parts
      const models = new Map([...own].map(([name, { personal }]) => [name, takePart(personal, part)]))
      const after = mixed(models, round, peers, setup.resolved.topology?.kind === 'gossip' && setup.resolved.topology.weights === 'uniform', terms.clients)
      for (const [name, values] of after) {
        const { personal, ...kept } = own.get(name)!
        const flat = personal.slice()
        putPart(values, part, flat)
        own.set(name, { ...kept, personal: flat })
      }
      if (![...after.values()].every(allFinite)) break
      rounds.push(new Map([[part.name, { part: part.name, values: models.get(terms.clients[0].name)!, personal: after, memory: {} }]]))
      continue
    }
    const { members } = regional.size > 0 ? tiers.top : terms
    const after = new Map(states)
    for (const part of terms.travelling) {
      const all = updates.get(part.name)
      if (all === undefined) continue
      const about = { round, order: (decided: string, of = round) => terms.order(`fold ${decided}`, of, members.length), clients: members, segments: part.segments, optimizer }
      const before = states.get(part.name)!
      const fresh = all.map((update) => ({ update, base: sentTo(before, update.client), staleness: 0 }))
      const sum = sums.get(part.name)
      const mean = sum && secure && maskedMean(sum, before, round, secure)
      // A sum in which nothing counts is folded by nobody.
      if (sum !== undefined && mean === undefined) continue
      const given = mean !== undefined ? [mean.update] : privacy === undefined ? all : [privateMean(privacy, part.name, before, fresh, round, 1).update]
      after.set(part.name, strategy.fold(before, given, about))
    }
    if (![...after.values()].every(isFit)) break
    states = after
    rounds.push(states)
  }
  return { rounds, personal: new Map([...own].map(([name, { personal }]) => [name, personal])) }
}
