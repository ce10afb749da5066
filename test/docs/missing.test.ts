import { describe, expect, it } from 'vitest'

import { program } from '../../src/cli/main.js'
import { jsonSchema } from '../../src/simulation/specification.js'
import { say } from '../cli/console.js'
import { pageText } from './pages.js'

/** The rows of the page's table of what is missing: what kind of thing, and the names. */
const missing = new Map(
  pageText('docs/promises.md').split('## Missing')[1].split('\n').filter((line) => /^\| [a-z]/.test(line)).slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, what, names]) => [what, [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name)] as const),
)

const sink = { write: () => true }
const commands = (): string[] => program({ out: sink, err: sink, cwd: '.' }, () => {}).commands.map((command) => command.name())

describe('what the page of promises calls missing', () => {
  it('is of kinds that this test knows', () => {
    expect(['fields', 'commands']).toEqual(expect.arrayContaining([...missing.keys()]))
    for (const [what, names] of missing) expect(names.length, what).toBeGreaterThan(0)
  })

  it('is nothing that can be listed', async () => {
    const all = JSON.parse((await say(['list', '--json'])).out) as Record<string, { kind: string }[]>
    // A check may be named as the field that is missing.
    const kinds = Object.entries(all).flatMap(([what, list]) => (what === 'checks' ? [] : list)).map(({ kind }) => kind)
    expect(kinds.length).toBeGreaterThan(60)
    expect([...missing.values()].flat().filter((name) => kinds.includes(name))).toEqual([])
  })

  it('is no field and no command', () => {
    const fields = new Set([...Object.keys(jsonSchema().properties as object), 'link', 'checks'])
    expect((missing.get('fields') ?? []).filter((name) => fields.has(name))).toEqual([])
    expect(commands()).toContain('list')
    expect((missing.get('commands') ?? []).filter((name) => commands().includes(name))).toEqual([])
  })
})
