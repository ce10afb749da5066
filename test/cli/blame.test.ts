import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

import { blameText } from '../../src/cli/blame.js'
import type { Blame, Price } from '../../src/lab/blame/blame.js'
import type { Measure } from '../../src/lab/measures.js'
import { html } from '../../src/report/page/html.js'
import { readRun } from '../../src/report/page/read-run.js'
import { faultsBlock } from '../../src/report/page/sections/wrong/faults.js'
import { blameFileOf, readBlame } from '../../src/runs/blame-file.js'
import { realDisk } from '../../src/runs/disk.js'
import { readManifest } from '../../src/runs/manifest.js'
import { say } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-blame-'))
const script = `
name: small
world: { kind: storefronts, scenarios: 3, impressions: 120, users: 40, items: 20 }
model: { kind: linear-model }
local: { epochs: 1, batch: 60, optimizer: { kind: sgd, rate: 0.1 } }
strategy: { kind: fedavg }
rounds: { kind: deadline, count: 3, after: 2 s, quorum: 1 }
faults:
  - { kind: delay, id: late, link: { direction: down }, by: 100 ms }
  - { kind: lose, id: losses, link: { message: update }, probability: 0.3 }
`

beforeAll(async () => {
  writeFileSync(join(cwd, 'small.yaml'), script)
  const { code, err } = await say(['run', 'small.yaml', '--out', join(cwd, 'run'), '--quiet', '--workers', '1'], cwd)
  expect([code, err]).toEqual([0, ''])
})

describe('windtunnel blame', () => {
  it('prints a table for each measure, and who is to blame', async () => {
    const { code, out, err } = await say(['blame', 'run', '--seeds', '2', '--workers', '1'], cwd)
    expect(code).toBe(0)
    expect(out).toMatch(/virtual time: with the fault, less without it/)
    expect(out).toMatch(/wasted examples/)
    expect(out).toMatch(/late .*all faults/s)
    expect(out).toContain('8 flights with 2 seeds (1, 2)')
    // It is known beforehand how many flights there are.
    const lines = err.trimEnd().split('\n')
    expect([lines[0], ...lines.slice(-2)]).toEqual(['flight 1 of 8 · seed 1 · late, losses', 'flight 8 of 8 · seed 2 · late', 'kept in run.blame.json: a report of the run shows it'])
  })

  it('prints every number as JSON and CSV, and Markdown', async () => {
    const json = await say(['blame', 'run', '--seeds', '2', '--format', 'json', '--quiet'], cwd)
    expect(json.err).toBe('')
    const { prices, seeds } = JSON.parse(json.out) as { readonly seeds: string[]; readonly prices: { readonly what: string; readonly measure: string }[] }
    expect(seeds).toEqual(['1', '2'])
    const csv = await say(['blame', 'run', '--seeds', '2', '--format', 'csv', '--quiet'], cwd)
    expect(csv.out.trim().split('\n')).toHaveLength(prices.length + 1)
    const markdown = await say(['blame', 'run', '--seeds', '2', '--format', 'markdown', '--quiet'], cwd)
    expect(markdown.out).toContain('| fault | price | 95 % interval |')
  })

  it('keeps its prices beside the run, which stays sealed, and a report shows them', async () => {
    expect((await say(['blame', 'run', '--seeds', '2', '--quiet'], cwd)).code).toBe(0)
    expect((await say(['verify', 'run'], cwd)).code).toBe(0)
    const kept = readBlame(join(cwd, 'run'), readManifest(join(cwd, 'run'), realDisk), realDisk)
    if (kept === undefined || kept === 'other') throw new Error('nothing was kept')
    const { prices } = JSON.parse((await say(['blame', 'run', '--seeds', '2', '--format', 'json', '--quiet'], cwd)).out) as { readonly prices: readonly { readonly effect: { readonly estimate: number | null } }[] }
    expect(kept.prices.map(({ effect: { estimate } }) => (Number.isNaN(estimate) ? null : estimate))).toEqual(prices.map(({ effect }) => effect.estimate))
    const shown = html`${faultsBlock(readRun(join(cwd, 'run')))}`.text
    expect(shown).toContain('virtual time: with the fault, less without it')
    expect(shown).toContain('<td>2 lose</td>')
  })

  it('shows nothing of another flight, and refuses a file that is none of blame’s', () => {
    const manifest = readManifest(join(cwd, 'run'), realDisk)
    expect(readBlame(join(cwd, 'run'), { digest: 'of another' }, realDisk)).toBe('other')
    expect(readBlame(join(cwd, 'elsewhere'), manifest, realDisk)).toBeUndefined()
    const file = blameFileOf(join(cwd, 'forged'))
    for (const [text, wrong] of [['{', 'is not JSON'], ['{}', 'is not what blame writes'], [JSON.stringify({ ...JSON.parse(readFileSync(blameFileOf(join(cwd, 'run')), 'utf8')), prices: [{ what: 'fault' }] }), 'prices.0.']] as const) {
      writeFileSync(file, text)
      expect(() => readBlame(join(cwd, 'forged'), manifest, realDisk)).toThrow(wrong)
    }
  })

  it('says so where they cannot be kept, having printed them', async () => {
    rmSync(blameFileOf(join(cwd, 'run')))
    mkdirSync(blameFileOf(join(cwd, 'run')))
    const { code, out, err } = await say(['blame', 'run', '--seeds', '1', '--quiet'], cwd)
    expect(code).toBe(8)
    expect(out).toMatch(/virtual time: with the fault, less without it/)
    expect(err).toMatch(/could not be kept in run\.blame\.json \(.*\): a report of the run will not show it/)
  })
})

describe('fair shares by drawn orders', () => {
  const score: Measure = { name: 'AUC of ctr', unit: 'score', better: 'higher', of: () => null }
  const time: Measure = { name: 'virtual time', unit: 'time', better: 'lower', of: () => null }
  const bytes: Measure = { name: 'bytes', unit: 'bytes', better: 'lower', of: () => null }
  const effect = { estimate: 0, standardError: NaN, df: NaN, interval: [NaN, NaN] as const, p: NaN }
  const share = (measure: Measure, drawing: number): Price => ({
    what: 'share', faults: ['late'], measure, differences: [0], drawing, verdict: undefined,
    effect, adjusted: NaN, significant: false, alike: false, units: 1,
  })
  const found: Blame = {
    seeds: ['1'], measures: [score, time, bytes], faults: [], explained: true, shares: 'drawn', flights: 9, level: 0.95,
    prices: [share(score, 0.00214), share(time, 1_500_000), share(bytes, NaN), { ...share(bytes, 0), what: 'fault', drawing: undefined }],
  }

  it('say in the unit of each measure how far they may be off by drawing', () => {
    const text = blameText(found, 'text', 200)
    expect(text).toMatch(/AUC of ctr: .*by drawing.*late, fair share .* 0\.0021\b.*virtual time: .* 1\.5 s\b.*bytes: /s)
    expect(text.split('bytes: ')[1]).toMatch(/late, fair share .* - │$/m)
    expect(text).toContain('"by drawing" is the standard error of each')
    expect(blameText({ ...found, shares: 'exact' }, 'text', 200)).not.toContain('by drawing')
  })
})

describe('windtunnel when', () => {
  it('prints the share from each moment', async () => {
    const { code, out, err } = await say(['when', 'run', 'auc > 0', '--flights', '2', '--moments', '2'], cwd)
    expect(code).toBe(0)
    const lines = err.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^flight 1 of at most 4 · from start at 0 ms$/)
    expect(lines).toHaveLength(4)
    expect(lines[3]).toMatch(/^flight 4 of at most 4 · from /)
    expect(out).toContain('"auc > 0" after round 3: so it was')
    expect(out).toMatch(/2 of 2 .* 1\.00 .* #{20}/)
    expect(out).toContain('No moment stands out: from start on')
    const csv = await say(['when', 'run', 'auc > 0', '--flights', '2', '--moments', '2', '--quiet', '--format', 'csv'], cwd)
    expect(csv.out.split('\n')[0]).toBe('at,event,round,after,hits,flights,share,low,high,certain')
    const json = await say(['when', 'run', 'auc > 0', '--flights', '2', '--moments', '1', '--quiet', '--format', 'json'], cwd)
    expect(JSON.parse(json.out)).toMatchObject({ outcome: true, flights: 2, round: 3 })
  })

  it('says what is wrong with a condition, before anything is opened', async () => {
    const { code, err } = await say(['when', 'nowhere', 'acu > 0'], cwd)
    expect(code).toBe(2)
    expect(err).toContain('Did you mean "auc"?')
  })
})

it('both say of a run that failed what looks into it', async () => {
  writeFileSync(join(cwd, 'stuck.yaml'), script.replace('kind: deadline, count: 3, after: 2 s, quorum: 1', 'kind: synchronous, count: 3').replace('probability: 0.3', 'probability: 1'))
  const flown = await say(['run', 'stuck.yaml', '--out', join(cwd, 'failed'), '--quiet', '--workers', '1'], cwd)
  expect(flown.code).toBe(5)
  for (const argv of [['blame', 'failed'], ['when', 'failed', 'auc > 0']]) {
    const { code, err } = await say(argv, cwd)
    expect(code).toBe(7)
    expect(err).toContain('holds a run that failed: it is not complete. Leave it out; npx windtunnel shrink failed looks for the simplest that fails so.')
  }
})

it('both refuse a script that changed', async () => {
  appendFileSync(join(cwd, 'small.yaml'), '# changed\n')
  for (const argv of [['blame', 'run'], ['when', 'run', 'auc > 0']]) {
    const { code, err } = await say(argv, cwd)
    expect(code).toBe(2)
    expect(err).toContain('the script small.yaml has changed since the run')
  }
})
