import { buildStrategy, type StrategySpec } from '../federation/strategies/registry.js'
import type { Settled } from './specification.js'

/** What a rule decides by all of an update it decides for each part by what that holds, and there are more of them than usual. */
export const topologyWarnings = ({ topology, strategy: given }: Settled): string[] => {
  if (topology?.kind !== 'split' || typeof given === 'function') return []
  const { name, needs: { updates } } = 'fold' in given ? given : buildStrategy(given as StrategySpec)
  return updates === 'individual'
    ? [`topology is split, and strategy '${name}' looks at every single update: each shard decides by what it owns, where one aggregator decides by all of it`]
    : []
}
