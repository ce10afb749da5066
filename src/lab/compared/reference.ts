import { check, type Check, Violation } from '../../checks/check.js'
import { roundsSchema } from '../../federation/rounds/registry.js'
import { topologySchema } from '../../federation/topologies/registry.js'
import { flySetup } from '../../flight/fly.js'
import { type Setup, setUpAgain } from '../../flight/setup.js'
import type { PartValues } from '../../record/event.js'
import { days } from '../../time/micros.js'
import { deliverySchema } from '../../simulation/delivery.js'
import type { Resolved } from '../../simulation/specification.js'
import { type ComparedCheck, isSameVector } from './compared.js'
import { plainLoop, type RoundOfLoop } from './plain-loop.js'

/** Rounds that are compared: what is wrong shows in the first ones. */
const most = 3

/** What is added up from hop to hop is not to the last bit what a loop adds up, and what is trained from it in the next round may be anything else. */
const goesByHops = ({ topology }: Resolved): boolean => topology?.kind === 'ring-all-reduce'

const countOf = (resolved: Resolved): number => (goesByHops(resolved) ? 1 : roundsOf(resolved))

const roundsOf = ({ rounds }: Resolved): number => Math.min(most, ('count' in rounds ? (rounds as { readonly count?: number }).count : undefined) ?? most)

/** Everybody, in rounds that wait for everybody, and nothing that goes wrong. */
const calmed = (setup: Setup, count: number): Setup => {
  const { calm: _calm, checkpoint: _checkpoint, selection: _selection, choose: _choose, link: _link, codec: _codec, ...resolved } = setup.resolved
  const { until: _until, ...evaluate } = resolved.evaluate
  const { secureAggregation: secure, topology } = resolved
  const again = setUpAgain(setup, {
    ...resolved,
    faults: [], schedule: [], checks: [],
    delivery: deliverySchema.parse({}),
    // Whoever is slow is waited for.
    ...(secure && { secureAggregation: { ...secure, patience: days(7) } }),
    rounds: roundsSchema.parse({ kind: 'synchronous', count }),
    evaluate: { ...evaluate, every: 1_000_000, start: false, final: false },
    onDivergence: 'keep',
  })
  if (topology?.kind !== 'hierarchical') return again
  // Who is of which region stays; its rounds wait for all, too.
  return { ...again, resolved: { ...again.resolved, topology: topologySchema.parse({ ...topology, rounds: { kind: 'synchronous' } }) } }
}

/** The first vector of a part in which a flight and the loop are not the same, in words. */
const differenceOf = (flown: PartValues, looped: PartValues): string | undefined => {
  if (!isSameVector(flown.values, looped.values)) return 'its values'
  const clients = new Set([...flown.personal.keys(), ...looped.personal.keys()])
  for (const client of clients) {
    const [a, b] = [flown.personal.get(client), looped.personal.get(client)]
    if (a === undefined || b === undefined || !isSameVector(a, b)) return `what ${client} alone is sent`
  }
  for (const name of new Set([...Object.keys(flown.memory), ...Object.keys(looped.memory)])) {
    const [a, b] = [flown.memory[name], looped.memory[name]] as (Float32Array | undefined)[]
    if (a === undefined || b === undefined || !isSameVector(a, b)) return `what it remembers as '${name}'`
  }
  return undefined
}

/** Where sums go from hop to hop, peers add up in an order of their own. */
const tolerance = 1e-5

const isNear = (one: Float32Array, other: Float32Array): boolean =>
  one.length === other.length && one.every((value, i) => Math.abs(value - other[i]) <= tolerance * Math.max(1e-3, Math.abs(value), Math.abs(other[i])))

/** How many folds were compared, and whether a peer went on without what was still to come: no loop does that. */
interface Seen {
  folds: number
  impatient: boolean
}

/** Compares each fold, as it is told, with what the loop has made of the part. */
const folds = (rounds: readonly RoundOfLoop[], seen: Seen, isSame: typeof isSameVector): Check => check({
  name: 'reference', promise: 'A fold is that of the loop.', kinds: ['fold'],
  see: (event, { peers }) => {
    if (event.kind !== 'fold') return
    if (peers !== undefined && event.updates.length <= peers.partners(event.actor, event.round).length) seen.impatient = true
    if (seen.impatient) return
    const looped = rounds[event.round - 1]?.get(event.part)
    if (looped === undefined) return
    seen.folds++
    const own = looped.personal.get(event.actor)
    const difference = looped.personal.has(event.actor) && event.after.personal.size === 0
      ? (isSame(event.after.values, own!) ? undefined : 'its values')
      : differenceOf(event.after, looped)
    if (difference === undefined) return
    throw new Violation('reference', `${event.part} after round ${event.round} is not what a plain loop makes of it: ${difference}`, {
      time: event.at, round: event.round, actors: [event.actor],
    })
  },
})

export const reference: ComparedCheck = {
  name: 'reference',
  promise: 'Without faults, and in rounds that wait for all, a flight is a plain loop over the same local training and folds, bit by bit; where sums go from hop to hop, to the last bits.',
  async compare({ setup, engine, cwd }) {
    const calm = calmed(setup, countOf(setup.resolved))
    const { rounds, personal } = await plainLoop(calm, engine, countOf(setup.resolved))
    const seen: Seen = { folds: 0, impatient: false }
    const isSame = goesByHops(setup.resolved) ? isNear : isSameVector
    const flight = await flySetup(calm, { engine, cwd, plan: { seed: calm.resolved.seeds.faults, faults: [] }, checks: [folds(rounds, seen, isSame)] })
    if (seen.impatient || flight.rounds.some(({ outcome }) => outcome === 'aborted')) return `${seen.folds} folds without faults are those of a plain loop; then a peer had not the patience that a round takes, and nothing could be compared`
    if (rounds.length === countOf(setup.resolved)) {
      for (const [client, values] of personal) {
        if (isSame(values, flight.personal[client])) continue
        throw new Violation('reference', `${client} ends with other parameters than in a plain loop`, { time: flight.virtualTime, actors: [client] })
      }
    }
    const ends = rounds.length === countOf(setup.resolved) ? ', and so is what clients end with' : '; then numbers are not finite'
    return `${seen.folds} folds in ${rounds.length} rounds without faults are those of a plain loop${ends}`
  },
}
