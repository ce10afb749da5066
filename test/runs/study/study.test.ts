import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readManifest } from '../../../src/runs/manifest.js'
import { realDisk } from '../../../src/runs/disk.js'
import { checkPlan, folderName, onlyConditions, onlyVariants } from '../../../src/runs/study/cell.js'
import { identityOf, type Identified } from '../../../src/runs/identity.js'
import { flyStudy, type Progress } from '../../../src/runs/study/fly-study.js'
import { readStudyRecord } from '../../../src/runs/study/record.js'
import { study, type StudyPlan } from '../../../src/runs/study/study.js'
import { say } from '../../cli/console.js'
import { manifest } from '../flights.js'

const plan: StudyPlan = {
  name: 'tiny study',
  question: 'Does anything differ?',
  base: {
    model: { kind: 'mlp', hidden: [4] },
    local: { batch: 64, optimizer: { kind: 'adam', rate: 0.01 } },
    rounds: { kind: 'synchronous', count: 1 },
    faults: [{ kind: 'slow', who: 'client', by: 2 }],
  },
  conditions: { calm: { world: { kind: 'storefronts', scenarios: 2, impressions: 300, users: 40 } } },
  variants: { fedavg: { strategy: { kind: 'fedavg' } }, alone: { strategy: { kind: 'local-only' } } },
  baselines: ['fedavg'],
  seeds: 1,
  tuning: { configurations: 2, space: { 'local.optimizer.rate': [0.0001, 0.03] }, seeds: 1 },
}

const fly = async (out: string, about: StudyPlan = plan) => {
  const told: Progress[] = []
  const flown = await flyStudy(about, { out, cwd: out, workers: 1, onRun: (progress) => told.push(progress) })
  expect(flown.status).toBe('complete')
  return { told, folders: flown.folders, chosen: flown.chosen }
}

describe('a study', () => {
  it('tunes without faults on seeds of its own, then flies every cell with what was chosen', async () => {
    const out = mkdtempSync(join(tmpdir(), 'windtunnel-study-'))
    const { told, folders, chosen } = await fly(out)
    const trials = told.filter(({ phase }) => phase === 'tuning')
    expect(told.slice(trials.length).map(({ phase }) => phase)).toEqual(['runs', 'runs'])
    expect(told.map(({ number }) => number)).toEqual(told.map((_, i) => i + 1))
    expect(told.at(-1)!.of).toBe(told.length)
    expect(folders).toEqual(['fedavg', 'alone'].map((variant) => join(out, 'calm', variant, 'seed-1')))
    const trial = readManifest(join(out, 'tuning/calm/fedavg/2-seed-1'), realDisk)
    expect(trial).toMatchObject({ seed: 'tuning-1', settings: ['local.optimizer.rate=0.03'] })
    expect(trial.specification.faults).toEqual([])
    const run = readManifest(folders[0], realDisk)
    expect(run).toMatchObject({ seed: '1', study: { name: 'tiny study', condition: 'calm', variant: 'fedavg' } })
    expect(run.specification.faults).toHaveLength(1)
    // The choice is that of the larger validation score, read from the folders by hand.
    const score = (c: number): number => {
      const folder = join(out, `tuning/calm/fedavg/${c}-seed-1`)
      const { selectedRound } = readManifest(folder, realDisk)
      const values = readFileSync(join(folder, 'metrics.ndjson'), 'utf8').trim().split('\n')
        .map((text) => JSON.parse(text) as { round: number; split: string; metric: string; value: number })
        .filter((row) => row.round === selectedRound && row.split === 'validation' && row.metric === 'auc')
        .map(({ value }) => value)
      return values.reduce((a, b) => a + b) / values.length
    }
    const own = trials.filter(({ cell }) => cell.variant === 'fedavg')
    const rates = own.map((_, i) => readManifest(join(out, `tuning/calm/fedavg/${i + 1}-seed-1`), realDisk).settings[0])
    const scores = own.map((_, i) => score(i + 1))
    const best = rates[scores.indexOf(Math.max(...scores))]
    const { set, atEnd } = chosen.find(({ variant }) => variant === 'fedavg')!
    expect(set).toEqual([best])
    expect(run.settings).toEqual([best])
    // Two rates are two ends: the search goes on until the best lies between others, or says that it does not.
    const numbers = rates.map((setting) => Number(setting.split('=')[1])).sort((a, b) => a - b)
    expect(rates.length).toBeGreaterThan(2)
    const place = numbers.indexOf(Number(best.split('=')[1]))
    expect(atEnd).toBe(place === 0 || place === numbers.length - 1)

    // Flown again, everything is had; one more seed is two more runs.
    const more = await fly(out, { ...plan, seeds: 2 })
    expect(more.told.filter(({ had }) => !had).map(({ cell }) => cell.folder)).toEqual([
      'calm/fedavg/seed-2', 'calm/alone/seed-2',
    ])
  })

  it('that is interrupted keeps what is complete, and goes on from there', async () => {
    const out = mkdtempSync(join(tmpdir(), 'windtunnel-study-'))
    const stop = new AbortController()
    const small = { ...plan, tuning: undefined }
    const onRun = ({ number }: Progress): void => {
      if (number === 2) stop.abort()
    }
    const first = await flyStudy(small, { out, cwd: out, workers: 1, signal: stop.signal, onRun })
    expect(first.status).toBe('interrupted')
    expect(readManifest(join(out, 'calm/alone/seed-1'), realDisk).status).toBe('interrupted')
    expect((await fly(out, small)).told.map(({ had }) => had)).toEqual([true, false])
    expect(readManifest(join(out, 'calm/alone/seed-1'), realDisk).status).toBe('complete')
  })

  it('flown from the command prints its table; other scripts are no study', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-study-'))
    const library = pathToFileURL(join(process.cwd(), 'src/runs/study/study.ts')).href
    const small = { ...plan, tuning: undefined }
    writeFileSync(join(cwd, 'tiny.ts'),
      `import { study } from ${JSON.stringify(library)}\nexport default study(() => (${JSON.stringify(small)}))\n`)
    const { code, out, err } = await say(['study', 'tiny.ts', '--seeds', '1', '--workers', '1', '--format', 'csv'], cwd)
    expect([code, err]).toEqual([0, expect.stringContaining('2/2 calm · alone · seed 1\n2 runs in runs/tiny-study\n')])
    expect(out.split('\n')[1]).toMatch(/^calm,fedavg,ctr,mean,mean,alone,1,,0\.\d+,0\.\d+,/)
    expect(existsSync(join(cwd, 'runs/tiny-study/calm/alone/seed-1/manifest.json'))).toBe(true)
    const { question, baselines } = plan
    expect(readStudyRecord(join(cwd, 'runs/tiny-study'), realDisk).asks).toEqual({ name: plan.name, question, baselines })
    const run = await say(['run', 'tiny.ts'], cwd)
    expect(run).toMatchObject({ code: 2 })
    expect(run.err).toContain('tiny.ts is a study of many runs. Fly it with: npx windtunnel study tiny.ts')
    expect((await say(['study', 'plan.yaml'], cwd)).err).toContain('plan.yaml does not exist')
  })

  it('knows a run by all that decides it, and by nothing else', () => {
    const script = { file: 'a.ts', sha256: 'a' }
    const known: Identified = { ...manifest, specification: { a: 1, b: { c: [1, 2], d: 3 } }, script }
    const differs = (about: Partial<Identified>): boolean => identityOf({ ...known, ...about }) !== identityOf(known)
    expect(differs({ specification: { b: { d: 3, c: [1, 2] }, a: 1 } })).toBe(false)
    expect(differs({ specification: { a: 1, b: { c: [2, 1], d: 3 } } })).toBe(true)
    expect(differs({ seeds: { ...manifest.seeds, faults: '9' } })).toBe(true)
    expect(differs({ engine: 'tfjs' })).toBe(true)
    expect(differs({ versions: { ...manifest.versions, windtunnel: '9.9.9' } })).toBe(true)
    // The script decides only where the specification holds functions of it.
    expect(differs({ script: { file: 'a.ts', sha256: 'b' } })).toBe(false)
    const functions = ['strategy']
    expect(identityOf({ ...known, functions, script: { file: 'a.ts', sha256: 'b' } })).not.toBe(
      identityOf({ ...known, functions }))
  })

  it('can be of some variants alone', () => {
    const own = { fedavg: { 'local.epochs': [1, 2] }, alone: { 'local.epochs': [1] } }
    const both = { ...plan, baselines: ['fedavg', 'alone'], tuning: { ...plan.tuning!, own } }
    const one = onlyVariants(both, ['alone'])
    expect([Object.keys(one.variants), one.baselines]).toEqual([['alone'], ['alone']])
    expect(one.tuning?.own).toEqual({ alone: own.alone })
    // Of a study whose baselines are all left out, the first that is flown is one.
    expect(onlyVariants({ ...plan, baselines: ['fedavg'] }, ['alone']).baselines).toEqual(['alone'])
    expect(() => onlyVariants(plan, ['alonee'])).toThrow('"alonee" is not one of its variants: fedavg, alone.')
  })

  it('can be flown under some conditions alone', () => {
    const two = { ...plan, conditions: { calm: {}, rough: { faults: [] } } }
    expect(onlyConditions(two, ['rough'])).toEqual({ ...two, conditions: { rough: { faults: [] } } })
    expect(() => onlyConditions(two, ['ruogh'])).toThrow('"ruogh" is not one of its conditions: calm, rough.')
  })

  it('refuses a plan that cannot be', () => {
    const refused = (about: Partial<StudyPlan>, message: string): void =>
      expect(() => checkPlan({ ...plan, ...about })).toThrow(message)
    refused({ conditions: {} }, 'tiny study: there are no conditions.')
    refused({ baselines: [] }, 'name at least one variant in baselines')
    refused({ baselines: ['fedavgg'] }, '"fedavgg" is not one of its variants: fedavg, alone.')
    refused({ variants: { 'a b': {}, 'a-b': {} }, baselines: ['a b'] }, 'two variants have the folder "a-b"')
    refused({ seeds: 0 }, 'seeds is 0')
    refused({ variants: { tuning: {} }, baselines: ['tuning'] }, 'one of its variants is called "tuning", as the folder of trials is. Rename it.')
    refused({ conditions: { ' ': {} } }, 'one of its conditions is called " ". Rename it.')
    expect(['..', '.', '../..', 'a/../b', 'a b'].map(folderName)).toEqual(['-', '-', '..-..', 'a-..-b', 'a-b'])
    expect(study(() => plan).kind).toBe('study')
  })
})
