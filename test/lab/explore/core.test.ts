import { filter } from 'rxjs'
import { describe, expect, it } from 'vitest'

import { Explorer } from '../../../src/lab/explore/explorer.js'
import { CaseLab } from '../../../src/lab/explore/case-lab.js'
import { offers } from '../../../src/lab/shrink/offers.js'
import { deadline, fedAvg, mbps, minutes, mmoe, ms, named, sgd, type Specification, synchronous } from '../../../src/simulation/script.js'

const specification: Specification = {
  world: { kind: 'storefronts', scenarios: 4, impressions: 200 },
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 6, after: minutes(1), quorum: 3 }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
}

const options = { rounds: 6, cwd: process.cwd(), chance: '7', vary: ['calm'] as const }

describe('cores of explored cases', () => {
  it('are drawn, with every way to be left out, never smaller than rounds need, and fly', async () => {
    const explorer = new Explorer(specification, options)
    const cases = await Promise.all(Array.from({ length: 80 }, (_, nth) => explorer.draw({ nth })))
    const cores = cases.flatMap(({ calm }) => (calm?.core === undefined ? [] : [calm]))
    expect(new Set(cores.map(({ rest }) => rest))).toEqual(new Set(['dead', 'mute', 'deaf']))
    for (const { core } of cores) expect((core as { of: number }).of * 4).toBeGreaterThanOrEqual(3)
    for (const of of cases.filter(({ calm }) => calm?.core !== undefined).slice(0, 6)) expect((await explorer.lab.fly(of)).failed).toBe(false)
  })

  it('are none where rounds wait without end for somebody who is left out, unless messages are acknowledged', () => {
    const lab = new CaseLab({ ...specification, rounds: synchronous({ count: 6 }) }, { rounds: 6, cwd: process.cwd() })
    const of = { faults: [], chance: 'x', calm: { round: 2, core: named('client-store-1') } }
    expect(lab.isSound(of)).toBe(false)
    expect(lab.isSound({ ...of, calm: { round: 2 } })).toBe(true)
    expect(lab.isSound({ ...of, delivery: { acknowledge: true } })).toBe(true)
  })

  it('are taken back when a case is shrunk', async () => {
    const { ground } = new Explorer(specification, options)
    const all = await offers({ faults: [], chance: 'x', calm: { round: 2, core: named('client-store-1'), rest: 'mute' } }, ground)
    expect(all.map(({ what }) => what)).toContain('calm for everybody')
    expect(all.find(({ what }) => what === 'calm for everybody')!.of.calm).toEqual({ round: 2 })
  })
})

it('a core that does not get on is a failure of liveness, told by the check', async () => {
  // A link of the simulation's own, which no calm heals, swallows every update of the core.
  const swallowing: Specification = {
    ...specification,
    rounds: deadline({ count: 8, after: ms(200) }),
    checkpoint: { every: 1, patience: ms(50) },
    link: (envelopes$, { usual }) => usual(envelopes$.pipe(filter(({ kind, from }) => kind !== 'update' || from !== 'client-store-1'))),
  }
  const lab = new CaseLab(swallowing, { rounds: 8, cwd: process.cwd() })
  const of = { faults: [], chance: 'x', calm: { round: 2, core: named('client-store-1'), rest: 'mute' as const } }
  expect(await lab.fly(of)).toMatchObject({ failed: true, failure: { kind: 'liveness', what: 'progress' } })
  // Where everybody is healed the others' updates hide it.
  expect((await lab.fly({ ...of, calm: { round: 2 } })).failed).toBe(false)
})
