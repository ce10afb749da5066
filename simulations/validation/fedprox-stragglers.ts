/*
 * FedProx's experiment on stragglers as the paper runs it (Li et al., MLSys 2020, section 5.2, figures 1 and 7): Synthetic
 * (1, 1) of 30 clients, 10 of them in each round, 20 local epochs of SGD in batches of 10 at a rate of .01, multinomial
 * logistic regression from zeros. Of those selected 0, 50 or 90 % are stragglers, drawn anew in each round, who do 1 to 20
 * of their epochs: FedAvg drops them, FedProx takes what they have, with mu 0 and mu 1.
 */
import {
  away, deadline, fedAvg, fedProx, minutes, mlp, partial, sgd, share, study, type Patch, type Specification,
} from '@windtunnel/windtunnel'
import { fedproxSynthetic } from '@windtunnel/windtunnel/scenarios'

/** The same clients straggle under every method: faults of one id draw the same. */
const id = 'stragglers'

const dropped = (of: number): Specification['faults'] => (of === 0 ? [] : [away(share(of), { phase: 'before-upload', id })])
const partly = (of: number): Specification['faults'] =>
  of === 0 ? [] : [partial(share(of), { epochs: { from: 0.05, to: 1, steps: 20 }, id })]

export default study(({ full }) => {
  const methods = (of: number): Record<string, Patch> => ({
    [`FedAvg, ${100 * of} %`]: { strategy: fedAvg(), faults: dropped(of) },
    [`FedProx mu 0, ${100 * of} %`]: { strategy: fedProx({ mu: 0 }), faults: partly(of) },
    [`FedProx mu 1, ${100 * of} %`]: { strategy: fedProx({ mu: 1 }), faults: partly(of) },
  })
  return {
    name: 'fedprox-stragglers',
    question: 'What do stragglers cost, and what is it worth to take what they have?',
    base: {
      model: mlp({ hidden: [], init: 'zeros' }),
      local: { epochs: 20, batch: 10, optimizer: sgd(0.01) },
      rounds: deadline({ count: full ? 200 : 60, after: minutes(60), select: 10 }),
      evaluate: { start: false, on: ['test'], every: 5 },
    },
    conditions: {
      'Synthetic (1, 1)': {
        world: fedproxSynthetic({ alpha: 1, beta: 1, split: { train: 0.9, validation: 0, test: 0.1 }, ...(!full && { most: 1500 }) }),
      },
    },
    variants: { ...methods(0), ...methods(0.5), ...methods(0.9) },
    baselines: ['FedAvg, 90 %'],
    metric: 'accuracy',
    byRows: true,
    seeds: full ? 5 : 2,
  }
})
