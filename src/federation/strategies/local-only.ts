import { fedAvg } from './fedavg.js'
import type { Strategy } from './strategy.js'

/** Each client trains alone and nothing of its model travels: the bound that federation must beat to be worth its bytes. */
export const localOnly = (): Strategy => ({
  ...fedAvg(),
  name: 'local-only',
  source: 'the usual lower bound',
  template: () => 'private',
})
