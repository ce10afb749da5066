import { describe, expect, it } from 'vitest'

import { jsonSchema } from '../../src/simulation/specification.js'
import { narrow } from '../../src/faults/all.js'
import { checkedPlan, drawPlan } from '../../src/faults/plan.js'
import { type FaultInput, faultsSchema } from '../../src/faults/registry.js'
import { wrongLine } from '../../src/faults/shared-line.js'
import { readDocument } from '../../src/documents/source.js'
import { drawFault, milderFaults, wildness } from '../../src/faults/turn.js'
import { type NetworkInput, networkSchema } from '../../src/schedules/network.js'
import { resolve } from '../../src/simulation/resolve.js'
import type { Specification } from '../../src/simulation/script.js'
import { three, weatherOf } from './weather.js'

const rule = (fault: FaultInput, network: NetworkInput): string | undefined =>
  wrongLine(faultsSchema.parse([fault])[0], networkSchema.parse(network), ['aggregator', 'expert-1'])?.rule

describe('a fault about a line that many share', () => {
  it('is said in place of `who`: one of both', () => {
    expect(narrow({ line: { region: 'eu' } }, { to: '1 Mbps', direction: 'up' })).toEqual({ kind: 'narrow', line: { region: 'eu' }, to: '1 Mbps', direction: 'up' })
    expect(narrow({ select: 'region', region: 'eu' }, { by: 2 })).toEqual({ kind: 'narrow', who: { select: 'region', region: 'eu' }, by: 2 })
    const told = (...faults: readonly unknown[]) => faults.map((fault) => faultsSchema.safeParse([fault]).error?.issues[0])
    const [both, neither, strange, otherKind] = told(
      { kind: 'narrow', who: 'all', line: 'servers', by: 2 }, { kind: 'narrow', by: 2 }, { kind: 'narrow', line: 'server', by: 2 }, { kind: 'slow', line: 'servers', by: 2 },
    )
    for (const wrong of [both, neither]) expect(wrong).toMatchObject({ path: [0, 'who'], message: 'give either `who`, whose own lines are narrowed, or `line`, which many share' })
    expect(strange).toMatchObject({ path: [0, 'line'], message: 'expected servers, backbone, { region: NAME } or { host: SERVER }' })
    expect(otherKind).toBeDefined()
    expect(JSON.stringify(jsonSchema())).toContain('In place of `who`: a line that many share')
  })

  it('is refused where there is no such line', () => {
    const fair = { sharing: 'fair', servers: { up: 1e6 }, regions: { eu: 'client-NL', us: 'client-US' }, regional: { eu: { down: 1e6 } } } as const
    const apart = { sharing: 'fair', servers: { up: 1e6, apart: true } } as const
    const by2 = { by: 2 } as const
    const found = [
      rule(narrow({ line: 'servers' }, by2), {}), rule(narrow({ line: 'servers' }, by2), { sharing: 'fair' }), rule(narrow({ line: 'servers' }, by2), fair),
      rule(narrow({ line: 'servers' }, { by: 2, direction: 'down' }), fair), rule(narrow({ line: 'backbone' }, by2), fair),
      rule(narrow({ line: { region: 'us' } }, by2), fair), rule(narrow({ line: { region: 'eu' } }, by2), fair), rule(narrow({ line: { host: 'aggregator' } }, by2), fair),
      rule(narrow({ line: 'servers' }, by2), apart), rule(narrow({ line: { host: 'expert-1' } }, by2), apart), rule(narrow({ line: { host: 'expert-2' } }, by2), apart),
      rule(narrow('all', by2), {}),
    ]
    expect(found).toEqual([
      'is the line of the servers, and under network.sharing: fifo only clients have lines', 'is the line of the servers, to which network.servers sets no limit', undefined,
      'is the line of the servers, to which network.servers sets no limit `down`', 'is the backbone, to which network.backbone sets no limit',
      'is the line of region us, to which network.regional sets no limit', undefined, 'is the line of aggregator’s host, and all servers are on one host',
      'is one line for all servers, and network.servers.apart gives each its own', undefined, "is the line of a server, and none is called 'expert-2'",
      undefined,
    ])
  })

  it('by the file, with its place and what to do', () => {
    const text = `world: { kind: storefronts }
model: { kind: mlp, hidden: [2] }
strategy: { kind: fedavg }
rounds: { kind: deadline, count: 1, after: 1 min }
network: { sharing: fair, backbone: 1 Gbps }
faults:
  - { kind: narrow, line: backbone, by: 2 }
  - { kind: narrow, line: servers, to: 1 Mbps }
`
    const { value, source } = readDocument(text, 'flight.yaml')
    expect(() => resolve(value as Specification, { source })).toThrow(/flight\.yaml:8:\d+: faults\.1\.line is the line of the servers, to which network\.servers sets no limit[^]*Give network: \{ sharing: fair, servers: \{ up: 1 Gbps \} \}/)
    const sound = readDocument(text.replace('line: servers', 'line: backbone'), 'flight.yaml')
    expect(resolve(sound.value as Specification, { source: sound.source }).faults).toHaveLength(2)
  })

  it('is drawn for nobody; a host is one of the servers', () => {
    expect(drawPlan([narrow({ line: 'servers' }, { by: 2, id: 'n' })], three, '1').faults).toMatchObject([{ id: 'n', targets: [] }])
    expect(() => drawPlan([narrow({ line: { host: 'expert-3' } }, { by: 2 })], three, '1')).toThrow(/faults\[0\]\.line\.host: nobody is named 'expert-3'\. Did you mean 'expert-[12]'\? There are: aggregator, expert-1, expert-2/)
    expect(() => drawPlan([narrow({ line: { host: 'client-NL' } }, { by: 2 })], three, '1')).toThrow("faults[0].line.host: nobody is named 'client-NL'")
    const plan = drawPlan([narrow({ line: 'servers' }, { by: 2, id: 'n' })], three, '1')
    const edited = { ...plan, faults: [{ ...plan.faults[0], targets: ['client-NL'] }] }
    expect(() => checkedPlan(edited, three)).toThrow("plan.faults[0].targets: a line that many share is nobody's")
    expect(() => weatherOf([], { plan })).toThrow("fault 'n': line is the line of the servers, and under network.sharing: fifo")
  })

  it('is in no plan that is drawn, since there may be no such line', () => {
    const scene = { clients: ['client-A', 'client-B'], experts: [], rounds: 4, round: 1e6 }
    let state = 1
    const toss = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    const drawn = Array.from({ length: 200 }, () => drawFault('narrow', toss, 1, scene))
    expect(drawn.every((fault) => 'who' in fault && !('line' in fault))).toBe(true)
  })

  it('that is written is made milder by its numbers and times; the line stays', () => {
    const scene = { clients: ['client-A', 'client-B'], experts: [], rounds: 4, round: 1e6 }
    const given = narrow({ line: { host: 'expert-1' } }, { by: 8, rounds: [1, 3], id: 'n' })
    const milder = milderFaults(given, scene)
    expect(milder.length).toBeGreaterThan(2)
    for (const one of milder) {
      expect(one).toMatchObject({ kind: 'narrow', line: { host: 'expert-1' } })
      expect(one).not.toHaveProperty('who')
      expect(wildness(one, scene)).toBeLessThanOrEqual(wildness(given, scene))
    }
  })

  it('tosses one coin a round, for both ways of the line', () => {
    const network = networkSchema.parse({ sharing: 'fair', servers: { up: 8e6, down: 8e6 } })
    const weather = weatherOf([narrow({ line: 'servers' }, { by: 2, probability: 0.5, id: 'n' })], { network })
    const rates = Array.from({ length: 40 }, (_, i) => {
      weather.opens(i + 1, i)
      return (['up', 'down'] as const).map((direction) => weather.rate({ place: 'servers', direction, bytesPerSecond: 1e6 }, i).bytesPerSecond)
    })
    expect(rates.every(([up, down]) => up === down)).toBe(true)
    const narrower = rates.filter(([up]) => up === 0.5e6).length
    expect(narrower).toBeGreaterThan(8)
    expect(narrower).toBeLessThan(32)
    expect(weather.report()[0]).toMatchObject({ fired: narrower, outcome: `the line narrowed in ${narrower} rounds` })
    expect(weather.setOff.filter(({ kind }) => kind === 'rates')).toHaveLength(40)
    expect(weather.rate({ place: 'backbone', direction: 'up', bytesPerSecond: 1e6 }, 40)).toEqual({ bytesPerSecond: 1e6, until: Infinity })
  })
})
