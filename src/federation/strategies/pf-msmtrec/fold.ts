import { combine, difference } from '../coordination/vectors.js'
import { sampleWeights, sentTo } from '../fold.js'
import type { FoldContext, PartState, Strategy, Update } from '../strategy.js'
import { directionOf, foldExperts } from './experts.js'
import type { Options } from './options.js'
import { stagesOf } from './exchanges.js'
import { averagedPlaces, pick, type Places, put, scenarioPlaces, towerPieces } from './pieces.js'
import { foldTowers } from './towers.js'

/** What every client gets alike: averages (Wg), and sent + U where aggregation is not personalised. */
const common = (
  state: PartState,
  updates: readonly Update[],
  about: FoldContext,
  options: Options,
): { readonly places: Places; readonly piece: Float64Array }[] => {
  const { segments } = about
  const averaged = averagedPlaces(segments)
  const weights = options.average === 'samples' ? sampleWeights(updates) : updates.map(() => 1 / updates.length)
  const mean = combine(updates.map(({ values }) => pick(values, averaged)), weights)
  const found = [{ places: averaged, piece: mean }]
  const scenario = scenarioPlaces(segments)
  if (options.personalised || scenario.length === 0) return found
  const deltas = updates.map(({ client, values }) =>
    difference(pick(values, scenario), pick(sentTo(state, client), scenario)))
  const u = directionOf(deltas, state.part, updates, about, options)
  return [...found, { places: scenario, piece: pick(state.values, scenario).map((value, i) => value + u[i]) }]
}

/** The mean of what clients are served, uniform: what a client is sent that has never answered. */
const meanServed = (served: readonly Float32Array[], places: Places): Float64Array =>
  combine(served.map((values) => pick(values, places)), served.map(() => 1 / served.length))

/**
 * One part after a round of R1. An expert network's part holds scenario factors (stage 1) and global factors
 * (averaged); the trunk holds the towers (stage 2) and whatever switches have averaged. A client that is missing keeps what it was
 * last served, but for what all clients get alike.
 */
export const foldR1 =
  (options: Options): Strategy['fold'] =>
  (state, updates, about) => {
    const { segments } = about
    const alike = common(state, updates, about, options)
    const values = state.values.slice()
    for (const { places, piece } of alike) put(piece, places, values)
    const stages = stagesOf(options, about.round)
    const scenario = stages.first && options.personalised ? scenarioPlaces(segments) : new Int32Array(0)
    const towers = stages.second ? towerPieces(segments) : []
    const own = Int32Array.from([...scenario, ...towers.flatMap(({ places }) => [...places])])
    if (own.length === 0 && state.personal.size === 0) return { ...state, values }

    const nothing = { pieces: updates.map(() => new Float64Array(0)), memory: {} }
    const first = scenario.length === 0 ? nothing : foldExperts(state, updates, about, scenario, options)
    const second = towers.length === 0 ? nothing : foldTowers(state, updates, about, towers, options)
    const personal = new Map(state.personal)
    for (const [client, held] of personal) {
      const kept = held.slice()
      for (const { places, piece } of alike) put(piece, places, kept)
      personal.set(client, kept)
    }
    if (own.length === 0) return { ...state, values, personal }
    updates.forEach(({ client }, k) => {
      const served = (personal.get(client) ?? values).slice()
      put([...first.pieces[k], ...second.pieces[k]], own, served)
      personal.set(client, served)
    })
    const inOrder = about.clients.flatMap(({ name }) => personal.get(name) ?? [])
    put(meanServed(inOrder, own), own, values)
    return { ...state, values, personal, memory: { ...state.memory, ...first.memory, ...second.memory } }
  }
