import { hostname } from 'node:os'

import { describe, expect, it } from 'vitest'

import { StorageError } from '../../src/errors.js'
import { rowFiles } from '../../src/runs/files.js'
import { RunFolder } from '../../src/runs/folder.js'
import { readManifest } from '../../src/runs/manifest.js'
import { readLines, readRows } from '../../src/runs/rows.js'
import { examine } from '../../src/runs/seal.js'
import { warningsOf } from '../../src/runs/warnings.js'
import { closed, event, settled } from '../record/events.js'
import { events, flight, ledger, manifest, metrics, rounds } from './flights.js'
import { MemoryDisk } from './memory-disk.js'

const spent = { realSeconds: 1, cpuSeconds: 2 }

const fly = (run: RunFolder): void => {
  run.lines(events.slice(0, 2))
  run.event(settled(30e6, ledger[2]))
  run.event(settled(30e6, ledger[0]))
  run.event(closed(rounds[0]))
  run.event(event(30e6, 'aggregator', { kind: 'evaluated', round: 1, rows: metrics.slice(1, 3) }))
  run.lines(events.slice(2))
}

describe('a run folder', () => {
  it('is readable at every moment: rows are there when their round has closed', () => {
    const disk = new MemoryDisk()
    const run = RunFolder.open('runs/tiny-7', manifest, disk)
    expect(readManifest('runs/tiny-7', disk).status).toBe('running')
    fly(run)
    expect(readLines('runs/tiny-7', 'events.ndjson', disk)).toEqual(events.slice(0, 2))
    expect(readRows('runs/tiny-7', 'rounds.ndjson', disk)).toEqual([rounds[0]])
    expect(readRows('runs/tiny-7', 'metrics.ndjson', disk)).toEqual(metrics.slice(1, 3))
    expect(readRows('runs/tiny-7', 'ledger.ndjson', disk)).toEqual([ledger[2], ledger[0]])
    expect(examine('runs/tiny-7', disk).unsealed).toBe('it was not ended, or is still flown')
  })

  it('writes a training when it ends, before anybody knows what comes of it', () => {
    const disk = new MemoryDisk()
    const run = RunFolder.open('a', manifest, disk)
    const trained = { kind: 'trained', round: 1, start: 10, examples: 20, continues: false } as const
    run.event(event(30, 'client-a', { ...trained, outcome: 'computed' }))
    run.event(event(40, 'client-b', { ...trained, outcome: 'crashed' }))
    run.event(closed(rounds[0]))
    expect(readRows('a', 'trainings.ndjson', disk)).toEqual([
      { client: 'client-a', round: 1, start: 10, end: 30, examples: 20, outcome: 'unresolved' },
      { client: 'client-b', round: 1, start: 10, end: 40, examples: 20, outcome: 'crashed' },
    ])
  })

  it('ends with everything in order and a manifest that says how it went', () => {
    const disk = new MemoryDisk()
    const run = RunFolder.open('out', manifest, disk)
    fly(run)
    expect(run.finish(flight, spent, warningsOf(flight))).toBeUndefined()
    expect(readRows('out', 'ledger.ndjson', disk)).toEqual(ledger)
    expect(readRows('out', 'metrics.ndjson', disk)).toEqual(metrics)
    expect(readRows('out', 'trainings.ndjson', disk)).toEqual(flight.trainings)
    expect(readLines('out', 'events.ndjson', disk)).toEqual(events)
    const { files, sha256: own, ...rest } = readManifest('out', disk)
    expect(Object.keys(files!).toSorted()).toEqual(Object.values(rowFiles).toSorted())
    expect(own).toMatch(/^[0-9a-f]{64}$/)
    expect(examine('out', disk)).toMatchObject({ broken: [], unsealed: undefined })
    expect(rest).toEqual({
      ...manifest,
      status: 'complete',
      digest: 'd1',
      digests: { events: 'e1', numbers: 'n1' },
      virtualTime: 60e6,
      rounds: { closed: 1, aborted: 1 },
      selectedRound: 1,
      faults: flight.faults,
      marks: flight.marks,
      coverage: flight.coverage,
      warnings: [
        'the fault slow-1 never fired (slow client-a by 8): the result says nothing about it',
        'AUC on test is undefined for ctr in b: all rows have one label; means leave it out',
      ],
      spent,
    })
  })

  it('says interrupted, or failed with the reason', () => {
    const disk = new MemoryDisk()
    RunFolder.open('a', manifest, disk).finish({ ...flight, status: 'interrupted' }, spent, [])
    expect(readManifest('a', disk).status).toBe('interrupted')
    const run = RunFolder.open('b', manifest, disk)
    run.lines(events)
    run.fail(new RangeError('a bug'), '/')
    expect(readManifest('b', disk)).toMatchObject({ status: 'failed', error: 'RangeError: a bug' })
    expect(examine('b', disk)).toMatchObject({ broken: [], unsealed: undefined })
    expect(readLines('b', 'events.ndjson', disk)).toEqual(events)
  })

  it('says failed of an error, too, that is its own cause, or throws when it is looked at', () => {
    const disk = new MemoryDisk()
    const own = new RangeError('in a ring')
    own.cause = own
    const trap = Object.defineProperty(new Error('a trap'), 'message', { get: () => { throw new Error('sprung') } })
    for (const [folder, error, words] of [['ring', own, 'RangeError: in a ring'], ['trap', trap, 'An error that cannot be looked at was thrown: sprung']] as const) {
      RunFolder.open(folder, manifest, disk).fail(error, '/')
      const { status, error: told, failure } = readManifest(folder, disk)
      expect([folder, status, failure?.kind]).toEqual([folder, 'failed', 'crash'])
      if (folder === 'trap') expect(told).toBe(words)
      expect(examine(folder, disk)).toMatchObject({ broken: [], unsealed: undefined })
    }
  })

  it('replaces the folder of a run and keeps what else is in it; refuses any other folder that is not empty', () => {
    const disk = new MemoryDisk()
    RunFolder.open('a', manifest, disk).finish(flight, spent, [])
    disk.files.set('a/notes.txt', 'mine')
    const second = RunFolder.open('a', manifest, disk)
    expect(second.note).toBe('replaces the complete run that was in a (the same flight)')
    expect(readManifest('a', disk).status).toBe('running')
    expect(readLines('a', 'ledger.ndjson', disk)).toEqual([])
    expect(disk.files.get('a/notes.txt')).toBe('mine')
    disk.folders.add('thesis')
    disk.files.set('thesis/chapter-1.tex', 'x')
    expect(() => RunFolder.open('thesis', manifest, disk)).toThrow(
      'thesis holds files that are not of a run (chapter-1.tex). Give another --out.',
    )
    expect(disk.files.get('thesis/chapter-1.tex')).toBe('x')
  })

  it('never overwrites a manifest.json of something else, nor of a later version', () => {
    for (const text of ['{ "name": "an extension" }', 'not JSON', '{ "format": "windtunnel-run", "version": 2 }']) {
      const disk = new MemoryDisk()
      disk.folders.add('web')
      disk.files.set('web/manifest.json', text)
      for (const ifTaken of ['refuse', 'replace'] as const) {
        expect(() => RunFolder.open('web', manifest, disk, ifTaken)).toThrow('web holds a manifest.json that is not of a run. Give another --out.')
      }
      expect(RunFolder.open('web', manifest, disk, 'next').folder).toBe('web-2')
      expect(disk.files.get('web/manifest.json')).toBe(text)
    }
  })

  it('refuses to replace another flight, goes to the next free name, or is told to replace it', () => {
    const disk = new MemoryDisk()
    const other = { ...manifest, seed: '8' }
    RunFolder.open('a', manifest, disk).finish(flight, spent, [])
    const before = disk.files.get('a/manifest.json')
    expect(() => RunFolder.open('a', other, disk)).toThrow(
      `a holds another flight (seed is "${manifest.seed}" there and "8" here). Give another --out, or --force to replace it.`,
    )
    const next = RunFolder.open('a', other, disk, 'next')
    expect([next.folder, next.note]).toEqual(['a-2', `a holds another flight (seed is "${manifest.seed}" there and "8" here): this run goes to a-2`])
    next.finish(flight, spent, [])
    expect(disk.files.get('a/manifest.json')).toBe(before)
    // The same flight as the second finds its own folder again.
    const again = RunFolder.open('a', other, disk, 'next')
    expect(again.folder).toBe('a-2')
    expect(again.note).toMatch(/: this run goes to a-2, and replaces the complete run that was in a-2 \(the same flight\)$/)
    again.finish(flight, spent, [])
    expect(RunFolder.open('a', other, disk, 'replace').note).toBe(
      `replaces the complete run that was in a (another flight: seed is "${manifest.seed}" there and "8" here)`,
    )
    expect(readManifest('a', disk).seed).toBe('8')
  })

  it.each([
    ['a setting', { specification: { ...manifest.specification, local: { epochs: 9 } } }, /local/],
    ['the data', { world: { ...manifest.world, origins: [{ file: 'log.csv', sha256: 'f'.repeat(64), bytes: 7, rows: 1 }] } }, /data/],
    ['a trace', { traces: [{ file: 'trace.csv', sha256: 'f'.repeat(64) }] }, /traces/],
    ['the engine', { engine: 'tensorflow' }, /engine/],
    ['the version', { versions: { ...manifest.versions, windtunnel: '0.0.1' } }, /version/],
  ] as const)('%s makes it another flight; the number of workers does not', (_, change, named) => {
    const disk = new MemoryDisk()
    RunFolder.open('a', manifest, disk).finish(flight, spent, [])
    expect(() => RunFolder.open('a', { ...manifest, ...change } as typeof manifest, disk)).toThrow(named)
    expect(RunFolder.open('a', { ...manifest, workers: 99 }, disk).note).toMatch(/the same flight/)
  })

  it('has one writer: a second is refused or goes elsewhere, and one that died is forgotten', () => {
    const disk = new MemoryDisk()
    const first = RunFolder.open('a', manifest, disk)
    expect(() => RunFolder.open('a', manifest, disk)).toThrow(
      `a is being written by process ${process.pid}. Wait for it, or give another --out. If that process is gone, remove a/run.lock.`,
    )
    expect(() => RunFolder.open('a', manifest, disk, 'replace')).toThrow('is being written')
    expect(RunFolder.open('a', manifest, disk, 'next').folder).toBe('a-2')
    first.finish(flight, spent, [])
    expect(disk.exists('a/run.lock')).toBe(false)
    const dead = { process: 2 ** 30, host: hostname() }
    disk.files.set('a/run.lock', JSON.stringify(dead))
    RunFolder.open('a', manifest, disk).fail(new Error('a bug'), '/')
    expect(disk.exists('a/run.lock')).toBe(false)
    disk.files.set('a/run.lock', JSON.stringify({ ...dead, host: 'elsewhere' }))
    expect(() => RunFolder.open('a', manifest, disk)).toThrow(`written by process ${2 ** 30} on elsewhere`)
    disk.files.set('a/run.lock', 'cut o')
    expect(RunFolder.open('a', manifest, disk).folder).toBe('a')
  })

  it('does not throw in the middle of a flight when the disk is full, and says at the end what was kept', () => {
    const disk = new MemoryDisk()
    const run = RunFolder.open('out', manifest, disk)
    fly(run)
    disk.room = 100
    run.event(closed(rounds[1]))
    expect(run.failure).toBeInstanceOf(StorageError)
    const failure = run.finish(flight, spent, warningsOf(flight))
    expect(failure).toBe(run.failure)
    expect(failure?.message).toBe(
      'Could not write out/rounds.ndjson: the disk is full. ' +
        'Kept: ledger.ndjson (2 rows), metrics.ndjson (2 rows), rounds.ndjson (1 rows), events.ndjson (3 rows). ' +
        'Make room, or give another place with --out, and fly it again: the same seed gives the same run.',
    )
    expect(readRows('out', 'rounds.ndjson', disk)).toEqual([rounds[0]])
    expect(readManifest('out', disk).status).toBe('running')
  })

  it('says failed in the manifest if a full disk has room for that', () => {
    const disk = new MemoryDisk()
    const run = RunFolder.open('out', manifest, disk)
    disk.room = 0
    run.event(closed(rounds[1]))
    disk.room = 1e6
    run.finish(flight, spent, warningsOf(flight))
    expect(readManifest('out', disk)).toMatchObject({ status: 'failed', error: run.failure?.message })
  })

  it('cannot begin on a full disk', () => {
    expect(() => RunFolder.open('out', manifest, new MemoryDisk(10))).toThrow(
      'Cannot write the run to out: the disk is full. Give another place with --out.',
    )
  })
})

describe('reading a run', () => {
  it('refuses what is not the folder of a run, and says why', () => {
    const disk = new MemoryDisk()
    expect(() => readManifest('nowhere', disk)).toThrow('nowhere does not exist')
    disk.folders.add('a')
    expect(() => readManifest('a', disk)).toThrow('a is not the folder of a run: it has no manifest.json')
    disk.files.set('a/manifest.json', '{"format":')
    expect(() => readManifest('a', disk)).toThrow('a/manifest.json is not JSON')
    disk.files.set('a/manifest.json', '{"format":"other"}')
    expect(() => readManifest('a', disk)).toThrow('format "other", version undefined')
  })

  it('drops a line that a crash cut off', () => {
    const disk = new MemoryDisk()
    disk.files.set('a/events.ndjson', '{"at":1}\n{"at":2}\n{"at')
    expect(readLines('a', 'events.ndjson', disk)).toEqual(['{"at":1}', '{"at":2}'])
    const [row] = ledger
    disk.files.set('a/ledger.ndjson', `${JSON.stringify(row)}\nnonsense\n`)
    expect(() => readRows('a', 'ledger.ndjson', disk)).toThrow('a/ledger.ndjson:2 is not JSON')
    disk.files.set('a/ledger.ndjson', `${JSON.stringify({ ...row, bytes: 'many' })}\n`)
    expect(() => readRows('a', 'ledger.ndjson', disk)).toThrow('a/ledger.ndjson:1 is not what a run writes: bytes')
  })
})

describe('a flight of which every round was aborted', () => {
  it('is warned of with the reasons, the most frequent first', () => {
    const aborted = (reason: string) => ({ ...rounds[0], outcome: 'aborted' as const, reason })
    const all = ['deadline, below quorum', 'nobody available', 'nobody available'].map(aborted)
    const warning = 'every round was aborted, so that nothing was learnt: nobody available (2), deadline, below quorum (1)'
    expect(warningsOf({ ...flight, rounds: all })).toContain(warning)
    expect(warningsOf({ ...flight, rounds: [...all, rounds[0]] })).not.toContain(warning)
    expect(warningsOf({ ...flight, rounds: [] }).join()).not.toContain('aborted')
  })
})
