import { deadline, defineStrategy, minutes, mmoe, sampleWeights, simulation, weightedSum } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** Every client is sent the mean of all, mixed with what it sent itself last. */
export const mixed = (own: number) =>
  defineStrategy({
    name: `mixed ${own}`,
    absent: 'It keeps the mixture that it had.',
    fold: (state, updates) => {
      const mean = weightedSum(updates, sampleWeights(updates))
      const personal = new Map(state.personal)
      for (const { client, values } of updates) {
        personal.set(client, mean.map((v, i) => own * values[i] + (1 - own) * v))
      }
      return { ...state, values: mean, personal }
    },
  })

export default simulation({
  world: storefronts({ scenarios: 4, impressions: 3_000, divergence: 0.5 }),
  model: mmoe({ embedding: 8, experts: 2, expert: [16], tower: [8] }),
  strategy: mixed(0.5),
  rounds: deadline({ count: 5, after: minutes(5) }),
})
