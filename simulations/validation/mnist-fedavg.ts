/*
 * Table 1 of the first paper on FedAvg (McMahan et al., AISTATS 2017): rounds of FedAvg until the 2NN (two hidden layers of
 * 200, 199,210 parameters) is right on 97 % of MNIST's test images, by the share C of 100 clients that a round selects.
 * E = 1, B = 10, shuffled images or two digits a client. The paper takes the best rate of each cell; here it is chosen once,
 * on training images that are held out, but for C 0, a single client a round, which needs a smaller one.
 */
import { fedAvg, mlp, sgd, study, synchronous, type Patch } from '@windtunnel/windtunnel'
import { mnist } from '@windtunnel/windtunnel/scenarios'

export default study(({ full, data }) => {
  const dir = data ?? '../shared/data/mnist'
  const of = (share: number, count: number): Patch => ({
    rounds: synchronous({ count, select: Math.max(1, Math.round(100 * share)) }),
  })
  // At .2 a single client a round throws the model to and fro: it was not there after 1,500 rounds.
  const alone = { ...of(0, 8000), local: { epochs: 1, batch: 10, optimizer: sgd(0.05), cohort: 10 } }
  const variants: Record<string, Patch> = full
    ? { 'C 0.1': of(0.1, 1000), 'C 0': alone, 'C 0.2': of(0.2, 1000), 'C 0.5': of(0.5, 500), 'C 1': of(1, 450) }
    : { 'C 0.1': of(0.1, 120), 'C 0.2': of(0.2, 120) }
  const byDigit = { epochs: 1, batch: 10, optimizer: sgd(0.05), cohort: 10 }
  return {
    name: 'mnist-fedavg',
    question: 'How many rounds until 97 %?',
    base: {
      model: mlp({ hidden: [200, 200] }),
      local: { epochs: 1, batch: 10, optimizer: sgd(0.2), cohort: 10 },
      strategy: fedAvg(),
      evaluate: { start: false, on: ['test'], until: 'test accuracy .97' },
    },
    conditions: {
      iid: { world: mnist({ dir, partition: 'iid' }) },
      ...(full && { 'two digits a client': { world: mnist({ dir, partition: 'shards' }), local: byDigit } }),
    },
    variants,
    baselines: ['C 0.1'],
    metric: 'rounds to test accuracy .97',
    seeds: full ? 5 : 2,
  }
})
