import type { Problem } from '../documents/problem.js'
import { roundRules, type Rounds } from '../federation/rounds/registry.js'
import { selectionEntryOf } from '../federation/selection/registry.js'
import { buildStrategy, type StrategySpec } from '../federation/strategies/registry.js'
import type { Strategy } from '../federation/strategies/strategy.js'
import { topologyOf } from '../federation/topologies/registry.js'
import type { Settled } from './specification.js'

/** The strategy, if it is one: what a script has forgotten to call is told of elsewhere. */
const strategyIn = ({ strategy }: Settled): Strategy | undefined => {
  if (typeof strategy === 'function') return undefined
  return 'fold' in strategy ? strategy : buildStrategy(strategy as StrategySpec)
}

/** What a topology does not go with. */
export const topologyProblems = (settled: Settled): Problem[] => {
  const { topology, rounds, faults, codec, network, selection, choose } = settled
  if (topology === undefined) return []
  const isData = typeof rounds !== 'function' && !('next' in rounds)
  const asked = {
    strategy: strategyIn(settled), rounds: isData ? (rounds as Rounds) : undefined, faults, codec,
    given: new Set([
      ...Object.entries(settled).filter(([, value]) => value !== undefined).map(([field]) => field), ...(network.regions === undefined ? [] : ['network.regions']),
    ]),
    overlapping: isData ? roundRules(rounds as Rounds).admission.overlapping : 'admission' in rounds && rounds.admission.overlapping,
    selectionReadsNumbers: choose !== undefined || (selection !== undefined && selectionEntryOf(selection).readsNumbers),
  }
  return topologyOf(topology).problems(asked).map(({ path, rule, advice }) => ({ path, at: 'value', rule, advice }))
}

/** What a rule decides by all of an update it decides for each part by what that holds, and there are more of them than usual. */
export const topologyWarnings = (settled: Settled): string[] => {
  const strategy = settled.topology?.kind === 'split' ? strategyIn(settled) : undefined
  if (strategy === undefined) return []
  const { name, needs: { updates } } = strategy
  return updates === 'individual'
    ? [`topology is split, and strategy '${name}' looks at every single update: each shard decides by what it owns, where one aggregator decides by all of it`]
    : []
}
