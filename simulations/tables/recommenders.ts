/*
 * Table: top-K recommenders whose users belong to one client each while items are common. Users' vectors stay with their
 * client (fedper with the head `user`), or travel (fedavg), or nothing does, or all data lies in one place.
 */
import { adam, fedAvg, fedPer, localOnly, pmtRec, pooled, ranker, study, synchronous } from '@windtunnel/windtunnel'
import { kuairandInteractions, syntheticInteractions } from '@windtunnel/windtunnel/scenarios'

const tasks = ['bpr', 'same-tag', 'long_view']

export default study(({ full, data }) => ({
  name: 'recommenders',
  question: 'Does a recommender whose users stay private rank better with items that are shared?',
  base: {
    model: ranker({ encoder: 'mf', embedding: full ? 32 : 8 }),
    local: {
      epochs: 1, batch: full ? 256 : 32, optimizer: adam(0.02), optimizerState: 'keep',
      balance: pmtRec({ alpha: 1.04, temperature: 1e-3 }),
    },
    rounds: synchronous({ count: full ? 40 : 15 }),
    evaluate: { start: false },
  },
  conditions: {
    'made up': {
      world: syntheticInteractions({
        tasks, scenarios: 8, users: full ? 800 : 160, items: full ? 400 : 100, each: 12, taste: 6, core: full ? 5 : 1,
      }),
    },
    ...(data !== undefined && full && { KuaiRand: { world: kuairandInteractions({ tasks, dir: data, scenarios: 'tabs' }) } }),
  },
  variants: {
    'users private': { strategy: fedPer({ head: ['user', 'tower'] }) },
    fedavg: { strategy: fedAvg() },
    'local-only': { strategy: localOnly() },
    pooled: { strategy: pooled() },
  },
  baselines: ['users private', 'local-only'],
  metric: 'ndcg@20',
  seeds: full ? 10 : 5,
  tuning: { configurations: 2, space: { 'local.optimizer.rate': [0.02, 0.005] }, seeds: 1 },
}))
