import { describe, expect, it } from 'vitest'

import { sizesThatStay } from '../../../src/lab/explore/case.js'
import { Explorer } from '../../../src/lab/explore/explorer.js'
import { deadline, fedAvg, mbps, minutes, mlp, mmoe, ms, named, periods, region, seconds, sgd, type Specification } from '../../../src/simulation/script.js'

const specification: Specification = {
  world: { kind: 'storefronts', scenarios: 4, impressions: 100 },
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 6, after: minutes(1) }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
}

/** Says something by name of clients, wherever that can be. */
const naming: Specification = {
  ...specification,
  local: { ...specification.local, clients: [{ who: 'client-store-4', epochs: 2 }] },
  schedule: [periods({ who: named('client-store-3', 'client-store-4'), on: seconds(20), off: seconds(5) })],
  network: {
    ...specification.network,
    regions: { north: 'client-store-4', south: named('client-store-1', 'client-store-3') },
    overrides: [{ who: region('north'), latency: ms(90) }, { who: 'client-store-2', up: mbps(1) }],
  },
  devices: { overrides: [{ who: 'client-store-4', gflops: 2 }] },
}

const options = { rounds: 6, cwd: process.cwd(), chance: '7', vary: ['shape'] } as const

describe('the number of clients in cases', () => {
  it('varies where the script names clients: what is said of those who are not there is not said', async () => {
    const explorer = new Explorer(naming, options)
    const sizes = new Map<number, number>()
    for (let nth = 0; nth < 16; nth++) {
      const { outcome, of } = await explorer.fly({ nth })
      expect(outcome).toMatchObject({ failed: false })
      const { clients } = await explorer.lab.scene(of.shape)
      expect(of.shape?.clients ?? 4).toBe(clients.length)
      const { schedule, local } = await explorer.lab.specification(of)
      const said = JSON.stringify([schedule, local?.clients])
      for (const name of ['client-store-3', 'client-store-4']) expect(said.includes(name)).toBe(clients.includes(name))
      sizes.set(clients.length, (sizes.get(clients.length) ?? 0) + 1)
    }
    expect(Math.min(...sizes.keys())).toBeLessThan(4)
    expect(sizes.size).toBeGreaterThan(2)
  })

  it('draws what it drew of a script that names nobody', async () => {
    const [one, other] = [new Explorer(specification, options), new Explorer(naming, options)]
    for (let nth = 0; nth < 8; nth++) {
      const [a, b] = [await one.draw({ nth }), await other.draw({ nth })]
      expect(b.shape).toEqual(a.shape)
      expect(await one.lab.names(a.shape ?? {})).toBe(false)
    }
  })

  it('is said to stay where it does', () => {
    expect(sizesThatStay(specification)).toEqual([])
    const folder = { ...specification, world: { kind: 'folder', path: 'data' } as unknown as Specification['world'], model: mlp({ hidden: [4], embedding: 2 }) }
    expect(sizesThatStay(folder)).toEqual([
      'clients: the world folder is what its data are, and cannot be asked for a number of them',
      'expert networks: the model mlp cannot be asked for a number of them',
    ])
  })
})
