import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { storefronts } from '../../scenarios/index.js'
import { exitCodes, NondeterminismError, SpecificationError } from '../../src/errors.js'
import { readManifest, type Manifest } from '../../src/runs/manifest.js'
import { realDisk } from '../../src/runs/disk.js'
import type { FlightEvent } from '../../src/record/event.js'
import { replay } from '../../src/runs/replay.js'
import { simulate } from '../../src/runs/simulate.js'
import { deadline, fedAvg, lose, minutes, mlp, sgd, simulation } from '../../src/simulation/script.js'

const tiny = simulation({
  name: 'tiny',
  world: storefronts({ scenarios: 3, impressions: 200, users: 50, items: 20 }),
  model: mlp({ hidden: [4] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 3, after: minutes(1) }),
  faults: [lose({ from: 'client' }, { probability: 0.3 })],
})

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-replay-'))
let copies = 0

/** A copy of a run's folder with one file edited. */
const edited = (from: string, file: string, edit: (text: string) => string): string => {
  const to = join(cwd, `copy-${copies++}`)
  realDisk.makeFolder(to)
  for (const name of realDisk.list(from)) {
    const text = readFileSync(join(from, name), 'utf8')
    writeFileSync(join(to, name), name === file ? edit(text) : text)
  }
  return to
}

const editedManifest = (from: string, change: (manifest: Manifest) => Partial<Manifest>): string =>
  edited(from, 'manifest.json', (text) => {
    const manifest = JSON.parse(text) as Manifest
    return JSON.stringify({ ...manifest, ...change(manifest) })
  })

describe('replay', () => {
  const folder = join(cwd, 'run')
  const seen: FlightEvent[] = []
  let digest = ''

  beforeAll(async () => {
    const flight = simulate(tiny, { seed: 7, workers: 1, out: folder, cwd })
    flight.events$.subscribe((event) => seen.push(event))
    digest = (await flight).digest
  })

  it('watched the flight, which left a complete folder', () => {
    expect(seen.filter(({ kind }) => kind === 'round-close')).toHaveLength(3)
    expect(readManifest(folder, realDisk)).toMatchObject({ status: 'complete', seed: '7', name: 'tiny', digest })
  })

  it('reproduces events and numbers, with any number of workers', async () => {
    const again = await replay(folder, { workers: 2, cwd })
    expect(again).toMatchObject({ numbers: 'same', notes: [] })
    expect(again.run.digest).toBe(digest)
    expect(again.events).toBeGreaterThan(20)
  })

  it('prints a planted difference in the events, with virtual time and actor', async () => {
    const arrival = /("event":"arrive","actor":"client-[^"]+","id":)(\d+)/
    const planted = edited(folder, 'events.ndjson', (text) => text.replace(arrival, '$19$2'))
    const error = (await replay(planted, { workers: 1, cwd }).catch((e: unknown) => e)) as Error
    expect(error).toBeInstanceOf(NondeterminismError)
    expect((error as NondeterminismError).exitCode).toBe(exitCodes.nondeterminism)
    expect(error.message).toMatch(/^The first event that differs is number \d+ at [\d.]+ s of virtual time, actor client/)
    expect(error.message).toMatch(/expected \{"at":\d+,"event":"arrive".*\n {2}got {6}\{"at":\d+,"event":"arrive"/)
  })

  it('prints a planted difference in the numbers', async () => {
    const metrics = edited(folder, 'metrics.ndjson', (text) => text.replace(/"value":[\d.]+/, '"value":0.125'))
    const planted = editedManifest(metrics, ({ digests }) => ({ digests: { ...digests!, numbers: 'f'.repeat(64) } }))
    const difference = /the numbers are not[^]*expected 0\.125, got 0\.\d+/
    await expect(replay(planted, { workers: 1, cwd })).rejects.toThrow(difference)
  })

  it('compares metrics within a tolerance where the processor was another', async () => {
    const planted = editedManifest(folder, ({ digests }) => ({
      digests: { ...digests!, numbers: 'f'.repeat(64) },
      processor: { kind: 'pdp-11', model: 'PDP-11' },
    }))
    const again = await replay(planted, { workers: 1, cwd })
    expect(again.numbers).toBe('within tolerance')
    expect(again.notes[0]).toContain('the run flew on pdp-11')
  })

  it('refuses a script that changed or is gone, and data that changed', async () => {
    writeFileSync(join(cwd, 'plan.yaml'), 'changed: true')
    const script = editedManifest(folder, () => ({ script: { file: 'plan.yaml', sha256: '0'.repeat(64) } }))
    await expect(replay(script, { cwd })).rejects.toThrow('the script plan.yaml has changed since the run')
    const gone = editedManifest(folder, () => ({ script: { file: 'gone.yaml', sha256: '0'.repeat(64) } }))
    await expect(replay(gone, { cwd })).rejects.toThrow(SpecificationError)
    const origins = [{ file: 'train.csv', bytes: 1, sha256: '0'.repeat(64) }]
    const data = editedManifest(folder, ({ world }) => ({ world: { ...world, origins } }))
    await expect(replay(data, { cwd })).rejects.toThrow('the data file train.csv of the run was not read now')
  })

  it('compares an interrupted run as far as it got', async () => {
    const stop = new AbortController()
    const flight = simulate(tiny, { seed: 7, workers: 1, out: join(cwd, 'cut'), cwd, signal: stop.signal })
    flight.events$.subscribe((event) => {
      if (event.kind === 'round-open' && event.round === 2) stop.abort()
    })
    expect((await flight).status).toBe('interrupted')
    expect(readManifest(join(cwd, 'cut'), realDisk).status).toBe('interrupted')
    const again = await replay(join(cwd, 'cut'), { workers: 1, cwd })
    expect(again.numbers).toBe('not compared')
    expect(again.events).toBeGreaterThan(5)
  })

  it('needs the script for what was a function, when there is none to take it from', async () => {
    const planted = editedManifest(folder, () => ({ functions: ['model'] }))
    await expect(replay(planted, { cwd })).rejects.toThrow('the run has functions (model) and no script to take')
  })
})

describe('a full disk', () => {
  it('ends the flight early, with what was flown', async () => {
    const { conduct } = await import('../../src/runs/simulate.js')
    let room = 4
    const disk = {
      ...realDisk,
      append(path: string, text: string) {
        if (text !== '' && room-- <= 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
        realDisk.append(path, text)
      },
    }
    const out = join(cwd, 'full')
    const error = (await conduct(tiny, { seed: 7, workers: 1, out, cwd }, { disk }).catch((e: unknown) => e)) as {
      message: string
      exitCode: number
      run: { rounds: unknown[] }
    }
    expect(error.message).toMatch(/Could not write .*: the disk is full\. Kept: /)
    expect(error.exitCode).toBe(exitCodes.storage)
    expect(error.run.rounds.length).toBeLessThan(3)
    expect(readManifest(out, realDisk).status).toBe('failed')
  })
})
