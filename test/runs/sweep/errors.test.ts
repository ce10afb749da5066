import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

import { exitCodes, SpecificationError } from '../../../src/errors.js'
import { loadSpecification, loadStudy } from '../../../src/runs/load.js'
import { cellsOf } from '../../../src/runs/study/cell.js'
import type { StudyPlan } from '../../../src/runs/study/study.js'
import type { SweepFlags } from '../../../src/runs/sweep/flags.js'
import { loadSweep } from '../../../src/runs/sweep/load-sweep.js'
import { say } from '../../cli/console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-sweep-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const simulation = `world: { kind: storefronts, scenarios: 2, impressions: 60 }
model: { kind: linear-model }
strategy: { kind: fedavg }
rounds: { kind: deadline, count: 1, after: 10 s }
`
writeFileSync(join(cwd, 'plain.yaml'), simulation)

/** What is said of a file, with flags. */
const told = async (text: string, flags: SweepFlags = {}, file = 'mine.yaml'): Promise<string> => {
  writeFileSync(join(cwd, file), text)
  const error: unknown = await loadSweep(file, cwd, flags).then(() => undefined, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SpecificationError)
  return (error as Error).message
}

const written = (sweep: string): string => `${simulation}sweep:\n${sweep}`

describe('a sweep that is written wrongly says where', () => {
  it.each([
    ['  gird: { local.epochs: [1, 2] }', 'mine.yaml:6:3: sweep.gird is not a field.', 'Did you mean "grid"?'],
    ['  grid: { local.epochs: 1 }', 'mine.yaml:6:25: sweep.grid.local.epochs must be a list or a group of fields, got 1.', ''],
    ['  grid: { local.epochs: [] }', 'must have at least 1 entry', ''],
    ['  grid: { local.epohcs: [1, 2] }', 'mine.yaml:6:11: sweep.grid local.epohcs=1: local.epohcs is not a field.', 'Did you mean "epochs"?'],
    ['  grid: { local.epochs: [1, 0] }', 'mine.yaml:6:11: sweep.grid local.epochs=0: local.epochs must be above 0, got 0.', ''],
    ['  grid: { rounds.after: [5] }', 'sweep.grid rounds.after=5: rounds.after', 'unit'],
    ['  grid: { strategy: { one: { kind: fedavg }, other: { kind: fedprx } } }', 'sweep.grid strategy=other: strategy.kind cannot be "fedprx".', 'Did you mean "fedprox"?'],
    ['  list: [{ local.epochs: 1 }, { local.epochs: 1 }]', 'two points are the same', ''],
    ['  random: { local.optimizer.rate: { log: [0.1, 0.01] } }\n  draws: 2', 'sweep.random.local.optimizer.rate.log', 'the first must be below the second'],
    ['  random: { local.optimizer.rate: { lgo: [0.01, 0.1] } }\n  draws: 2', 'sweep.random.local.optimizer.rate.lgo is not a field.', 'Did you mean "log"?'],
    ['  random: { local.epochs: [1, 2] }', 'mine.yaml: the sweep draws values and does not say how many.', 'Give draws (--draws)'],
    ['  grid: { local.epochs: [1, 2] }\n  draws: 2', 'the sweep says how many values are drawn, and draws none.', '--random'],
    ['  grid: { local.epochs: [1, 2] }\n  until: { task: ctr, acu: .7 }', 'mine.yaml:7:23: sweep.until.acu is no metric of every round.', 'Did you mean "auc"?'],
    ['  seeds: 1', 'mine.yaml: the sweep has one point and one seed.', '--seeds 3'],
  ])('%s', async (sweep, where, hint) => {
    const words = await told(written(sweep))
    expect(words).toContain(where)
    expect(words).toContain(hint)
  })

  it('of all points at once, before any is flown', async () => {
    const words = await told(written('  grid: { local.epochs: [1, 0], local.batch: [1, -1] }'))
    expect(words.split('\n').filter((line) => line.startsWith('mine.yaml:6:'))).toHaveLength(2)
  })

  it('in a script too', async () => {
    const library = JSON.stringify(pathToFileURL(join(process.cwd(), 'src/runs/sweep/sweep.ts')).href)
    const script = (plan: string): string => `import { sweep } from ${library}
const base = { world: { kind: 'storefronts' }, model: { kind: 'linear-model' }, strategy: { kind: 'fedavg' }, rounds: { kind: 'synchronous', count: 1 } }
export default sweep({ base, ${plan} })\n`
    expect(await told(script("gird: {}"), {}, 'gird.ts')).toContain('gird.ts: gird is not a field.\n  Did you mean "grid"?')
    expect(await told(script("grid: { 'local.epohcs': [1] }"), {}, 'field.ts')).toContain('field.ts: grid local.epohcs=1: local.epohcs is not a field.')
    expect(await told(script("grid: { strategy: [() => 1] }"), {}, 'function.ts')).toContain('function.ts: grid strategy: a function has no name')
  })
})

describe('flags over any simulation', () => {
  const flag = (flags: SweepFlags): Promise<string> => told(simulation, flags)

  it.each([
    [{ grid: ['local.epohcs=1,2'] }, '--grid local.epohcs=1: local.epohcs is not a field.'],
    [{ grid: ['local.epochs'] }, '--grid local.epochs: expected PATH=VALUE,VALUE, such as --grid strategy.mu=.01,.1.'],
    [{ grid: ['local.epochs=[1,'] }, '--grid local.epochs=[1,: its values are not YAML'],
    [{ point: ['local.epochs=1'] }, '--point local.epochs=1: expected { PATH: VALUE, PATH: VALUE }'],
    [{ point: ['{ local.epochs: 0 }'] }, '--point local.epochs=0: local.epochs must be above 0'],
    [{ random: ['local.epochs=between(1,2)'], draws: 1 }, '--random local.epochs=between(1,2): nothing is drawn by between. Known: uniform, log, integer, of.'],
    [{ random: ['local.epochs=intger(1,2)'], draws: 1 }, 'nothing is drawn by intger. Did you mean "integer"?'],
    [{ random: ['local.epochs=log(0,1)'], draws: 1 }, '--random local.epochs=log(0,1): a logarithm is of numbers above 0.'],
    [{ random: ['local.epochs=uniform(2,1)'], draws: 1 }, 'the first number must be below the second'],
    [{ random: ['local.epochs=integer(.5,2)'], draws: 1 }, 'integer takes two whole numbers'],
    [{ random: ['local.epochs=log(1)'], draws: 1 }, 'log takes two numbers'],
    [{ random: ['local.epochs=1,2'], draws: 1 }, "expected PATH=log(FROM,TO), such as --random 'local.optimizer.rate=log(1e-4,1e-1)'"],
    [{ grid: ['local.epochs=1,2'], random: ['local.epochs=of(1,2)'], draws: 1 }, '--random local.epochs: is an axis already (grid: local.epochs)'],
    [{ grid: ['local.epochs=1,2'], set: ['rounds.cuont=2'] }, '--set rounds.cuont=2: rounds.cuont is not a field.'],
    [{}, 'mine.yaml: the sweep has one point and one seed.'],
  ])('%j', async (flags, words) => {
    expect(await flag(flags)).toContain(words)
  })

  it('say the points that a file would, and take the place of its axes', async () => {
    const points = async (flags: SweepFlags, text = simulation): Promise<unknown> => {
      writeFileSync(join(cwd, 'points.yaml'), text)
      const { plan } = await loadSweep('points.yaml', cwd, flags)
      return [plan.levels, plan.seeds]
    }
    const file = written('  grid: { local.epochs: [1, 2], local.batch: [16] }\n  random: { local.optimizer.rate: { log: [1e-4, 1e-1] } }\n  draws: 2\n  seeds: 2')
    const flags = { grid: ['local.epochs=1,2', 'local.batch=16'], random: ['local.optimizer.rate=log(1e-4,1e-1)'], draws: 2, seeds: 2 }
    expect(await points(flags)).toEqual(await points({}, file))
    expect(await points({ grid: ['local.epochs=3'], seeds: 1 }, file)).toEqual(await points({ ...flags, grid: ['local.epochs=3', 'local.batch=16'], seeds: 1 }))
    // Values may be groups and lists.
    const { plan } = await loadSweep('plain.yaml', cwd, { grid: ['faults=[],[{ kind: slow, who: client, by: 2 }]'] })
    expect(Object.keys(plan.variants)).toEqual(['faults=[]', 'faults=[{kind:slow,who:client,by:2}]'])
  })
})

it('whatever a sweep says, it is a study or an error with its reason', async () => {
  // Names that matter, numbers at the borders, and values in the wrong places.
  const path = fc.constantFrom('local.epochs', 'local.optimizer.rate', 'strategy', 'strategy.kind', 'strategy.mu', 'faults', 'faults.0', 'faults.0.by', 'name', 'world', '', '.', '0', '__proto__', 'constructor.prototype', 'a'.repeat(300))
  const value = fc.oneof(fc.constantFrom(0, -1, 1e308, null, '', 'fedavg', true, [], {}, [[]], { kind: 'fedprox' }, [{ kind: 'slow', who: 'all', by: 2 }], '\u001b[2J', { uniform: [0, 1] }, { log: [0, 1] }), fc.jsonValue({ maxDepth: 2 }))
  const wild = fc.dictionary(path, fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.dictionary(fc.constantFrom('a', '__proto__', '..', 'of', 'log'), value)), { maxKeys: 3, noNullPrototype: true })
  const tame = fc.record({
    'local.epochs': fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
    'strategy': fc.dictionary(fc.constantFrom('a', '..', 'tuning', 'fedavg', '\u001b[2J', 'a/b'), fc.constantFrom({ kind: 'fedavg' }, { kind: 'fedprox', mu: 1 }), { minKeys: 1, maxKeys: 3 }),
    'faults': fc.uniqueArray(fc.constantFrom([], [{ kind: 'slow', who: 'all', by: 2 }], null), { minLength: 1 }),
    'local.optimizer.rate': fc.uniqueArray(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 1, maxLength: 2 }),
  }, { requiredKeys: [] })
  const group = fc.oneof({ weight: 4, arbitrary: tame }, { weight: 1, arbitrary: wild })
  const rare = <T>(of: fc.Arbitrary<T>) => fc.option(of, { freq: 8, nil: undefined })
  const often = <T>(of: fc.Arbitrary<T>) => fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: of })
  const sweep = fc.record({
    grid: rare(group), list: often(fc.oneof(fc.array(wild, { maxLength: 2 }), fc.constant([{ 'local.batch': 16 }, { 'local.batch': 32 }]), value)),
    random: often(fc.oneof(wild, tame, value)), draws: often(fc.oneof(fc.integer({ min: -1, max: 3 }), value)),
    seeds: rare(fc.integer({ min: 0, max: 3 })), until: often(fc.oneof(value, fc.constant({ task: 'ctr', auc: 0.6 }))), name: often(value), metric: often(value),
  })
  let studies = 0
  await fc.assert(fc.asyncProperty(sweep, async (about) => {
    writeFileSync(join(cwd, 'any.json'), JSON.stringify({ world: { kind: 'storefronts' }, model: { kind: 'linear-model' }, strategy: { kind: 'fedavg' }, rounds: { kind: 'synchronous', count: 1 }, sweep: about }))
    const came: unknown = await loadSweep('any.json', cwd, {}).catch((error: unknown) => error)
    if (came instanceof Error) {
      expect(came).toBeInstanceOf(SpecificationError)
      expect(came.message).not.toContain('\u001b')
      expect(came.message.length).toBeLessThan(4000)
    } else {
      studies++
      const { plan } = came as { plan: StudyPlan }
      for (const { folder } of cellsOf(plan)) expect(folder.split('/')).not.toContain('..')
    }
  }), { numRuns: 120, seed: 15 })
  expect(studies).toBeGreaterThan(20)
})

describe('other commands', () => {
  it('say what a sweep is flown with, and sweep what a study is', async () => {
    writeFileSync(join(cwd, 'swept.yaml'), written('  grid: { local.epochs: [1, 2] }'))
    const hint = 'swept.yaml is a sweep of many runs. Fly it with: npx windtunnel sweep swept.yaml'
    await expect(loadSpecification('swept.yaml', cwd)).rejects.toThrow(hint)
    expect(await say(['run', 'swept.yaml'], cwd)).toMatchObject({ code: exitCodes.specification, err: expect.stringContaining(hint) as string })
    const library = (file: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), file)).href)
    writeFileSync(join(cwd, 'swept.ts'), `import { sweep } from ${library('src/runs/sweep/sweep.ts')}\nexport default sweep({ base: {}, seeds: 2 })\n`)
    await expect(loadSpecification('swept.ts', cwd)).rejects.toThrow('swept.ts is a sweep of many runs')
    await expect(loadStudy('swept.ts', cwd, { full: false, data: undefined })).rejects.toThrow('swept.ts is a sweep. Fly it with: npx windtunnel sweep swept.ts')
    writeFileSync(join(cwd, 'studied.ts'), `import { study } from ${library('src/runs/study/study.ts')}\nexport default study({})\n`)
    await expect(loadSweep('studied.ts', cwd, {})).rejects.toThrow('studied.ts is a study of many runs. Fly it with: npx windtunnel study studied.ts')
    expect(await say(['sweep', 'plain.yaml', '--seeds', '2', '--shard', '3/2'], cwd)).toMatchObject({ code: exitCodes.specification, err: expect.stringContaining('"3/2" is no part of a whole') as string })
  })
})
