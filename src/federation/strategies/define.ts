import { onePerScenario, sampleWeights, weightedSum } from './fold.js'
import type { Leg, Local, Outcome } from './local.js'
import type { Needs, Strategy } from './strategy.js'

/** A strategy as one writes it: a name, and what differs from FedAvg. */
export type Definition = Partial<Omit<Strategy, 'needs' | 'extras'>> & {
  readonly name: string
  readonly needs?: Partial<Needs>
  readonly extras?: Partial<Strategy['extras']>
}

/** Plain local training from what was received. */
export const train: Leg = { name: 'train' }

/** Sends what the last leg that took place left. */
const sendLast =
  (legs: readonly Leg[]) =>
  ({ made, received }: Local): Outcome => {
    const last = legs.findLast(({ name }) => made[name] !== undefined)
    return { sent: last === undefined ? received : made[last.name] }
  }

const averages: Needs = { optimizer: 'any', updates: 'mean', serverData: false, clientState: false }

/**
 * Completes a strategy with what FedAvg does: one client per scenario, everything global, one leg of plain training,
 * and the mean weighted by examples. A `fold` of one's own is taken to need individual updates, and not to be convex,
 * and `weights` of one's own are taken to be needed, unless it says otherwise.
 */
export const defineStrategy = (definition: Definition): Strategy => {
  const { fold, weights = sampleWeights, legs = [train], needs, extras } = definition
  const enough = fold !== undefined ? 'individual' : definition.weights === undefined ? 'mean' : 'sum'
  return {
    source: 'defined by the simulation',
    absent: 'Left out: the weights are shared among those that answered.',
    convex: fold === undefined || definition.weights !== undefined,
    averages: fold === undefined && definition.weights === undefined,
    template: () => 'global',
    sends: () => true,
    finish: sendLast(legs),
    serves: 'received',
    arrange: onePerScenario,
    ...definition,
    legs,
    weights,
    fold: fold ?? ((state, updates) => ({ ...state, values: weightedSum(updates, weights(updates)) })),
    needs: { ...averages, updates: enough, ...needs },
    extras: { up: [], down: [], ...extras },
  }
}
