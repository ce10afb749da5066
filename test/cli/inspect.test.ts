import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inspectWorld } from '../../src/inspection/inspect.js'
import { simulate } from '../../src/runs/simulate.js'
import { scratch } from '../data/files.js'
import { root } from '../docs/pages.js'
import { campaignTable } from '../scenarios/public-lookalikes.js'
import { say } from './console.js'

const { dir, write } = scratch()
const shop = join(root, 'docs/examples/shop')

describe('windtunnel data inspect', () => {
  it('prints tables of rows, vocabularies, drift and what may look ahead', async () => {
    const { code, out, err } = await say(['data', 'inspect', shop])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^shop: 2 scenarios, 2 tasks, 2 categorical features, 2 numeric ones\n/)
    expect(out).toContain('│ ES       │ train      │  276 │    88 │ 2023-11-14 │ 2023-11-15 │ 25.7 % │ 12.0 % │')
    expect(out).toMatch(/│ item +│ +41 │ +0\.0 % │/)
    expect(out).toMatch(/│ item +│ categorical │ +0\.\d{3} │/)
    expect(out).toContain('No feature alone is as good as a label')
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
  })

  it('prints one JSON object, with options of the world that were set', async () => {
    const { code, out } = await say(['data', 'inspect', shop, '--json', '--set', 'clients={ by: user, count: 2 }'])
    expect(code).toBe(0)
    const seen = JSON.parse(out) as Record<string, unknown>
    expect(seen).toMatchObject({ specification: { kind: 'folder', clients: { by: 'user', count: 2 } }, world: 'shop' })
    expect((seen.scenarios as { name: string }[]).map(({ name }) => name)).toEqual(['ES.1', 'ES.2', 'NL.1', 'NL.2'])
    expect(Object.keys(seen)).toEqual([
      'specification', 'world', 'split', 'notes', 'warnings', 'files', 'tasks', 'scenarios', 'vocabularies', 'numeric', 'drift',
      'alone', 'lookAhead',
    ])
  })

  it('shows the very split that a run of the same seed draws', async () => {
    for (const [file, content] of Object.entries(campaignTable(600))) write(`campaign/${file}`, content)
    write('campaign/schema.yaml', 'files: [campaign.csv]\nscenario: channel\ncategorical: [segment]\ntasks: [{ name: visit }]\n' +
      'split: { by: random, stratify: false }\n')
    const data = join(dir, 'campaign')
    const seen = async (seed: string): Promise<unknown> =>
      (JSON.parse((await say(['data', 'inspect', data, '--seed', seed, '--json'])).out) as { scenarios: unknown }).scenarios
    const run = await simulate({
      world: { kind: 'folder' }, model: { kind: 'mlp', hidden: [2] }, strategy: { kind: 'fedavg' },
      rounds: { kind: 'synchronous', count: 1 }, evaluate: { start: false },
    }, { seed: '7', data, engine: 'tfjs', workers: 1 })
    expect(await seen('7')).toEqual(JSON.parse(JSON.stringify(inspectWorld(run.world).scenarios)))
    expect(await seen('8')).not.toEqual(await seen('7'))
  })

  it('says what is wrong with a folder or an option', async () => {
    expect(await say(['data', 'inspect', 'nowhere'])).toMatchObject({ code: 3, out: '' })
    const wrong = await say(['data', 'inspect', shop, '--set', 'colour=red'])
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/colour/)])
    expect((await say(['data', 'inspect'])).code).toBe(2)
    expect((await say(['data', 'look', shop])).code).toBe(2)
  })
})
