import type { EventOf } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { check, type View, Violation } from './check.js'

type Fold = EventOf<'fold'>

/** What is known of the folds of one round, while every peer has mixed all that was to come. */
interface Whole {
  readonly folded: Set<Name>
  /** Weights that each peer's model has had, with all peers together. */
  readonly columns: Map<Name, number>
  /** By how much all models together have moved, number by number, and how large they were. */
  readonly moved: Float64Array
  readonly size: Float64Array
}

/** What peers hold after a round that ended with a mean, and what that mean is to be. */
interface Mean {
  readonly folded: Set<Name>
  readonly values: Float32Array
  readonly sum: Float64Array
  readonly size: Float64Array
}

interface Memory {
  /** By round; undefined: something was lost in it. */
  readonly wholes: Map<number, Whole | undefined>
  readonly means: Map<number, Mean>
  /** Rounds in which somebody died, and may have sent two models. */
  readonly twice: Set<number>
  /** The last round that each has begun. */
  readonly trains: Map<Name, number>
}

/** How many float32 roundings of what was added up make a difference. */
const tolerance = 1e-6

const fail = ({ at: time, round, actor }: Fold, what: string): never => {
  throw new Violation('mixing', `in round ${round} ${what}`, { time, round, actors: [actor] })
}

/** Weights of a mean, of whom it may be taken, with itself among them. */
const convex = (event: Fold, partners: readonly Name[]): Float64Array => {
  const { actor, weights = new Float64Array(), updates } = event
  if (!updates.some(({ client }) => client === actor)) fail(event, `${actor} leaves its own model out`)
  const stranger = updates.find(({ client }) => client !== actor && !partners.includes(client))
  if (stranger !== undefined) fail(event, `${actor} mixes the model of ${stranger.client}, who is none of its neighbours`)
  const negative = weights.find((weight) => !(weight >= 0))
  if (negative !== undefined) fail(event, `${actor} mixes with the weight ${negative}`)
  const sum = weights.reduce((all, weight) => all + weight, 0)
  if (weights.length !== updates.length || Math.abs(sum - 1) > 1e-12) fail(event, `the weights of ${actor} sum to ${sum}, not to 1`)
  return weights
}

/** No number may be further from another than roundings of what it was made of explain. */
const near = (event: Fold, difference: (i: number) => number, size: Float64Array, what: string): void => {
  for (let i = 0; i < size.length; i++) {
    const off = Math.abs(difference(i))
    if (off > tolerance * size[i]) fail(event, `${what}: number ${i} by ${off}`)
  }
}

/** Where nothing was lost, the matrix is doubly stochastic, and the mean over all peers stays what it was. */
const preserves = (event: Fold, weights: Float64Array, partners: readonly Name[], { clients }: View, { wholes, twice }: Memory): void => {
  const { actor, round, updates, before, after } = event
  if (twice.has(round) || (wholes.has(round) && wholes.get(round) === undefined)) return
  const { length } = before.values
  const whole: Whole = wholes.get(round) ?? { folded: new Set(), columns: new Map(), moved: new Float64Array(length), size: new Float64Array(length) }
  if (updates.length !== partners.length + 1 || whole.folded.has(actor)) return void wholes.set(round, undefined)
  wholes.set(round, whole)
  whole.folded.add(actor)
  updates.forEach(({ client }, i) => whole.columns.set(client, (whole.columns.get(client) ?? 0) + weights[i]))
  for (let i = 0; i < length; i++) {
    whole.moved[i] += after.values[i] - before.values[i]
    whole.size[i] += Math.abs(before.values[i])
  }
  if (whole.folded.size < clients.size) return
  wholes.set(round, undefined)
  for (const [client, sum] of whole.columns) {
    if (Math.abs(sum - 1) > 1e-9) fail(event, `all peers together give the model of ${client} the weight ${sum}, not 1`)
  }
  near(event, (i) => whole.moved[i], whole.size, 'nothing was lost, and the mean over all peers moves')
}

/** All that end a round with a mean have the same, bit by bit: that of their models. */
const agrees = (event: Fold, weights: Float64Array, { clients }: View, { means, twice }: Memory): void => {
  const { actor, round, updates, before, after: { values } } = event
  const mean: Mean = means.get(round) ?? { folded: new Set(), values, sum: new Float64Array(values.length), size: new Float64Array(values.length) }
  means.set(round, mean)
  if (mean.folded.has(actor)) return
  mean.folded.add(actor)
  for (let i = 0; i < values.length; i++) {
    if (!Object.is(values[i], mean.values[i])) fail(event, `${actor} ends with ${values[i]} as number ${i}, and ${[...mean.folded][0]} with ${mean.values[i]}`)
  }
  const weight = weights[updates.findIndex(({ client }) => client === actor)]
  for (let i = 0; i < values.length; i++) {
    mean.sum[i] += weight * before.values[i]
    mean.size[i] += Math.abs(weight * before.values[i])
  }
  if (mean.folded.size === clients.size && !twice.has(round)) near(event, (i) => mean.sum[i] - values[i], mean.size, 'all have one model, and it is not the mean of theirs')
}

export const mixing = check<Memory>({
  name: 'mixing',
  promise:
    'A peer mixes its own model and those of its neighbours of the round by weights that are non-negative and sum to 1. Where nothing is lost in a round, and nobody dies, ' +
    'the matrix of all weights is doubly stochastic, and the mean over all peers stays as it was; in a ring all that end it with a mean have the same, bit by bit.',
  kinds: ['fold', 'round-close', 'train', 'life'],
  applies: ({ peers }) => peers !== undefined,
  begin: () => ({ wholes: new Map(), means: new Map(), twice: new Set(), trains: new Map() }),
  see: (event, view, memory) => {
    if (event.kind === 'round-close') {
      for (const known of [memory.wholes, memory.means]) for (const round of known.keys()) if (round <= event.row.round) known.delete(round)
      return
    }
    if (event.kind === 'train') memory.trains.set(event.actor, event.round)
    if (event.kind === 'life' && event.what === 'crash') memory.twice.add(memory.trains.get(event.actor) ?? 0)
    if (event.kind !== 'fold') return
    const { partners, agree, faithful } = view.peers!
    const others = partners(event.actor, event.round)
    const weights = convex(event, others)
    if (!faithful) return
    if (agree) agrees(event, weights, view, memory)
    else preserves(event, weights, others, view, memory)
  },
})
