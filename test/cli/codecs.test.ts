import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { main } from '../../src/cli/main.js'
import { codecEntries } from '../../src/codecs/registry.js'
import { exitCodes } from '../../src/errors.js'
import { namedChains } from '../../src/lab/byte-truth/chains.js'
import type { Truth } from '../../src/lab/byte-truth/truth.js'
import { say } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-codecs-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const simulation = {
  world: { kind: 'storefronts', scenarios: 3, impressions: 60 },
  model: { kind: 'mmoe', embedding: 2, experts: 2, expert: [3], tower: [2] },
  local: { epochs: 1, batch: 32 },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'synchronous', count: 9 },
}
const write = (name: string, changes: object): void => writeFileSync(join(cwd, name), JSON.stringify({ ...simulation, ...changes }))
const plain = ['--engine', 'surrogate', '--workers', '1', '--quiet']

interface Printed {
  readonly rounds: number
  readonly seen: { readonly updates: number; readonly models: number }
  readonly updates: readonly Truth[]
  readonly models: readonly Truth[]
  readonly formulas: Readonly<Record<string, unknown>>
}

describe('codecs', () => {
  it('prints a row for every codec and chain, in both directions, within 80 columns', async () => {
    write('tiny.json', {})
    const { code, out, err } = await say(['codecs', 'tiny.json', ...plain], cwd)
    expect([code, err]).toEqual([0, ''])
    const lines = out.split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    for (const { name } of namedChains()) expect(lines.filter((line) => line.startsWith(`│ ${name} `)), name).toHaveLength(2)
    // Three parts of three clients in three rounds of nine.
    expect(lines.find((line) => line.startsWith('Up:'))).toMatch(/^Up: 27 updates of 3 rounds, [\d,]+ values each on average$/)
    expect(out).toContain('Down: 9 models')
    expect(out).toContain('It depends on this')
  })

  it('gives the same as JSON, with formulas and their sources; all but speed is the seed’s', async () => {
    write('tiny.json', {})
    const said = async (): Promise<Printed> => {
      const { code, out } = await say(['codecs', 'tiny.json', '--rounds', '2', '--json', ...plain], cwd)
      expect(code).toBe(0)
      return JSON.parse(out) as Printed
    }
    const [once, again] = [await said(), await said()]
    expect(once).toMatchObject({ rounds: 2, seen: { updates: 18, models: 6 } })
    expect(Object.keys(once.formulas)).toEqual(expect.arrayContaining(codecEntries.map(({ kind }) => kind)))
    expect(once.formulas.sign).toMatchObject([{ formula: '8 bits a value, 32 a tensor' }, { formula: '1 bit a value, 32 a tensor' }])
    const still = ({ speed, ...truth }: Truth): Omit<Truth, 'speed'> => {
      if (speed !== undefined) expect([speed.encode, speed.decode].every((rate) => rate > 0)).toBe(true)
      return truth
    }
    expect(again.updates.map(still)).toEqual(once.updates.map(still))
    expect(again.models.map(still)).toEqual(once.models.map(still))
    expect(once.updates.every(({ speed }) => speed !== undefined)).toBe(true)
  })

  it('prints what it has where it is interrupted', async () => {
    write('tiny.json', {})
    const out: string[] = []
    const interrupt = (text: string): void => {
      if (text.startsWith('coding 5 of')) process.emit('SIGINT')
    }
    const code = await main(['codecs', 'tiny.json', ...plain.slice(0, -1)], { out: { write: (text) => out.push(text) }, err: { write: interrupt }, cwd })
    expect(code).toBe(exitCodes.interrupted)
    const rows = out.join('').split('\n').filter((line) => /^│ (?!codec )/.test(line))
    expect(rows).toHaveLength(2 * 5)
  })

  it('lists the formulas, and flies nothing', async () => {
    const { code, out } = await say(['codecs', '--formulas'], cwd)
    expect(code).toBe(0)
    for (const { kind } of codecEntries) expect(out).toMatch(new RegExp(`^${kind}: `, 'm'))
    expect(out).toContain('ternary, too: log2(3) bits a value')
  })

  it('says so where nothing was folded, and where rounds cannot be counted', async () => {
    write('lost.json', { rounds: { kind: 'deadline', count: 2, after: '1 min' }, faults: [{ kind: 'lose', link: { message: 'update' } }] })
    const lost = await say(['codecs', 'lost.json', ...plain], cwd)
    expect([lost.code, lost.out]).toEqual([exitCodes.liveness, ''])
    expect(lost.err).toContain('No update was folded in 0 closed rounds')
    writeFileSync(join(cwd, 'own.ts'), `export default { ...${JSON.stringify(simulation)}, rounds: { start: {}, next: () => ({}) } }`)
    const own = await say(['codecs', 'own.ts', '--rounds', '2', ...plain], cwd)
    expect(own.code).toBe(exitCodes.specification)
    expect(own.err).toContain('--rounds: the rounds of this simulation are its own')
    expect((await say(['codecs', 'nowhere.ts'], cwd)).err).toContain('nowhere.ts does not exist')
  })
})
