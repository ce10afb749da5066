import { away, fedAvg, fraction, minutes, mlp, roundMachine, seconds, simulation } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** Rounds of one's own: each closes when all have answered, or when nobody has for a while. */
export const untilQuiet = (count: number, quiet: number) =>
  roundMachine((_, moment, { now, round, clients, answers, refused, asked }) => {
    const state = null
    const outcome = answers > 0 ? 'closed' : 'aborted'
    const close = (reason: string) =>
      ({ state, close: { outcome, reason, after: 'late' }, done: round >= count }) as const
    switch (moment.kind) {
      case 'begin':
        return { state, ask: { clients } }
      case 'short':
        return close('nobody there')
      case 'asked':
      case 'answered':
      case 'refused':
        if (answers + refused === asked) return close('all answered')
        return { state, timers: [{ name: 'quiet', at: now + quiet }] }
      case 'timer':
        return close('quiet')
      case 'available':
        return { state }
    }
  })

export default simulation({
  world: storefronts({ scenarios: 4, impressions: 1_000 }),
  model: mlp({ hidden: [16] }),
  strategy: fedAvg(),
  rounds: untilQuiet(6, seconds(20)),
  faults: [away(fraction(0.5), { phase: 'training', for: minutes(1), rounds: [2, 4] })],
})
