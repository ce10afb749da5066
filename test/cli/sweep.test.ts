import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { exitCodes } from '../../src/errors.js'
import { realDisk } from '../../src/runs/disk.js'
import { readManifest } from '../../src/runs/manifest.js'
import { say, type Said } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-sweep-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const simulation = {
  world: { kind: 'storefronts', scenarios: 2, impressions: 200, users: 40 }, model: { kind: 'mlp', hidden: [4] },
  local: { batch: 64, optimizer: { kind: 'adam', rate: 0.01 } }, strategy: { kind: 'fedavg' }, rounds: { kind: 'deadline', count: 2, after: '10 s' },
  faults: [{ kind: 'lose', link: { from: 'client' }, probability: 0 }],
}
const axes = { grid: { 'faults.0.probability': [0, 0.5], 'local.epochs': [1, 2] }, seeds: 2, until: { task: 'ctr', auc: 0.6 } }

const sweep = (...flags: string[]): Promise<Said> => say(['sweep', 'mine.json', '--workers', '1', '--flights', '1', ...flags], cwd)
const csvOf = async (...flags: string[]): Promise<string> => {
  const { code, out } = await sweep('--quiet', '--format', 'csv', ...flags)
  expect(code).toBe(0)
  return out
}
const lines = (text: string): string[] => text.trimEnd().split('\n')

let [whole, table] = ['', '']
beforeAll(async () => {
  writeFileSync(join(cwd, 'simulation.json'), JSON.stringify(simulation))
  writeFileSync(join(cwd, 'mine.json'), JSON.stringify({ ...simulation, sweep: axes }))
  const { code, out, err } = await sweep('--out', 'whole')
  expect([code, lines(err).slice(-1)]).toEqual([0, ['8 runs in whole']])
  table = out
  whole = await csvOf('--out', 'whole')
})

describe('a sweep', () => {
  it('is a table of its points, and of every run as CSV and JSON', async () => {
    expect(lines(table)[0]).toBe('What does it change: faults.0.probability and local.epochs?')
    expect(table).toMatch(/│ faults\.0\.probability │ local\.epochs │ runs │ +validation AUC │ test AUC │ +sd │ virtual seconds to validation AUC of ctr 0\.6 │ reached │/)
    expect(table.match(/│ +\d of 2 │/g)).toHaveLength(4)
    expect(table).toMatch(/faults\.0\.probability=0\.5: reached by local\.epochs=1 1 of 2, local\.epochs=2 1 of 2 runs; one that did not counts as 10\.04, /)
    expect(table.match(/ best │/g)).toHaveLength(2)
    const [head, ...rows] = lines(whole)
    expect(head).toBe('faults.0.probability,local.epochs,condition,variant,seed,status,validation,auc,time to auc of ctr 0.6,reached,folder,why')
    expect(rows).toHaveLength(8)
    expect(rows[3]).toMatch(/^0,2,faults\.0\.probability=0,local\.epochs=2,2,complete,0\.\d+,0\.\d+,[\d.]*,(true|false),faults\.0\.probability-0\/local\.epochs-2\/seed-2,$/)
    const json = JSON.parse((await sweep('--quiet', '--format', 'json', '--out', 'whole')).out) as { axes: string[]; points: { point: object; runs: { validation: number }[] }[] }
    expect([json.axes, json.points.map(({ point }) => point)]).toEqual([['faults.0.probability', 'local.epochs'], [0, 0.5].flatMap((probability) => [1, 2].map((epochs) => ({ 'faults.0.probability': probability, 'local.epochs': epochs })))])
    expect(json.points[1].runs.map(({ validation }) => String(validation))).toEqual(rows.slice(2, 4).map((row) => row.split(',')[6]))
    expect(readManifest(join(cwd, 'whole/faults.0.probability-0.5/local.epochs-2/seed-1'), realDisk).study)
      .toEqual({ name: 'mine-sweep', condition: 'faults.0.probability=0.5', variant: 'local.epochs=2', point: { 'faults.0.probability': 0.5, 'local.epochs': 2 } })
  })

  it('is a study: compare reads it, and resume, in the format that was asked for last, has nothing to fly', async () => {
    const compared = await say(['compare', 'whole', '--summary', '--format', 'csv'], cwd)
    expect(lines(compared.out)[1]).toMatch(/^faults\.0\.probability=0,local\.epochs=1,ctr,mean,mean,local\.epochs=2,2,/)
    await csvOf('--out', 'whole')
    const again = await say(['resume', 'whole'], cwd)
    expect([again.code, again.out, again.err.match(/\(had\)/g)?.length]).toEqual([0, whole, 8])
  })

  it('keeps the tables of its runs as Parquet, of those too that were there without', async () => {
    const runs = ['0', '0.5'].flatMap((loss) => [1, 2].flatMap((epochs) => [1, 2].map((seed) => join(cwd, `tables/faults.0.probability-${loss}/local.epochs-${epochs}/seed-${seed}`))))
    const tabled = (): number[] => runs.map((run) => (existsSync(run) ? realDisk.list(run).filter((file) => file.endsWith('.parquet')).length : 0))
    await csvOf('--out', 'tables', '--shard', '1/2')
    expect(tabled()).toEqual(runs.map(() => 0))
    expect(await csvOf('--out', 'tables', '--parquet', '--flights', '2')).toBe(whole)
    expect(tabled()).toEqual(runs.map(() => 7))
    expect((await say(['verify', 'tables'], cwd)).code).toBe(0)
  })

  it('of flags over a simulation is the same, on any number of flights at once', async () => {
    const flags = ['--grid', 'faults.0.probability=0,.5', '--grid', 'local.epochs=1,2', '--seeds', '2', '--quiet', '--format', 'csv']
    const { code, out } = await say(['sweep', 'simulation.json', '--flights', '2', '--out', 'flags', ...flags], cwd)
    const without = (text: string): string[] => lines(text).map((row) => row.split(',').filter((_, i) => i !== 8 && i !== 9).join(','))
    expect([code, lines(out)]).toEqual([0, without(whole)])
    expect(without(whole).join('\n')).not.toBe(whole)
  })

  it('of which others are drawn flies those, and tells draws that came to one point', async () => {
    const { code, out, err } = await say(['sweep', 'simulation.json', '--random', 'local.epochs=integer(1,2)', '--draws', '5', '--flights', '1', '--workers', '1', '--format', 'csv'], cwd)
    expect([code, lines(out).length]).toEqual([0, 3])
    expect(err).toContain('note: 3 draws came to a point that was there already: 2 points are flown\n')
    expect(err).toContain('2 runs in runs/simulation-sweep\n')
  })
})

it('data in place of worlds that differ is refused; in place of one it is flown on', async () => {
  const shop = resolve('docs/examples/shop')
  const over = (...flags: string[]): Promise<Said> => say(['sweep', 'simulation.json', '--flights', '1', '--workers', '1', '--quiet', '--format', 'csv', '--out', 'shop', '--data', shop, ...flags], cwd)
  const worlds = await over('--grid', 'world.impressions=100,200')
  expect([worlds.code, worlds.err]).toEqual([exitCodes.specification, expect.stringContaining('takes the place of the worlds that the sweep differs in. Leave out --data, or those axes.')])
  expect(existsSync(join(cwd, 'shop'))).toBe(false)
  const flown = await over('--grid', 'local.epochs=1,2', '--set', 'faults=[]')
  expect([flown.code, flown.err, lines(flown.out).length]).toEqual([0, '', 3])
  expect(readManifest(join(cwd, 'shop/shop/local.epochs-1/seed-1'), realDisk)).toMatchObject({ data: shop, world: { name: expect.not.stringContaining('storefronts') as string } })
  expect((await over('--grid', 'local.epochs=1,2', '--set', 'faults=[]', '--seeds', '1')).out).toBe(flown.out)
})

describe('parts of a sweep', () => {
  it('that went to two folders are the whole once they lie in one; compare reads both as they are', async () => {
    const parts = [await csvOf('--out', 'part-1', '--shard', '1/2'), await csvOf('--out', 'part-2', '--shard', '2/2')]
    expect(parts.map((part) => lines(part).length)).toEqual([5, 5])
    const rows = new Set(lines(whole).map((row) => row.split(',')[10]))
    expect(new Set(parts.flatMap((part) => lines(part).map((row) => row.split(',')[10])))).toEqual(rows)
    const compared = (...folders: string[]): Promise<Said> => say(['compare', ...folders, '--baseline', 'local.epochs=1', '--format', 'csv'], cwd)
    const bySubject = (text: string): string[] => lines(text).toSorted()
    expect(bySubject((await compared('part-1', 'part-2')).out)).toEqual(bySubject((await compared('whole')).out))
    cpSync(join(cwd, 'part-1'), join(cwd, 'merged'), { recursive: true })
    cpSync(join(cwd, 'part-2'), join(cwd, 'merged'), { recursive: true })
    const merged = await sweep('--out', 'merged')
    expect([merged.out, merged.err.match(/\(had\)/g)?.length]).toEqual([table, 8])
  })

  it('that went to one folder are the whole too, and resume flies what is missing of all', async () => {
    await csvOf('--out', 'both', '--shard', '1/2')
    // Of one part alone, resume is of that part.
    expect((await say(['resume', 'both'], cwd)).err).toContain('4 runs of part 1 of 2 in both')
    await csvOf('--out', 'both', '--shard', '2/2')
    rmSync(join(cwd, 'both/faults.0.probability-0/local.epochs-1'), { recursive: true })
    const resumed = await say(['resume', 'both'], cwd)
    expect([resumed.code, resumed.out, resumed.err.match(/\(had\)/g)?.length]).toEqual([0, whole, 6])
  })
})

describe('a run that fails', () => {
  const library = (file: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), file)).href)
  const write = (broken: boolean): void => writeFileSync(join(cwd, 'broken.ts'), `import { sweep } from ${library('src/runs/sweep/sweep.ts')}
const { faults, ...base } = ${JSON.stringify(simulation)}
const cut = (envelopes, { usual }) => { ${broken ? "throw new Error('the line is cut')" : 'return usual(envelopes)'} }
export default sweep({ base, grid: { link: { usual: (envelopes, { usual }) => usual(envelopes), cut }, 'local.epochs': [1, 2] } })
`)
  const fly = (...flags: string[]): Promise<Said> => say(['sweep', 'broken.ts', '--flights', '1', '--workers', '1', ...flags], cwd)

  it('says why in the table, on standard error and in failed.json, ends nothing else, and is flown again', async () => {
    write(true)
    for (let time = 0; time < 2; time++) {
      const { code, out, err } = await fly()
      expect(code).toBe(exitCodes.crash)
      expect(err).toContain("2 runs failed (runs/broken-sweep/failed.json has all). The same command tries again.\n  cut · local.epochs=1 · seed 1: The simulation's link failed: the line is cut")
      expect(err.match(/\(had\)/g)?.length).toBe(time === 0 ? undefined : 2)
      expect(out).toMatch(/│ usual │ 1 +│ +1 │ +0\.\d{4}(?: best)? │ +0\.\d{4} │ +- │ +│/)
      expect(out).toMatch(/│ cut +│ 2 +│ 0 of 1 │ +- │ +- │ +- │ 1 failed: The simulation's link failed: the line is cut \(at 0\.000 s\) │/)
    }
    // A part has a file of its own, which whoever flies the whole takes over.
    const part = await fly('--shard', '2/2', '--quiet')
    expect([part.code, part.err]).toEqual([exitCodes.crash, expect.stringContaining('1 run failed (runs/broken-sweep/failed-2-of-2.json has all)')])
    const files = (): string[] => realDisk.list(join(cwd, 'runs/broken-sweep')).filter((name) => name.startsWith('failed')).toSorted()
    expect(files()).toEqual(['failed-2-of-2.json', 'failed.json'])
    write(false)
    const { code, err } = await fly('--quiet')
    expect([code, err, files()]).toEqual([0, '', []])
  })
})

describe('a sweep that is killed', () => {
  const bin = resolve('src/cli/bin.mjs')

  /** Starts the command for real, and kills it, as by kill -9, once so many runs are over; what it said, and by what it ended. */
  const killed = (out: string, runs: number, flights: string): Promise<{ signal: NodeJS.Signals | null; err: string }> =>
    new Promise((done) => {
      const child = spawn(process.execPath, [bin, 'sweep', 'mine.json', '--out', out, '--flights', flights], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
      let err = ''
      child.stderr.on('data', (piece: Buffer) => {
        err += piece.toString()
        if ((err.match(/ · seed \d/g)?.length ?? 0) >= runs) child.kill('SIGKILL')
      })
      child.once('close', (_, signal) => done({ signal, err }))
    })

  it.each([['1', 1], ['2', 3]])('in the middle, with %s flights at once, goes on where it was and ends with the unbroken table', { timeout: 400_000 }, async (flights, runs) => {
    const out = `killed-${flights}`
    const { signal } = await killed(out, runs, flights)
    expect(signal).toBe('SIGKILL')
    const { code, out: ended, err } = await sweep('--out', out)
    expect([code, ended]).toEqual([0, table])
    const had = err.match(/\(had\)/g)?.length ?? 0
    expect(had).toBeGreaterThanOrEqual(runs)
    expect(had).toBeLessThan(8)
    expect(await csvOf('--out', out)).toBe(whole)
    expect(readFileSync(join(cwd, out, 'study.json'), 'utf8')).toContain('"command": "sweep"')
  })
})
