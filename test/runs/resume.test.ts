import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { exitCodes, StorageError } from '../../src/errors.js'
import { LastGround, type openGround } from '../../src/lab/ground.js'
import { streams } from '../../src/random/streams.js'
import { startOfProcess } from '../../src/runs/alive.js'
import { realDisk } from '../../src/runs/disk.js'
import { jobsFile, JobLog, makerOfLog } from '../../src/runs/jobs/job-log.js'
import { makersDiffer, type Maker } from '../../src/runs/jobs/maker.js'
import { manifestText, readManifest } from '../../src/runs/manifest.js'
import { replay } from '../../src/runs/replay/replay.js'
import { resume } from '../../src/runs/resume.js'
import { examine } from '../../src/runs/seal.js'
import { conduct, type Run } from '../../src/runs/simulate.js'
import { say } from '../cli/console.js'
import { endingDisk, tiny, trainingsOfRound } from './broken-off.js'
import { MemoryDisk } from './memory-disk.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-resume-'))
afterAll(() => rmSync(cwd, { recursive: true }))

/** One engine for all flights: what is opened anew each time is not what is tested. */
const grounds = new LastGround()
const ground: typeof openGround = (...about) => grounds.open(...about)
afterAll(() => grounds.close())

let folders = 0
const fresh = (): string => join(cwd, `run-${folders++}`)
const flight = { seed: 7, workers: 1, cwd } as const

class Dead extends Error {}

/** What a process leaves that is killed in the middle of the write that goes beyond so many bytes. */
const brokenOff = async (bytes: number, out = fresh()): Promise<string> => {
  const disk = endingDisk(bytes, () => {
    throw new Dead('killed')
  })
  await conduct(tiny, { ...flight, out }, { disk, ground }).catch(() => undefined)
  return out
}

const resumed = async (folder: string): Promise<Run> => {
  const resumption = await resume(folder, { workers: 1, cwd }, { ground })
  if ('had' in resumption) throw new Error('it was complete')
  return resumption.run
}

const closedRounds = (folder: string): number => {
  const file = join(folder, 'rounds.ndjson')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
}

let whole: Run
let total = 0
/** Jobs of the whole flight. */
let jobs = 0

beforeAll(async () => {
  const disk = endingDisk(Infinity, () => {})
  whole = await conduct(tiny, { ...flight, out: join(cwd, 'whole'), jobs: 'keep' }, { disk, ground })
  total = disk.written()
  jobs = whole.manifest.jobLog!.jobs!
  expect(jobs).toBeGreaterThan(4 * trainingsOfRound)
})

describe('a run that was broken off', () => {
  it('is ended with the same digest and the same files, wherever it was, from the jobs that it had finished', async () => {
    const draw = streams('broken off')()
    for (let point = 0; point < 24; point++) {
      const bytes = Math.floor(draw() * total)
      const folder = await brokenOff(bytes)
      if (!existsSync(join(folder, 'manifest.json'))) continue
      const closed = closedRounds(folder)
      const left = readManifest(folder, realDisk)
      if (left.status === 'complete') continue
      // The process that was killed is this one, which lives.
      rmSync(join(folder, 'run.lock'), { force: true })
      const run = await resumed(folder)
      expect([bytes, run.digest]).toEqual([bytes, whole.digest])
      const { resumed: told, jobLog } = readManifest(folder, realDisk)
      expect(jobLog).toBeUndefined()
      expect(told!.recalled + told!.done).toBe(jobs)
      expect(told!.recalled).toBeGreaterThanOrEqual(closed * trainingsOfRound)
      expect(examine(folder, realDisk)).toMatchObject({ broken: [], strays: [], unsealed: undefined })
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.ndjson'))) {
        expect([file, readFileSync(join(folder, file), 'utf8')]).toEqual([file, readFileSync(join(cwd, 'whole', file), 'utf8')])
      }
      expect(readdirSync(folder).toSorted()).toEqual(readdirSync(join(cwd, 'whole')).filter((name) => name !== jobsFile).toSorted())
      rmSync(folder, { recursive: true })
    }
  })

  it('can be broken off again while it is ended, and says how often it was', async () => {
    const folder = await brokenOff(Math.floor(total * 0.6))
    rmSync(join(folder, 'run.lock'), { force: true })
    const before = JobLog.open(folder, makerOfLog(folder, realDisk)!, realDisk, { frozen: true }).size.jobs
    const disk = endingDisk(Math.floor(total * 0.2), () => {
      throw new Dead('killed')
    })
    await resume(folder, { workers: 1, cwd }, { disk, ground }).catch(() => undefined)
    rmSync(join(folder, 'run.lock'), { force: true })
    const after = JobLog.open(folder, makerOfLog(folder, realDisk)!, realDisk, { frozen: true }).size.jobs
    expect(after).toBeGreaterThanOrEqual(before)
    const run = await resumed(folder)
    expect(run.digest).toBe(whole.digest)
    expect(run.manifest.resumed).toMatchObject({ times: 2 })
    expect(await replay(folder, { workers: 1, cwd })).toMatchObject({ numbers: 'same', entire: true })
  })

  it('is ended after Ctrl-C too, by the command, which then has nothing to resume', async () => {
    const out = fresh()
    const stop = new AbortController()
    const onEvent = ({ kind, ...event }: { kind: string; row?: unknown }): void => {
      if (kind === 'round-close' && (event.row as { round: number }).round === 2) stop.abort()
    }
    await conduct(tiny, { ...flight, out, signal: stop.signal }, { onEvent, ground })
    expect(readManifest(out, realDisk)).toMatchObject({ status: 'interrupted', jobLog: { keep: false } })
    expect(examine(out, realDisk)).toMatchObject({ broken: [], strays: [] })
    const { code, out: told, err } = await say(['resume', out, '--workers', '1', '--json'], cwd)
    expect(code).toBe(0)
    expect(JSON.parse(told)).toMatchObject({ status: 'complete', digest: whole.digest })
    expect(err).toMatch(/note: goes on with the interrupted run that was in .*\nnote: \d+ jobs read from the log, \d+ done\n/)
    expect(await say(['resume', out], cwd)).toMatchObject({ code: 0, out: expect.stringContaining('is complete: there is nothing to resume.') as string })
  })
})

describe('resume refuses', () => {
  let left = ''
  beforeAll(async () => {
    left = await brokenOff(Math.floor(total * 0.6))
    rmSync(join(left, 'run.lock'), { force: true })
  })

  it('a folder that is no run, and one that somebody flies into', async () => {
    await expect(resume(join(cwd, 'nowhere'), { cwd })).rejects.toThrow('nowhere does not exist')
    const me = { process: process.pid, host: hostname(), started: startOfProcess(process.pid) }
    writeFileSync(join(left, 'run.lock'), JSON.stringify(me))
    await expect(resume(left, { cwd })).rejects.toThrow(`is being written by process ${process.pid}`)
    expect((await say(['resume', left], cwd)).code).toBe(exitCodes.storage)
    rmSync(join(left, 'run.lock'))
  })

  it.runIf(startOfProcess(process.pid) !== undefined)('but not one whose lock is of an earlier process with the number of a living one', async () => {
    const folder = await brokenOff(Math.floor(total * 0.3))
    writeFileSync(join(folder, 'run.lock'), JSON.stringify({ process: process.pid, host: hostname(), started: '1' }))
    expect((await resumed(folder)).digest).toBe(whole.digest)
  })

  it('a script and data that changed', async () => {
    const script = join(cwd, 'mine.yaml')
    const text = `world: { kind: storefronts, scenarios: 2, impressions: 100 }\nmodel: { kind: mlp, hidden: [2] }\nstrategy: { kind: fedavg }\nrounds: { kind: synchronous, count: 2 }\n`
    writeFileSync(script, text)
    const { code } = await say(['run', 'mine.yaml', '--workers', '1', '--quiet', '--out', join(cwd, 'mine'), '--keep-jobs'], cwd)
    expect(code).toBe(0)
    const manifest = readManifest(join(cwd, 'mine'), realDisk)
    writeFileSync(join(cwd, 'mine/manifest.json'), manifestText({ ...manifest, status: 'running' }))
    writeFileSync(script, `${text}# edited\n`)
    expect((await say(['resume', 'mine'], cwd)).err).toContain('the script mine.yaml has changed since the run')
    writeFileSync(script, text)
    expect((await say(['resume', 'mine', '--quiet'], cwd)).code).toBe(0)
    // Kept, as it was asked for when it was first flown.
    expect(existsSync(join(cwd, 'mine', jobsFile))).toBe(true)
  })

  it('a run of another version, and a log that another machine or version made, untouched', async () => {
    const files = readdirSync(left)
    const manifest = readManifest(left, realDisk)
    const change = (versions: Record<string, string>): void =>
      writeFileSync(join(left, 'manifest.json'), manifestText({ ...manifest, versions: { ...manifest.versions, ...versions } }))
    change({ windtunnel: '0.0.1' })
    await expect(resume(left, { cwd })).rejects.toThrow('cannot be resumed: it would be another flight (version is "0.0.1" there and')
    change({})
    const maker = makerOfLog(left, realDisk)!
    const content = readFileSync(join(left, jobsFile))
    rmSync(join(left, jobsFile))
    JobLog.open(left, { ...maker, processor: 'abacus' }, realDisk)
    await expect(resume(left, { cwd })).rejects.toThrow('its log of finished jobs is of no use here (it was made on abacus, and this is')
    writeFileSync(join(left, jobsFile), content)
    expect(readdirSync(left)).toEqual(files)
    expect((await resumed(left)).digest).toBe(whole.digest)
  })

  it('another maker, by what is another', () => {
    const maker: Maker = { engine: 'onnx', processor: 'x64', versions: { node: '20' }, code: 'c' }
    expect(makersDiffer(maker, { ...maker })).toBeUndefined()
    expect(makersDiffer(maker, { ...maker, engine: 'tfjs' })).toContain('of the engine onnx')
    expect(makersDiffer(maker, { ...maker, processor: 'arm64' })).toContain('made on x64')
    expect(makersDiffer(maker, { ...maker, versions: { node: '22' } })).toContain('node 20')
    expect(makersDiffer(maker, { ...maker, versions: { node: '20', seedrandom: '3' } })).toContain('seedrandom absent')
    expect(makersDiffer(maker, { ...maker, code: 'd' })).toContain('code that trains')
  })
})

describe('the log of finished jobs', () => {
  const maker: Maker = { engine: 'onnx', processor: 'x64', versions: {}, code: 'c' }
  const key = (n: number): string => n.toString(16).padStart(64, '1')
  const value = (n: number): Uint8Array => new Uint8Array(40 + n).fill(n)

  const filled = (disk: MemoryDisk, count: number, mostBytes?: number): JobLog => {
    const log = JobLog.open('run', maker, disk, mostBytes === undefined ? {} : { mostBytes })
    for (let n = 0; n < count; n++) log.put(key(n), value(n))
    log.flush()
    return log
  }

  it('gives back what whole records hold, wherever it was torn, and is written on from there', () => {
    const disk = new MemoryDisk()
    filled(disk, 4)
    const content = disk.readBytes(`run/${jobsFile}`)
    const ends = [0, 1, 2, 3, 4].map((count) => {
      const other = new MemoryDisk()
      filled(other, count)
      return other.size(`run/${jobsFile}`)
    })
    for (let length = 0; length <= content.length; length++) {
      const torn = new MemoryDisk()
      torn.bytes.set(`run/${jobsFile}`, content.slice(0, length))
      const log = JobLog.open('run', maker, torn)
      const held = ends.filter((end, n) => n > 0 && end <= length).length
      expect([length, log.size.jobs]).toEqual([length, held])
      for (let n = 0; n < 4; n++) expect(log.get(key(n))).toEqual(n < held ? value(n) : undefined)
      log.put(key(9), value(9))
      log.flush()
      expect(JobLog.open('run', maker, torn).get(key(9))).toEqual(value(9))
    }
  })

  it('believes no record of which a bit was turned, nor what comes after it', () => {
    const disk = new MemoryDisk()
    filled(disk, 2)
    const content = disk.readBytes(`run/${jobsFile}`)
    for (let at = 0; at < content.length; at++) {
      const turned = new MemoryDisk()
      turned.bytes.set(`run/${jobsFile}`, content.map((byte, i) => (i === at ? byte ^ 4 : byte)))
      const log = JobLog.open('run', maker, turned, { frozen: true })
      expect(log.size.jobs).toBeLessThan(2)
      for (let n = 0; n < 2; n++) expect([undefined, Buffer.from(value(n)).toString('hex')]).toContain(log.get(key(n)) && Buffer.from(log.get(key(n))!).toString('hex'))
    }
  })

  it('grows no larger than it may', () => {
    const disk = new MemoryDisk()
    const { bytes } = filled(new MemoryDisk(), 2).size
    expect(filled(disk, 9, bytes + 10).size).toMatchObject({ jobs: 2, bytes })
    expect(disk.size(`run/${jobsFile}`)).toBe(bytes)
  })

  it('gives way on a full disk, with its room, and the flight goes on', async () => {
    const disk = new MemoryDisk(600)
    const log = filled(disk, 9)
    expect(log.gaveWay).toMatchObject({ code: 'ENOSPC' })
    expect(disk.exists(`run/${jobsFile}`)).toBe(false)
    expect(disk.room).toBe(600)
    log.put(key(1), value(1))
    log.flush()
    expect(disk.exists(`run/${jobsFile}`)).toBe(false)
    const out = fresh()
    const full = {
      ...realDisk,
      append: (path: string, content: string | Uint8Array): void => {
        if (path.endsWith(jobsFile) && statSync(path, { throwIfNoEntry: false }) !== undefined) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
        realDisk.append(path, content)
      },
    }
    const run = await conduct(tiny, { ...flight, out }, { disk: full, ground })
    expect([run.status, run.digest]).toEqual(['complete', whole.digest])
    expect(existsSync(join(out, jobsFile))).toBe(false)
  })

  it('is asked by a replay where it is told to, which then says so', async () => {
    const folder = join(cwd, 'whole')
    const trained = await replay(folder, { workers: 1, cwd })
    expect(trained).toMatchObject({ entire: true, notes: [] })
    const recalled = await replay(folder, { workers: 1, cwd, jobs: true })
    expect(recalled).toMatchObject({ numbers: 'same', entire: false })
    expect(recalled.notes).toEqual([`${jobs} jobs were read from ${jobsFile} and 0 were done: what was read was not trained again`])
    const { code } = await say(['run', join(cwd, 'mine.yaml'), '--workers', '1', '--quiet', '--no-job-log', '--out', join(cwd, 'bare')], cwd)
    expect(code).toBe(0)
    expect((await say(['replay', join(cwd, 'bare'), '--jobs'], cwd)).err).toContain(`has no ${jobsFile} to read jobs from`)
    expect((await say(['run', 'mine.yaml', '--no-job-log', '--keep-jobs'], cwd)).code).toBe(exitCodes.specification)
  })
})

describe('a disk that is full', () => {
  it('ends the run with what was written, and with room it is ended from there', async () => {
    const out = fresh()
    const full = endingDisk(Math.floor((total - whole.manifest.jobLog!.bytes!) * 0.5), () => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    })
    // The log gives way first where it is its write that fails: here it always fits.
    const disk = { ...full, append: (path: string, content: string | Uint8Array) => (path.endsWith(jobsFile) ? realDisk : full).append(path, content), remove: realDisk.remove }
    const error = (await conduct(tiny, { ...flight, out }, { disk, ground }).catch((cause: unknown) => cause)) as StorageError
    if (error instanceof StorageError) {
      expect(error.message).toMatch(/the disk is full\. (Kept: |Nothing).*windtunnel resume /)
      expect(error.exitCode).toBe(exitCodes.storage)
    }
    rmSync(join(out, 'run.lock'), { force: true })
    expect(readManifest(out, realDisk).status).not.toBe('complete')
    const run = await resumed(out)
    expect(run.digest).toBe(whole.digest)
    expect(run.manifest.resumed!.recalled).toBeGreaterThan(0)
  })

  it.runIf(process.getuid?.() === 0)('is so for real, on a small file system', async () => {
    const mounted = mkdtempSync(join(cwd, 'small-'))
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mounted]).status !== 0) {
      process.stdout.write('skipped: a small file system. This system lets nobody mount one.\n')
      return
    }
    try {
      const out = join(mounted, 'run')
      const error = (await conduct(tiny, { ...flight, out }, { ground }).catch((cause: unknown) => cause)) as StorageError
      expect(error).toBeInstanceOf(StorageError)
      expect(error.message).toContain('the disk is full')
      expect(existsSync(join(out, 'run.lock'))).toBe(false)
      expect(spawnSync('mount', ['-o', 'remount,size=4m', mounted]).status).toBe(0)
      expect((await resumed(out)).digest).toBe(whole.digest)
    } finally {
      spawnSync('umount', [mounted])
    }
  })
})

describe('a study that was broken off', () => {
  it('is flown on by its folder: what is complete is not flown again, what is not is ended from its jobs', async () => {
    const script = `import { study } from '@windtunnel/windtunnel'
export default study({
  name: 'small', question: 'Does anything differ?',
  base: { model: { kind: 'mlp', hidden: [4] }, rounds: { kind: 'synchronous', count: 2 } },
  conditions: { calm: { world: { kind: 'storefronts', scenarios: 2, impressions: 300 } } },
  variants: { fedavg: { strategy: { kind: 'fedavg' } }, prox: { strategy: { kind: 'fedprox' } } },
  baselines: ['fedavg'], seeds: 2,
})
`
    writeFileSync(join(cwd, 'study.mjs'), script)
    const whole = await say(['study', 'study.mjs', '--workers', '1', '--out', 'study', '--summary'], cwd)
    expect(whole.code).toBe(0)
    const cell = join(cwd, 'study/calm/prox/seed-2')
    const manifest = readManifest(cell, realDisk)
    const { digest: _, digests: __, files: ___, sha256: ____, ...begun } = manifest
    rmSync(cell, { recursive: true })
    rmSync(join(cwd, 'study/calm/fedavg/seed-2'), { recursive: true })
    realDisk.makeFolder(cell)
    writeFileSync(join(cell, 'manifest.json'), manifestText({ ...begun, status: 'running' }))
    appendFileSync(join(cell, 'events.ndjson'), '{"torn')
    const flown = realDisk.read(join(cwd, 'study/calm/prox/seed-1/manifest.json'))
    const again = await say(['resume', 'study'], cwd)
    expect([again.code, again.out]).toEqual([0, whole.out])
    expect(again.err.match(/\(had\)/g)).toHaveLength(2)
    expect(readManifest(cell, realDisk)).toMatchObject({ digest: manifest.digest, resumed: { times: 1 } })
    expect(realDisk.read(join(cwd, 'study/calm/prox/seed-1/manifest.json'))).toBe(flown)
    writeFileSync(join(cwd, 'study.mjs'), `${script}// edited\n`)
    expect((await say(['resume', 'study'], cwd)).err).toContain('the script study.mjs has changed since the study was begun')
    truncateSync(join(cwd, 'study/study.json'), 9)
    expect((await say(['resume', 'study'], cwd)).code).toBe(exitCodes.storage)
  })
})
