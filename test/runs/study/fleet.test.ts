import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

import { exitCodes } from '../../../src/errors.js'
import { realDisk } from '../../../src/runs/disk.js'
import { slots } from '../../../src/runs/fleet/slots.js'
import { readManifest } from '../../../src/runs/manifest.js'
import { flyStudy } from '../../../src/runs/study/fly-study.js'
import { loadPlan } from '../../../src/runs/study/load-plan.js'
import type { StudyPlan } from '../../../src/runs/study/study.js'
import { examine } from '../../../src/runs/seal.js'
import { say } from '../../cli/console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-fleet-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const plan: StudyPlan = {
  name: 'fleet',
  question: 'Does anything depend on who flies?',
  base: {
    world: { kind: 'storefronts', scenarios: 2, impressions: 200, users: 40 }, model: { kind: 'mlp', hidden: [4] },
    local: { batch: 64, optimizer: { kind: 'adam', rate: 0.01 } }, rounds: { kind: 'synchronous', count: 1 },
  },
  conditions: { calm: {}, slow: { faults: [{ kind: 'slow', who: 'client', by: 2 }] } },
  variants: { fedavg: { strategy: { kind: 'fedavg' } }, alone: { strategy: { kind: 'local-only' } } },
  baselines: ['fedavg'],
  seeds: 2,
  tuning: { configurations: 2, space: { 'local.optimizer.rate': [0.001, 0.03] }, seeds: 1 },
}

const library = JSON.stringify(pathToFileURL(join(process.cwd(), 'src/runs/study/study.ts')).href)
const write = (name: string, about: StudyPlan, more = ''): void =>
  writeFileSync(join(cwd, name), `import { study } from ${library}\n${more}\nexport default study(${JSON.stringify(about)})\n`)

describe('runs of a study that are flown at once', () => {
  it('are those that are flown one after the other: same choices, same digests', async () => {
    write('fleet.ts', plan)
    const source = { file: 'fleet.ts', size: { full: false, data: undefined } }
    const { plan: loaded, script } = await loadPlan(source, cwd)
    const fly = async (out: string, flights: number) => {
      const flown = await flyStudy(loaded, { out: join(cwd, out), cwd, workers: 1, flights, source, script })
      expect([flown.status, flown.failed]).toEqual(['complete', []])
      return { ...flown, folders: flown.folders.map((folder) => readManifest(folder, realDisk).digest) }
    }
    const [one, two] = [await fly('one', 1), await fly('two', 2)]
    expect(two).toEqual(one)
    expect(one.folders).toHaveLength(8)
    expect(new Set(one.folders).size).toBe(8)
  })

  it('that fail say why and do not end the others; flown again, they are tried again', async () => {
    // A link that gives up where nobody else does: its runs fail in the middle.
    const broken = { ...plan, name: 'broken', tuning: undefined, seeds: 1, variants: { ...plan.variants, broken: {} } }
    const flawed = (fixed: boolean): void => writeFileSync(join(cwd, 'broken.ts'), `import { study } from ${library}
const plan = ${JSON.stringify(broken)}
const link = (envelopes, { usual }) => { ${fixed ? '' : "throw new Error('the line is cut')"}; return usual(envelopes) }
export default study({ ...plan, variants: { ...plan.variants, broken: { ...plan.variants.fedavg, link } } })
`)
    flawed(false)
    for (const flights of ['1', '2']) {
      const { code, out, err } = await say(['study', 'broken.ts', '--workers', '1', '--flights', flights, '--summary'], cwd)
      expect(code).toBe(exitCodes.crash)
      expect(err).toContain('4 runs in runs/broken\n\n2 runs failed (runs/broken/failed.json has all). The same command tries again.\n')
      expect(err).toContain('  calm · broken · seed 1: The simulation\'s link failed: the line is cut (at 0.000 s)\n')
      // What did not fail is compared.
      expect(out).toMatch(/alone/)
      expect(out).not.toMatch(/broken/)
      const { failed } = JSON.parse(readFileSync(join(cwd, 'runs/broken/failed.json'), 'utf8')) as { failed: { folder: string; code: number; why: string }[] }
      expect(failed.map(({ folder, code: own }) => [folder, own])).toEqual([['calm/broken/seed-1', 1], ['slow/broken/seed-1', 1]])
      expect(failed[0].why).toContain('the line is cut')
    }
    flawed(true)
    const { code, err } = await say(['study', 'broken.ts', '--workers', '1', '--summary'], cwd)
    expect([code, err.match(/\(had\)/g)?.length]).toEqual([exitCodes.ok, 4])
    expect(existsSync(join(cwd, 'runs/broken/failed.json'))).toBe(false)
  })

  it('by a thread that a script ends fail with that, and others go on', async () => {
    const deadly = { ...plan, name: 'deadly', tuning: undefined, seeds: 1, conditions: { calm: {} } }
    writeFileSync(join(cwd, 'deadly.ts'), `import { isMainThread } from 'node:worker_threads'
import { study } from ${library}
const plan = ${JSON.stringify(deadly)}
const link = (envelopes, { usual }) => { if (!isMainThread) process.exit(3); return usual(envelopes) }
export default study({ ...plan, variants: { deadly: { ...plan.variants.fedavg, link }, ...plan.variants } })
`)
    const { code, err } = await say(['study', 'deadly.ts', '--workers', '1', '--flights', '2', '--quiet'], cwd)
    expect(code).toBe(exitCodes.crash)
    expect(err).toMatch(/1 run failed [^]*calm · deadly · seed 1: .*(exit|terminated)/)
  })
})

it('levels that a study says later are told to runs that are there, which stay vouched for', async () => {
  const small = { ...plan, name: 'levels', tuning: undefined, seeds: 1 }
  const out = join(cwd, 'levels')
  const about = { out, cwd, workers: 1 }
  await flyStudy(small, about)
  const levels = { calm: { by: 1 }, slow: { by: 2 }, alone: { strategy: 'alone' } }
  const told: boolean[] = []
  const { folders } = await flyStudy({ ...small, levels }, { ...about, onRun: ({ had }) => told.push(had) })
  expect(told).toEqual([true, true, true, true])
  expect(folders.map((folder) => readManifest(folder, realDisk).study?.point)).toEqual([{ by: 1 }, { by: 1, strategy: 'alone' }, { by: 2 }, { by: 2, strategy: 'alone' }])
  for (const folder of folders) expect(examine(folder, realDisk)).toMatchObject({ broken: [], unsealed: undefined })
  await expect(flyStudy({ ...small, levels: { clam: { by: 1 } } }, about)).rejects.toThrow('levels: "clam" is none of its conditions and variants. Did you mean "calm"?')
})

it('a study can be of some pairs alone', async () => {
  const some = { ...plan, name: 'pairs', tuning: undefined, seeds: 1, pairs: [['calm', 'fedavg'], ['slow', 'alone']] as const }
  const { folders } = await flyStudy(some, { out: join(cwd, 'pairs'), cwd, workers: 1 })
  expect(folders).toEqual(['calm/fedavg', 'slow/alone'].map((pair) => join(cwd, 'pairs', pair, 'seed-1')))
  await expect(flyStudy({ ...some, pairs: [['calm', 'nobody']] }, { out: cwd, cwd })).rejects.toThrow('pairs: there is no nobody under calm.')
})

it('works in places wait for their turn, and no more are under way than there are places', async () => {
  const [told, ends]: [string[], (() => void)[]] = [[], []]
  const place = slots(2)
  const works = ['a', 'b', 'c', 'd'].map((name) => place(async () => {
    told.push(`${name} begins`)
    await new Promise<void>((resolve) => ends.push(resolve))
    told.push(`${name} ends`)
  }))
  for (const [i, work] of works.entries()) {
    while (ends.length <= i) await Promise.resolve()
    ends[i]()
    await work
  }
  expect(told.toSorted()).toEqual(['a', 'b', 'c', 'd'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  const open = told.map((_, i) => told.slice(0, i + 1).reduce((count, what) => count + (what.endsWith('begins') ? 1 : -1), 0))
  expect(Math.max(...open)).toBe(2)
  expect(told.filter((what) => what.endsWith('begins'))).toEqual(['a begins', 'b begins', 'c begins', 'd begins'])
})
