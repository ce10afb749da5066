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
      warnings: ['the fault slow-1 never fired (slow client-a by 8): the result says nothing about it'],
      spent,
    })
  })

  it('says interrupted, or failed with the reason', () => {
    const disk = new MemoryDisk()
    RunFolder.open('a', manifest, disk).finish({ ...flight, status: 'interrupted' }, spent, [])
    expect(readManifest('a', disk).status).toBe('interrupted')
    const run = RunFolder.open('b', manifest, disk)
    run.lines(events)
    run.fail(new RangeError('a bug'))
    expect(readManifest('b', disk)).toMatchObject({ status: 'failed', error: 'RangeError: a bug' })
    expect(examine('b', disk)).toMatchObject({ broken: [], unsealed: undefined })
    expect(readLines('b', 'events.ndjson', disk)).toEqual(events)
  })

  it('replaces the folder of a run and keeps what else is in it; refuses any other folder that is not empty', () => {
    const disk = new MemoryDisk()
    RunFolder.open('a', manifest, disk).finish(flight, spent, [])
    disk.files.set('a/notes.txt', 'mine')
    RunFolder.open('a', manifest, disk)
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
    disk.files.set('a/ledger.ndjson', '{"id":1}\nnonsense\n')
    expect(() => readRows('a', 'ledger.ndjson', disk)).toThrow('a/ledger.ndjson:2 is not JSON')
  })
})
