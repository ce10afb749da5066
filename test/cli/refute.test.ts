import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

import { mean } from '../../src/statistics/moments.js'
import type { MetricRow } from '../../src/record/rows.js'
import { say } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-refute-'))
const fields = `
world: { kind: storefronts, scenarios: 3, impressions: 500, users: 60, items: 30, divergence: 0.5 }
model: { kind: mlp, hidden: [4], embedding: 2 }
local: { epochs: 2, batch: 50, optimizer: { kind: sgd, rate: 0.3 } }
strategy: { kind: fedavg }
rounds: { kind: deadline, count: 4, after: 400 ms, quorum: 3 }
network: { latency: 1 ms }
devices: { stepOverhead: 5 ms }
evaluate: { start: false }
`
const study = `
import { deadline, fedAvg, fedProx, mlp, ms, sgd, study, synchronous } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'
const local = (epochs: number) => ({ epochs, batch: 50, optimizer: sgd(0.3) })
export default study({
  name: 'late', question: 'Who minds stragglers?',
  base: {
    model: mlp({ hidden: [4], embedding: 2 }), strategy: fedAvg(), network: { latency: ms(1) }, devices: { stepOverhead: ms(5) }, evaluate: { start: false },
  },
  conditions: {
    small: { world: storefronts({ scenarios: 3, impressions: 500, users: 60, items: 30, divergence: 0.5 }) },
    large: { world: storefronts({ scenarios: 4, impressions: 500, users: 60, items: 30, divergence: 0.5 }) },
  },
  variants: {
    hasty: { local: local(2), rounds: deadline({ count: 4, after: ms(250), quorum: 3 }) },
    patient: { local: local(1), rounds: synchronous({ count: 4 }) },
    'patient, once more': { local: local(1), rounds: synchronous({ count: 4 }) },
  },
  baselines: ['patient'], seeds: 2,
})
`
const late = [{ kind: 'slow', who: { select: 'named', names: ['client-store-2'] }, by: 30, id: 'late' }]

beforeAll(() => {
  writeFileSync(join(cwd, 'small.yaml'), fields)
  writeFileSync(join(cwd, 'late.ts'), study)
  writeFileSync(join(cwd, 'late.json'), JSON.stringify(late))
})

const quick = ['--metric', 'log-loss', '--seeds', '5', '--plans', '16', '--fault', 'slow', '--workers', '1']
const claim = 'own > synchronous + local.epochs=1'

/** The words of a command line of a POSIX shell, so far as they are printed here. */
const words = (line: string): string[] => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain)

/** The mean test log-loss at the selected round of a run. */
const lossOf = (folder: string): number => {
  const { selectedRound } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { selectedRound: number }
  const rows = readFileSync(join(folder, 'metrics.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as MetricRow)
  return mean(rows.flatMap((row) => (row.split === 'test' && row.metric === 'log-loss' && row.round === selectedRound ? [row.value!] : [])))
}

interface Found {
  readonly verdict: string
  readonly commands: string[]
  readonly plan: { readonly faults: object[] }
  readonly flip: { readonly seeds: string[]; readonly advantages: number[]; readonly faults: object[] }
}

describe('windtunnel refute', () => {
  it('prints what flips a ranking, and commands that fly just what it flew', async () => {
    const { code, out, err } = await say(['refute', 'small.yaml', claim, ...quick, '--out', 'found.json'], cwd)
    expect(code).toBe(10)
    expect(out).toContain('test log-loss: own against synchronous + local.epochs=1')
    expect(out).toContain('Refuted by 1 fault of wildness')
    expect(out).toMatch(/the plan below .* flipped/)
    expect(err).toMatch(/^without faults · seed 1 of \d+ · 0 flights\nplan 1 of 16/)
    const { commands, flip, plan } = JSON.parse(readFileSync(join(cwd, 'found.json'), 'utf8')) as Found
    for (const command of commands) expect(out).toContain(command)
    const losses = []
    for (const [i, command] of commands.entries()) {
      const [npx, program, ...argv] = words(command)
      expect([npx, program]).toEqual(['npx', 'windtunnel'])
      const flown = await say([...argv, '--out', join(cwd, `side-${i}`), '--quiet', '--workers', '1'], cwd)
      // The hasty side aborts every round, which run says.
      expect([flown.code, flown.err]).toEqual(i === 0 ? [5, expect.stringMatching(/every round was aborted/)] : [0, ''])
      losses.push(lossOf(join(cwd, `side-${i}`)))
    }
    expect(losses[1] - losses[0]).toBeCloseTo(flip.advantages[0], 12)
    // The plan is one that run takes: it is the same flight.
    writeFileSync(join(cwd, 'plan.json'), JSON.stringify(plan))
    const [seed, world] = [flip.seeds[0], 'seeds.world="1/world"']
    await say(['run', 'small.yaml', '--seed', seed, '--set', world, '--plan', 'plan.json', '--out', join(cwd, 'planned'), '--quiet', '--workers', '1'], cwd)
    expect(lossOf(join(cwd, 'planned'))).toBe(losses[0])
  })

  it('prints every number as JSON and CSV, and Markdown', async () => {
    const how = ['refute', 'small.yaml', claim, ...quick, '--quiet', '--plan', 'late.json']
    const json = await say([...how, '--format', 'json'], cwd)
    expect([json.code, json.err]).toEqual([10, ''])
    expect(JSON.parse(json.out)).toMatchObject({ verdict: 'refuted', claim: { text: claim, a: 'own' }, calm: { seeds: ['1', '2', '3', '4', '5'] } })
    const csv = await say([...how, '--format', 'csv'], cwd)
    expect(csv.out.trim().split('\n').map((line) => line.split(',')[0])).toEqual(['under', 'no faults', 'the plan below'])
    const markdown = await say([...how, '--format', 'markdown'], cwd)
    expect(markdown.out).toContain('| under | wildness | own |')
    expect(markdown.out).toContain('```json\n[\n')
  })

  it('says that a claim is not so without faults, and that one is not refuted', async () => {
    const wrong = await say(['refute', 'small.yaml', 'local.optimizer.rate=1e-9 > own', ...quick, '--quiet'], cwd)
    expect(wrong.code).toBe(11)
    expect(wrong.out).toMatch(/is not\s+shown without any fault\. It is the other way round\./)
    const right = await say(['refute', 'small.yaml', 'own > own', '--b', 'local.optimizer.rate=1e-9', ...quick, '--quiet'], cwd)
    expect(right.code).toBe(0)
    expect(right.out.replaceAll(/\s+/g, ' ')).toMatch(/Not refuted within 16 plans up to wildness \d\.\d\d: "own" is better than "own \+ local.optimizer.rate=1e-9"/)
  })

  it('looks at a plan that is given, and at variants of a study', async () => {
    const argv = ['refute', 'late.ts', 'hasty > patient', '--under', 'small', '--metric', 'log-loss', '--seeds', '3', '--workers', '1', '--quiet']
    const alone = await say([...argv, '--plan', 'late.json'], cwd)
    expect(alone.code).toBe(10)
    expect(alone.out).toContain("npx windtunnel refute late.ts 'hasty > patient' --plan plan.json --metric log-loss --under small")
    expect(alone.out).toContain('"by":30')
    const drawn = await say(['plan', 'small.yaml', '--set', `faults=${JSON.stringify(late)}`, '--json'], cwd)
    writeFileSync(join(cwd, 'drawn.json'), drawn.out)
    expect((await say([...argv, '--plan', 'drawn.json'], cwd)).out).toBe(alone.out)
  })

  it('says before it flies that its file cannot be written, and leaves none that it has not written', async () => {
    const taken = await say(['refute', 'small.yaml', 'own > fedprox', '--out', join('small.yaml', 'found.json')], cwd)
    expect([taken.code, taken.out]).toEqual([7, ''])
    expect(taken.err).toMatch(/--out: .*found\.json cannot be written: ENOTDIR.* Give another file\.\n$/)
    expect(taken.err).not.toContain('without faults')
    expect((await say(['refute', 'small.yaml', 'own > fedag', '--out', 'unflown.json'], cwd)).code).toBe(2)
    expect(existsSync(join(cwd, 'unflown.json'))).toBe(false)
  })

  it.each([
    [['small.yaml', 'own > fedag'], '"fedag": nothing that can be ranked is called "fedag". Did you mean "fedavg"?'],
    [['small.yaml', 'own > fedavg'], '"own" and "fedavg" are the same simulation'],
    [['small.yaml', 'own > world.scenarios=4'], 'stand on different worlds'],
    [['small.yaml', 'own > faults=[]', '--set', `faults=${JSON.stringify(late)}`], 'are the same simulation, but for faults'],
    [['small.yaml', 'own > fedprox', '--metric', 'acu'], 'Did you mean "auc"?'],
    [['small.yaml', 'own > fedprox', '--by', 'much'], '--by much: how much test AUC differs by is a number'],
    [['small.yaml', 'own > fedprox + strategy.nu=1'], '"fedprox + strategy.nu=1": --set strategy.nu=1: strategy.nu is not a field'],
    [['small.yaml', 'scaffold + fedprox > own'], '"scaffold" and "fedprox" are two kinds of strategy: a side has one.'],
    [['small.yaml', 'own > rounds.quorum=9'], '"rounds.quorum=9"'],
    [['small.yaml', 'own > fedprox', '--under', 'small'], '--under: small.yaml is no study'],
    [['small.yaml', 'own > fedprox', '--plan', 'none.json'], '--plan: none.json does not exist'],
    [['late.ts', 'hasty > patient'], 'has 2 conditions, and a claim is about one. Give --under with one of small, large.'],
    [['late.ts', 'hasty > slow', '--under', 'small'], '"slow" is not one of the study\'s variants'],
    [['late.ts', 'patient > patient, once more', '--under', 'small'], 'are the same simulation'],
  ])('%j is refused: %s', async (argv, words) => {
    const { code, err } = await say(['refute', ...argv], cwd)
    expect(code).toBe(2)
    expect(err).toContain(words)
  })
})
