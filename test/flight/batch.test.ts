import { describe, expect, it } from 'vitest'

import { conduct } from '../../src/runs/simulate.js'
import type { Specification } from '../../src/simulation/specification.js'

const flight = (batch: number): Specification => ({
  world: { kind: 'storefronts', scenarios: 2, impressions: 60, users: 20, items: 10 },
  model: { kind: 'mlp', hidden: [3], embedding: 1 },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'synchronous', count: 1 },
  local: { batch },
})

describe('a batch that no client can fill', () => {
  it('takes no more memory than one that any can, and trains on the same rows', async () => {
    const [fair, huge] = [await conduct(flight(65_536), { engine: 'tfjs', workers: 1 }), await conduct(flight(1e7), { engine: 'tfjs', workers: 1 })]
    expect(huge.digest).toBe(fair.digest)
  }, 60_000)
})
