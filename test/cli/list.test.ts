import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { entriesOf, told, type Entry } from '../../src/entry.js'
import { jsonSchema } from '../../src/simulation/specification.js'
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

describe('list', () => {
  it('names exactly what a specification can name, each with a sentence and a source', async () => {
    const all = await catalogue()
    const fields = { models: 'model', strategies: 'strategy', rounds: 'rounds', worlds: 'world', faults: 'faults' }
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
      '\n  synchronous   Waits for every client that was asked; a message that is lost for good ends the run',
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
