import { poolWorld } from '../../data/pool.js'
import { fedAvg } from './fedavg.js'
import type { Strategy } from './strategy.js'

/**
 * One client holds the rows of all scenarios: what training would give if nothing had to stay where it is. With
 * `scenarioId` the scenario is one more categorical field, without it the model cannot tell scenarios apart.
 */
export const pooled = ({ scenarioId }: { readonly scenarioId: boolean }): Strategy => ({
  ...fedAvg(),
  name: scenarioId ? 'pooled with scenario id' : 'pooled',
  source: 'the usual bound: centralised training',
  arrange: (world) => {
    const { features, train, serves } = poolWorld(world, { scenarioId })
    return { features, members: [{ name: 'pooled', train, serves }] }
  },
})
