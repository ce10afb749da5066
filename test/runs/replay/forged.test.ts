import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import { WindtunnelError } from '../../../src/errors.js'
import { streams } from '../../../src/random/streams.js'
import { specificationOf } from '../../../src/runs/describe.js'
import { type Disk, realDisk } from '../../../src/runs/disk.js'
import { manifestFile, type Manifest, readManifest } from '../../../src/runs/manifest.js'
import { replay } from '../../../src/runs/replay/replay.js'
import { type Callbacks, conduct, prepare, type SimulateOptions } from '../../../src/runs/simulate.js'
import { deadline, fedAvg, lose, minutes, mlp, sgd, simulation, synchronous } from '../../../src/simulation/script.js'
import type { Specification } from '../../../src/simulation/specification.js'
import { forgeriesOf, sealedText } from './forgeries.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-forged-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const tiny = {
  world: storefronts({ scenarios: 2, impressions: 60, users: 20, items: 10 }),
  model: mlp({ hidden: [2] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  seeds: { batches: 'own' },
}
const sometimes = [lose({ from: 'client' }, { probability: 0.3 })]
const checks = ['once', 'rounds', 'weights']

const fly = async (name: string, specification: Specification, options: Partial<SimulateOptions> = {}, watch: Callbacks = {}): Promise<string> => {
  const folder = join(cwd, name)
  await conduct(specification, { seed: 7, workers: 1, engine: 'surrogate', cwd, out: folder, watch: checks, ...options }, watch).catch(() => {})
  return folder
}

/** The folder of a run with another manifest. */
const withManifest = (folder: string, text: string): Disk => {
  const own = join(folder, manifestFile)
  return {
    ...realDisk,
    read: (path) => (path === own ? text : realDisk.read(path)),
    readBytes: (path) => (path === own ? Buffer.from(text) : realDisk.readBytes(path)),
  }
}

/** What the folder of a run says with another manifest, flown again: undefined where it is refused. */
const saidOf = async (folder: string, text: string): Promise<{ notCompared: readonly string[]; entire: boolean; specification: unknown } | undefined> => {
  let specification: unknown
  const watch: Callbacks = {
    disk: withManifest(folder, text),
    onReady({ resolved }) {
      specification = JSON.parse(JSON.stringify(specificationOf(resolved)))
    },
  }
  try {
    const { notCompared, entire } = await replay(folder, { workers: 1, cwd }, watch)
    return { notCompared, entire, specification }
  } catch (error) {
    expect(error).toBeInstanceOf(WindtunnelError)
    return undefined
  }
}

/** Flies every forgery: how many there are, how many pass, and the fields in which some do. */
const forge = async (folder: string, honest: Manifest) => {
  const passed: string[] = []
  const forgeries = forgeriesOf(honest, streams('forged')(folder.slice(cwd.length)))
  for (const { path, how, text } of forgeries) {
    const said = await saidOf(folder, text)
    if (said === undefined) continue
    const [field] = path
    passed.push(field)
    // It is flown as it says, and leaves the same rows: what it says is true of that flight.
    const flown = field === 'specification' || field === 'plan' || field === 'checks'
    if (flown) expect([path, how, said.specification]).toEqual([path, how, (JSON.parse(text) as Manifest).specification])
    else expect([path, how, said.notCompared]).toEqual([path, how, expect.arrayContaining([field])])
  }
  return { forgeries: forgeries.length, passed: passed.length, fields: [...new Set(passed)].sort() }
}

/** What says where and with what it was flown. */
const told = ['jobLog', 'processor', 'spent', 'versions', 'workers']

describe('a manifest that was forged in one field, and vouches for itself', () => {
  it('of a complete run is refused, or the field is named', async () => {
    const specification = simulation({ ...tiny, rounds: deadline({ count: 2, after: minutes(1) }), faults: sometimes })
    const folder = await fly('complete', specification, { study: { name: 's', condition: 'calm', variant: 'fedavg' }, jobs: 'keep', set: ['local.epochs=2'] })
    const manifest = { ...readManifest(folder, realDisk), resumed: { times: 1, recalled: 1, done: 2 } }
    expect(manifest).toMatchObject({ status: 'complete', specification: { seeds: { batches: 'own' } } })
    const all = [...told, 'resumed', 'settings', 'study']
    expect(await saidOf(folder, sealedText(manifest))).toMatchObject({ entire: true, notCompared: expect.arrayContaining(all) as string[] })
    const { forgeries, fields } = await forge(folder, manifest)
    expect(forgeries).toBeGreaterThan(350)
    expect(fields).toEqual(['checks', 'specification', ...all].sort())
  })

  it('that promises more privacy than the flight did is refused, and so is one that says nothing of it', async () => {
    const folder = await fly('private', simulation({ ...tiny, rounds: synchronous({ count: 2 }), privacy: { clip: 0.5, noise: 2 } }), {})
    const manifest = readManifest(folder, realDisk)
    expect(manifest).toMatchObject({ status: 'complete', privacy: { delta: 1e-5, rounds: [{ round: 1 }, { round: 2 }] } })
    expect(await saidOf(folder, sealedText(manifest))).toMatchObject({ entire: true })
    const { privacy, ...silent } = manifest
    expect(await saidOf(folder, sealedText({ ...silent, privacy: { ...privacy!, epsilon: privacy!.epsilon! / 2 } }))).toBeUndefined()
    expect(await saidOf(folder, sealedText(silent))).toBeUndefined()
  })

  it('of a run that failed is refused, or the field is named', async () => {
    const specification = simulation({ ...tiny, rounds: synchronous({ count: 4 }), faults: [lose({ from: 'client' }, { rounds: [3, 3], probability: 1 })] })
    const { plan } = await prepare(specification, { seed: 7 })
    const folder = await fly('failed', specification, { plan })
    const manifest = readManifest(folder, realDisk)
    expect(manifest).toMatchObject({ status: 'failed', failure: { kind: 'liveness' }, plan: { faults: [{ fault: { kind: 'lose' } }] } })
    expect(await saidOf(folder, sealedText(manifest))).toMatchObject({ entire: true })
    const { forgeries, fields } = await forge(folder, manifest)
    expect(forgeries).toBeGreaterThan(300)
    expect(fields).toEqual(['checks', 'jobLog', 'plan', 'processor', 'specification', 'versions', 'workers'])
  })

  it('of a run that was interrupted is refused, or the field is named', async () => {
    const stop = new AbortController()
    const folder = await fly('interrupted', simulation({ ...tiny, rounds: deadline({ count: 3, after: minutes(1) }), faults: sometimes }), { signal: stop.signal, jobs: 'none' }, {
      onEvent: ({ kind, at }) => void (kind === 'trained' && at > 60e6 && stop.abort()),
    })
    const manifest = readManifest(folder, realDisk)
    expect(manifest).toMatchObject({ status: 'interrupted' })
    expect(await saidOf(folder, sealedText(manifest))).toMatchObject({ entire: false })
    const { forgeries, fields } = await forge(folder, manifest)
    expect(forgeries).toBeGreaterThan(300)
    expect(fields).toEqual(['checks', 'coverage', 'marks', 'processor', 'specification', 'spent', 'versions', 'workers'])
  })

  it('of a crash that does not come again is refused, or the field is named', async () => {
    let rounds = 0
    const folder = await fly('crash', simulation({ ...tiny, rounds: deadline({ count: 3, after: minutes(1) }), faults: sometimes }), {}, {
      onEvent({ kind }) {
        if (kind === 'round-close' && ++rounds === 2) throw new TypeError('a cosmic ray')
      },
    })
    const manifest = readManifest(folder, realDisk)
    expect(manifest).toMatchObject({ status: 'failed', failure: { kind: 'crash' } })
    expect(await saidOf(folder, sealedText(manifest))).toMatchObject({ entire: false, notCompared: expect.arrayContaining(['failure', 'error']) as string[] })
    const { forgeries, fields } = await forge(folder, manifest)
    expect(forgeries).toBeGreaterThan(280)
    expect(fields).toEqual(['checks', 'error', 'failure', 'jobLog', 'processor', 'specification', 'versions', 'workers'])
  })
})
