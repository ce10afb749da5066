import { describe, expect, it } from 'vitest'

import { worldSchema } from '../../scenarios/registry.js'
import { SpecificationError } from '../../src/errors.js'
import { resolve } from '../../src/simulation/resolve.js'
import type { Specification } from '../../src/simulation/specification.js'

const flight = (world: object): Specification => ({
  world: world as Specification['world'],
  model: { kind: 'mlp', hidden: [] }, strategy: { kind: 'fedavg' }, rounds: { kind: 'synchronous', count: 1 },
})

const made = ['storefronts', 'mmoe-synthetic', 'fedprox-synthetic', 'synthetic-interactions', 'mb1'] as const

describe('made worlds', () => {
  it.each(made)('%s: every number has a bound of its own, before anything is drawn', (kind) => {
    const { properties } = JSON.parse(JSON.stringify(worldSchema.options.find((one) => one.shape.kind.value === kind)!.toJSONSchema({ io: 'input' }))) as
      { properties: Record<string, { type?: string; maximum?: number }> }
    const whole = Object.entries(properties).filter(([, { type }]) => type === 'integer')
    expect(whole.length).toBeGreaterThan(2)
    for (const [name, { maximum }] of whole) expect([name, maximum! <= 1e8]).toEqual([name, true])
  })

  it.each([
    [{ kind: 'mb1', clients: 100_000, rows: 100_000 }, 'world.clients', 'clients times rows times test times columns'],
    [{ kind: 'fedprox-synthetic', sizes: { law: 'equal', rows: 1e8 } }, 'world.clients', 'fewer classes'],
    [{ kind: 'fedprox-synthetic', sizes: { law: 'lognormal', sigma: 9 } }, 'world.clients', 'fewer sizes'],
    [{ kind: 'fedprox-synthetic', columns: 1e5, classes: 1e5 }, 'world.clients', 'At most 2,000,000,000 fit'],
    [{ kind: 'synthetic-interactions', users: 1e7, items: 1e6 }, 'world.users', 'fewer items'],
    [{ kind: 'mmoe-synthetic', rows: 1e8 }, 'world.scenarios', 'fewer columns'],
    [{ kind: 'storefronts', scenarios: 100_000, impressions: 1e6 }, 'world.scenarios', 'fewer impressions'],
    [{ kind: 'storefronts', scenarios: 2, impressions: [1e8, 1e8] }, 'world.scenarios', '4,600,000,000 values'],
  ])('%j is refused at once: the product is too much', (world, field, part) => {
    const act = () => resolve(flight(world))
    expect(act).toThrow(SpecificationError)
    expect(act).toThrow(`${field} makes a world of`)
    expect(act).toThrow(part)
  })

  it('what documentation says is possible is', () => {
    const { scenarios } = resolve(flight({ kind: 'storefronts', scenarios: 50_000, impressions: 20 })).world as { scenarios: number }
    expect(scenarios).toBe(50_000)
    for (const kind of made) expect(() => resolve(flight({ kind }))).not.toThrow()
  })
})
