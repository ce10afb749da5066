import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { completeOf, readSeveral } from '../../../../src/report/page/several/read-several.js'
import { overSeeds, runsOf } from '../../../../src/report/page/several/spent.js'
import { comparisonOf } from '../../../../src/runs/comparison/tabulate.js'
import { realDisk } from '../../../../src/runs/disk.js'
import { manifestFile, manifestText, readManifest } from '../../../../src/runs/manifest.js'
import { sealed } from '../../../../src/runs/seal.js'
import type { StudyPlan } from '../../../../src/runs/study/study.js'
import { bytesByDirection } from '../../../../src/runs/totals.js'
import { readTold } from '../../../../src/runs/told.js'
import { say } from '../../../cli/console.js'

const hostile = '<img src=x onerror="alert(1)">'

const plan: StudyPlan = {
  name: 'tiny', question: `Does ${hostile} differ?`,
  base: {
    world: { kind: 'storefronts', scenarios: 2, impressions: 300, users: 40 },
    model: { kind: 'mlp', hidden: [4] },
    local: { batch: 64, optimizer: { kind: 'adam', rate: 0.01 } },
    rounds: { kind: 'deadline', count: 2, after: 2_000_000, quorum: 1 },
  },
  conditions: { calm: {}, 'loss .4': { faults: [{ kind: 'lose', link: { from: 'client' }, probability: 0.4 }] } },
  variants: { fedavg: { strategy: { kind: 'fedavg' } }, [hostile]: { strategy: { kind: 'local-only' } } },
  levels: { calm: { loss: 0 }, 'loss .4': { loss: 0.4 } },
  baselines: ['fedavg'], seeds: 2,
} as unknown as StudyPlan

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-several-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const all = join(cwd, 'runs/tiny')
const folderOf = (condition: string, seed: number): string => join(all, condition, 'fedavg', `seed-${seed}`)

describe('a report of a study', () => {
  let text = ''
  beforeAll(async () => {
    const library = pathToFileURL(join(process.cwd(), 'src/runs/study/study.ts')).href
    writeFileSync(join(cwd, 'tiny.ts'), `import { study } from ${JSON.stringify(library)}\nexport default study(${JSON.stringify(plan)})\n`)
    expect(await say(['study', 'tiny.ts', '--workers', '1', '--engine', 'tfjs', '--quiet'], cwd)).toMatchObject({ code: 0 })
    const { code, err } = await say(['report', 'runs/tiny'], cwd)
    expect([code, err]).toEqual([0, ''])
    text = readFileSync(join(cwd, 'runs/tiny.html'), 'utf8')
  }, 120_000)

  const folders = (): string[] => ['calm', 'loss-.4'].flatMap((condition) => ['fedavg', '-img-src-x-onerror-alert-1-'].flatMap((variant) => [1, 2].map((seed) => join(all, condition, variant, `seed-${seed}`))))

  it('asks what the study asks, and says how it is flown again', () => {
    expect(text).toContain('Does &lt;img src=x onerror=&quot;alert(1)&quot;&gt; differ?')
    expect(text).toContain('npx windtunnel study tiny.ts --workers 1 --engine tfjs')
    // ECharts has such a string of its own.
    expect(text.replace(/<script>[^]*<\/script>/, '').includes('<img')).toBe(false)
    expect([...text.matchAll(/<section id="(\w[\w-]*)"/g)].map(([, id]) => id)).toEqual(['flown', 'came-out', 'compared', 'stress', 'cost', 'trust'])
  })

  it('has the scores of compare, and the bytes of the ledgers', () => {
    const facts = readSeveral(folders())
    expect(completeOf(facts)).toHaveLength(8)
    expect([facts.calm, facts.conditions, facts.variants]).toEqual(['calm', ['calm', 'loss .4'], ['fedavg', hostile]])
    const { rows } = comparisonOf(folders(), { baseline: ['fedavg'] })
    for (const { condition, variant, task, scope, score } of rows.filter((row) => row.scope === 'mean' || row.scope === 'worst')) {
      const own = runsOf(facts, condition, variant).map(({ summed }) => summed.scores.get(task)?.[scope as 'mean' | 'worst'])
      expect(overSeeds(own)?.mean).toBeCloseTo(score, 12)
      expect(text.includes(score.toFixed(4))).toBe(true)
    }
    for (const { folder, summed } of completeOf(facts)) {
      const { told } = readTold(folder, realDisk)
      const { up, down, inside } = bytesByDirection(told.ledger)
      expect(summed.spent.bytes).toBe(up + down + inside)
      expect(summed.spent.wastedBytes).toBe(told.ledger.filter(({ fate }) => fate !== 'used' && fate !== 'control').reduce((sum, { travelled }) => sum + travelled, 0))
      expect(summed.curves.get('ctr')!.at(-1)!.time).toBe(told.rounds.at(-1)!.closed)
      expect(summed.curves.get('ctr')!.at(-1)!.bytes).toBe(told.rounds.reduce((sum, round) => sum + ['up', 'down', 'inside'].reduce((one, way) => one + Number(round[way as never]), 0), 0))
    }
  })

  it('names runs that are not complete, and has them in no number', async () => {
    const folder = folderOf('loss-.4', 2)
    const before = readManifest(folder, realDisk)
    writeFileSync(join(folder, manifestFile), manifestText(sealed({ ...before, status: 'failed', error: 'Error: the tunnel fell in' }, before.files!)))
    try {
      const facts = readSeveral(folders())
      expect(completeOf(facts)).toHaveLength(7)
      expect(runsOf(facts, 'loss .4', 'fedavg').map(({ manifest }) => manifest.seed)).toEqual(['1'])
      expect((await say(['report', 'runs/tiny', '--out', 'failed.html'], cwd)).code).toBe(0)
      const page = readFileSync(join(cwd, 'failed.html'), 'utf8')
      expect(page).toContain('<b class="bad">1 of 8 runs is not complete</b>')
      expect(page).toContain('<code>loss-.4/fedavg/seed-2</code>')
      expect(page).toContain('the tunnel fell in')
    } finally {
      writeFileSync(join(folder, manifestFile), manifestText(before))
    }
  })

  it('refuses rows that are not as a run wrote them', async () => {
    const file = join(folderOf('calm', 1), 'ledger.ndjson')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, before.replace('"bytes":', '"bytes":1'))
    try {
      const { code, err } = await say(['report', 'runs/tiny', '--out', 'forged.html'], cwd)
      expect(code).not.toBe(0)
      expect(err).toContain('ledger.ndjson is not what the run wrote')
    } finally {
      writeFileSync(file, before)
    }
  })

  it('compares scores too, where a study asks for the time to a level: either as compare does', async () => {
    writeFileSync(join(cwd, 'level.ts'), readFileSync(join(cwd, 'tiny.ts'), 'utf8').replace('"name":"tiny"', '"name":"tiny","until":{"task":"ctr","auc":0.51}'))
    expect(await say(['study', 'level.ts', '--workers', '1', '--engine', 'tfjs', '--quiet', '--out', 'runs/tiny'], cwd)).toMatchObject({ code: 0 })
    const { compared, alsoCompared } = readSeveral(folders())
    const asked = comparisonOf(folders(), { baseline: ['fedavg'], metric: 'time to auc of ctr .51' })
    expect('rows' in compared && compared.rows).toEqual(asked.rows)
    expect(alsoCompared?.rows).toEqual(comparisonOf(folders(), { baseline: ['fedavg'] }).rows)
    expect((await say(['report', 'runs/tiny', '--out', 'both.html'], cwd)).code).toBe(0)
    const page = readFileSync(join(cwd, 'both.html'), 'utf8')
    for (const title of ['Virtual seconds to validation AUC of ctr 0.51', 'Test AUC after ']) expect(page).toContain(`<h3>${title}`)
    expect(page).toContain('comparison-of-scores.csv')
    const names = [...page.matchAll(/<input type="radio" name="([^"]+)" id="([^"]+)"/g)].map(([, , id]) => id)
    expect(new Set(names).size).toBe(names.length)
    // As it was: the tests below compare its page.
    expect(await say(['study', 'tiny.ts', '--workers', '1', '--engine', 'tfjs', '--quiet'], cwd)).toMatchObject({ code: 0 })
  })

  it('takes a run that is given twice as one, and says which are of one variant, condition and seed', async () => {
    const copy = join(cwd, 'copy')
    cpSync(folderOf('calm', 1), copy, { recursive: true })
    expect((await say(['report', 'runs/tiny', folderOf('calm', 1), '--json', '--out', 'twice.html'], cwd)).out).toContain('"runs":8')
    expect((await say(['report', 'runs/tiny', 'copy', '--out', 'copied.html'], cwd)).code).toBe(0)
    const page = readFileSync(join(cwd, 'copied.html'), 'utf8')
    expect(page).toContain(`${copy} and ${folderOf('calm', 1)} are both fedavg under calm with seed 1: means and bands count each of them.`)
    expect(page).toContain('Nothing is compared. ')
  })

  it('writes the same page about the same runs', async () => {
    expect((await say(['report', 'runs/tiny', '--out', 'again.html'], cwd)).code).toBe(0)
    expect(readFileSync(join(cwd, 'again.html'), 'utf8') === text).toBe(true)
  })
})
