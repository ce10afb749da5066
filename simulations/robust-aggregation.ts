/*
 * Sign flips from 20 % of the clients: two of ten storefronts, drawn with the seed, send the opposite of what they have
 * learnt, as far or four times as far. At four times two attackers undo what eight others do in a plain average. Storefronts
 * are alike (divergence 0), since robust rules take an update for an attack where it differs; with --full also apart (.5).
 * One rate for all, which was not tuned.
 *
 * `untrained` flies along at a rate at which nothing moves: what a model must beat to have learnt anything.
 */
import {
  bulyan, coordinateMedian, fedAvg, fraction, geometricMedian, krum, mlp, normClipping, poison, sgd, study, synchronous, trimmedMean,
  type Patch,
} from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** Calm, and under flips, at a place of the divergence dial. */
const weathers = (divergence: number, name = ''): Record<string, Patch> => {
  const world = storefronts({ scenarios: 10, impressions: 600, divergence, shift: 0 })
  const flips = (by: number): Patch => ({ world, faults: [poison(fraction(0.2), { send: { attack: 'sign-flip', by }, id: 'flips' })] })
  return { [`calm${name}`]: { world, faults: [] }, [`flips${name}`]: flips(1), [`flips x 4${name}`]: flips(4) }
}

export default study(({ full }) => ({
  name: 'robust-aggregation',
  question: 'Do robust rules keep learning under sign flips where FedAvg does not?',
  base: {
    model: mlp({ hidden: [8], embedding: 4 }),
    local: { epochs: 1, batch: 32, optimizer: sgd(0.3) },
    rounds: synchronous({ count: 15 }),
    delivery: { acknowledge: true, timeout: 'adaptive' },
    evaluate: { start: false, every: 5 },
    onDivergence: 'go-on',
  },
  conditions: { ...weathers(0), ...(full && weathers(0.5, ', apart')) },
  variants: {
    fedavg: { strategy: fedAvg() },
    untrained: { strategy: fedAvg(), local: { epochs: 1, batch: 32, optimizer: sgd(1e-12) } },
    median: { strategy: coordinateMedian() },
    'trimmed mean': { strategy: trimmedMean({ beta: 0.2 }) },
    krum: { strategy: krum({ byzantine: 2 }) },
    'multi-krum': { strategy: krum({ byzantine: 2, keep: 6 }) },
    'geometric median': { strategy: geometricMedian() },
    // Its proof asks for 4 f + 3 answers, 11 where there are 10.
    bulyan: { strategy: bulyan({ byzantine: 2 }) },
    'norm clipping': { strategy: normClipping() },
  },
  baselines: ['fedavg', 'untrained'],
  at: 'last',
  seeds: 10,
}))
