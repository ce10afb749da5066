import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { entriesOf, told, type Entry } from '../../src/entry.js'
import { jsonSchema } from '../../src/simulation/specification.js'
import { optionsOf } from '../../src/cli/kind-options.js'
import type { JsonSchema } from '../../src/documents/names.js'
import { say } from './console.js'

const catalogue = async (): Promise<Record<string, Entry[]>> =>
  JSON.parse((await say(['list', '--json'])).out) as Record<string, Entry[]>

/** Every `kind` that the JSON Schema allows for a field: what a specification can really name. */
const allowed = (field: string): string[] => {
  const found: string[] = []
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { properties } = value as { properties?: { kind?: { const?: string } } }
    if (properties?.kind?.const !== undefined) found.push(properties.kind.const)
    else Object.values(value).forEach(search)
  }
  search((jsonSchema().properties as Record<string, unknown>)[field])
  return [...new Set(found)].sort()
}

/** The options of a kind in the JSON Schema, in its order. */
const namesOf = (field: string, kind: string): string[] => {
  const search = (value: unknown): string[] | undefined => {
    if (typeof value !== 'object' || value === null) return undefined
    const { properties } = value as { properties?: Record<string, { const?: string }> }
    if (properties?.kind?.const === kind) return Object.keys(properties).filter((name) => name !== 'kind')
    return Object.values(value).map(search).find(Boolean)
  }
  return search((jsonSchema().properties as Record<string, unknown>)[field]) ?? []
}

describe('list', () => {
  it('names exactly what a specification can name, each with a sentence and a source', async () => {
    const all = await catalogue()
    const fields = { models: 'model', strategies: 'strategy', rounds: 'rounds', selection: 'selection', worlds: 'world', faults: 'faults' }
    for (const [what, field] of Object.entries(fields)) {
      expect(all[what].map(({ kind }) => kind).sort(), what).toEqual(allowed(field))
    }
    for (const entry of Object.values(all).flat()) {
      expect(entry.sentence.length, entry.kind).toBeGreaterThan(15)
      expect(entry.source.length, entry.kind).toBeGreaterThan(5)
      expect(Object.keys(entry)).toEqual(['kind', 'sentence', 'source'])
    }
  })

  it('prints one group as text', async () => {
    const { code, out } = await say(['list', 'rounds'])
    expect(code).toBe(0)
    expect(out).toContain(
      '\n  synchronous        Waits for every client that was asked; an answer that is lost for good ends the run',
    )
    expect(out).toContain('McMahan et al., AISTATS 2017, algorithm 1\n')
    expect(out).not.toContain('crash')
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })

  it('says what can be listed', async () => {
    const { code, err } = await say(['list', 'fault'])
    expect(code).toBe(2)
    expect(err).toContain('"fault" cannot be listed. Did you mean "faults"? Known: models,')
  })

  it('prints one kind with its options, by its name in files or in scripts', async () => {
    const { code, out } = await say(['list', 'fedProx'])
    expect(code).toBe(0)
    expect(out).toBe(`strategies
  fedprox  FedAvg with a proximal term that holds clients near the common model
           Li et al., MLSys 2020, eq. 2 and algorithm 2

    mu  a number from 0; default 0.01
        Strength of (mu / 2) |theta - theta_server|^2
`)
    expect((await say(['list', 'fedprox'])).out).toBe(out)
    const { err } = await say(['list', 'fedprx'])
    expect(err).toContain('"fedprx" cannot be listed. Did you mean "fedprox"?')
  })

  it('knows every option of every kind, in words, and what must be given', async () => {
    const deadline = (await say(['list', 'deadline'])).out
    expect(deadline).toContain('    after       a time, such as 5 min; must be given\n                How long a round stays open\n')
    expect(deadline).toContain('    missing     last or sit-out; default last\n')
    expect((await say(['list', 'localonly'])).out).toContain('    no options\n')
    const all = await catalogue()
    const fields = { models: 'model', strategies: 'strategy', rounds: 'rounds', selection: 'selection', worlds: 'world', faults: 'faults' }
    const schema = jsonSchema() as JsonSchema
    for (const [group, field] of Object.entries(fields)) {
      for (const { kind } of all[group]) {
        const options = optionsOf(kind, schema.properties![field], schema)
        expect(options.map(({ name }) => name), kind).toEqual(namesOf(field, kind))
        for (const { name, takes } of options) {
          expect(takes, `${kind}.${name}`).not.toMatch(/undefined|^a value$/)
        }
      }
    }
    const shown = JSON.parse((await say(['list', 'fedprox', '--json'])).out) as Record<string, { options: unknown }[]>
    expect(shown.strategies[0].options).toEqual([
      { name: 'mu', takes: 'a number from 0', required: false, default: 0.01, sentence: 'Strength of (mu / 2) |theta - theta_server|^2' },
    ])
  })
})

describe('a schema that says nothing of itself', () => {
  it('is a mistake of ours', () => {
    const plain = z.strictObject({ kind: z.literal('plain') })
    expect(() => entriesOf({ options: [plain] })).toThrow("'plain' has no sentence and source")
    expect(entriesOf({ options: [told(plain, 'A plain one.', 'nowhere')] })).toEqual([
      { kind: 'plain', sentence: 'A plain one.', source: 'nowhere' },
    ])
  })
})
