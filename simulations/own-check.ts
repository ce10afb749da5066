import { check, deadline, fedAvg, lose, minutes, mmoe, simulation, Violation } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** A promise of one's own: no part of the model goes so many rounds without a fold. */
export const moving = (most: number) =>
  check<Map<string, number>>({
    name: 'moving',
    promise: `No part of the model goes ${most} rounds without a fold.`,
    kinds: ['fold', 'round-close'],
    begin: () => new Map(),
    see: (event, { parts }, last) => {
      if (event.kind === 'fold') last.set(event.part, event.round)
      if (event.kind !== 'round-close') return
      const { round } = event.row
      for (const part of parts.keys()) {
        const since = last.get(part) ?? 0
        if (round - since < most) continue
        const what = `${part} was folded last in round ${since}`
        throw new Violation('moving', what, { time: event.at, round, actors: [event.actor] })
      }
    },
  })

export default simulation({
  world: storefronts({ scenarios: 4, impressions: 1_000 }),
  model: mmoe({ embedding: 8, experts: 2, expert: [16], tower: [8] }),
  strategy: fedAvg(),
  rounds: deadline({ count: 8, after: minutes(5) }),
  faults: [lose({ from: 'client', to: 'expert' }, { probability: 0.5 })],
  checks: [moving(3)],
})
