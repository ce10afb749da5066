import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { EngineName } from '../../../src/engine/open.js'
import { LivenessError, NondeterminismError, StorageError } from '../../../src/errors.js'
import { realDisk } from '../../../src/runs/disk.js'
import { loadSpecification } from '../../../src/runs/load.js'
import { type Manifest, manifestText, readManifest } from '../../../src/runs/manifest.js'
import { replay } from '../../../src/runs/replay/replay.js'
import { sealed } from '../../../src/runs/seal.js'
import { simulate } from '../../../src/runs/simulate.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-replay-failed-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const world = '{ kind: storefronts, scenarios: 3, impressions: 200, users: 50, items: 20 }'
const common = `world: ${world}\nmodel: { kind: mlp, hidden: [4] }\nlocal: { epochs: 1, batch: 20 }\nstrategy: { kind: fedavg }\n`

const flown = async (name: string, text: string, engine: EngineName): Promise<{ folder: string; error: Error }> => {
  const script = `${name}.yaml`
  writeFileSync(join(cwd, script), common + text)
  const { specification, script: from } = await loadSpecification(script, cwd)
  const folder = join(cwd, name)
  const error = await simulate(specification, { seed: 7, engine, workers: 1, out: folder, script: from, cwd }).then(
    () => { throw new Error('it did not fail') }, (thrown: unknown) => thrown as Error)
  return { folder, error }
}

const losing = 'rounds: { kind: synchronous, count: 4 }\nfaults: [{ kind: lose, link: { from: client }, rounds: [3, 3], probability: 0.5 }]\n'

describe('a run that failed by itself', () => {
  let stuck: { folder: string; error: Error }
  beforeAll(async () => {
    stuck = await flown('stuck', losing, 'surrogate')
  })

  it('says in its manifest how', () => {
    expect(stuck.error).toBeInstanceOf(LivenessError)
    expect(readManifest(stuck.folder, realDisk)).toMatchObject({
      status: 'failed', error: `LivenessError: ${stuck.error.message}`, failure: { kind: 'liveness', what: 'LivenessError', message: stuck.error.message },
    })
  })

  it('has all that had happened by then, to the last event', () => {
    const lines = readFileSync(join(stuck.folder, 'events.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { event: string })
    // Two rounds are over, and of the third something was lost, after the close of the second.
    const closed = lines.findLastIndex(({ event }) => event === 'round-close')
    expect(lines.slice(closed).some(({ event }) => event === 'drop')).toBe(true)
  })

  it.each(['onnx', 'surrogate'] as const)('fails so again, and all of it is compared, with %s', async (engine) => {
    const { folder, error } = engine === 'surrogate' ? stuck : await flown('trained', losing, engine)
    const again = await replay(folder, { workers: 2, cwd })
    expect(again).toMatchObject({ entire: true, numbers: 'same', digest: undefined, failure: { message: error.message }, notes: [] })
  })

  it.each(['events.ndjson', 'ledger.ndjson', 'metrics.ndjson', 'rounds.ndjson', 'trainings.ndjson'])('is told apart by a row less of %s', async (file) => {
    const path = join(stuck.folder, file)
    const text = readFileSync(path, 'utf8')
    try {
      writeFileSync(path, text.replace(/[^\n]*\n$/, ''))
      await expect(replay(stuck.folder, { workers: 1, cwd })).rejects.toThrow(new RegExp(`^${file}:\\d+ is not what was flown`))
    } finally {
      writeFileSync(path, text)
    }
  })

  it('is told apart by what it says of how it failed, and by a hash', async () => {
    const path = join(stuck.folder, 'manifest.json')
    const text = readFileSync(path, 'utf8')
    try {
      writeFileSync(path, text.replaceAll('LivenessError', 'DivergenceError'))
      await expect(replay(stuck.folder, { workers: 1, cwd })).rejects.toThrow('manifest.json: failure.what is not what was flown')
      writeFileSync(path, text.replace(/("events\.ndjson": \{\s*"sha256": ")[0-9a-f]{6}/, '$1000000'))
      await expect(replay(stuck.folder, { workers: 1, cwd })).rejects.toThrow('events.ndjson is not what the run wrote')
    } finally {
      writeFileSync(path, text)
    }
    await expect(replay(stuck.folder, { workers: 1, cwd })).resolves.toMatchObject({ entire: true })
  })

  it.each<[string, (manifest: Manifest) => Partial<Manifest>]>([
    ['name', () => ({ name: 'other' })],
    ['status', () => ({ status: 'complete' })],
    ['world.split', ({ world: was }) => ({ world: { ...was, split: 'by magic' } })],
    ['warnings.0', () => ({ warnings: ['made up'] })],
    ['digest', () => ({ digest: 'f'.repeat(64) })],
    ['virtualTime', () => ({ virtualTime: 7 })],
    ['faults', () => ({ faults: [] })],
    ['"author"', () => ({ author: 'me' }) as Partial<Manifest>],
  ])('is told apart by %s, although the manifest vouches for itself', async (field, change) => {
    const path = join(stuck.folder, 'manifest.json')
    const text = readFileSync(path, 'utf8')
    try {
      const manifest = readManifest(stuck.folder, realDisk)
      writeFileSync(path, manifestText(sealed({ ...manifest, ...change(manifest) }, manifest.files!)))
      await expect(replay(stuck.folder, { workers: 1, cwd })).rejects.toThrow(`manifest.json: ${field} is n`)
    } finally {
      writeFileSync(path, text)
    }
  })

  it('that fails no more, is another flight; one that crashed may have been the machine’s doing', async () => {
    const path = join(stuck.folder, 'manifest.json')
    const text = readFileSync(path, 'utf8')
    // Without the fault that it failed by, and said to be a program's.
    const healthy = (kind: string): string => {
      const manifest = JSON.parse(text) as { failure: object; specification: object; files?: unknown; sha256?: string }
      return JSON.stringify({ ...manifest, script: null, files: undefined, sha256: undefined, failure: { ...manifest.failure, kind }, specification: { ...manifest.specification, faults: [] } })
    }
    try {
      writeFileSync(path, healthy('liveness'))
      await expect(replay(stuck.folder, { workers: 1, cwd })).rejects.toThrow(NondeterminismError)
      writeFileSync(path, healthy('crash'))
      await expect(replay(stuck.folder, { workers: 1, cwd })).rejects.toThrow('events.ndjson')
    } finally {
      writeFileSync(path, text)
    }
  })

  it('is not what a full disk leaves', async () => {
    const script = 'full.yaml'
    writeFileSync(join(cwd, script), `${common}rounds: { kind: synchronous, count: 3 }\n`)
    const { specification } = await loadSpecification(script, cwd)
    const full = { ...realDisk, append: (path: string, content: string | Uint8Array) => {
      if (path.endsWith('ledger.ndjson') && content.length > 0) throw Object.assign(new Error('no'), { code: 'ENOSPC' })
      realDisk.append(path, content)
    } }
    const { conduct } = await import('../../../src/runs/simulate.js')
    await expect(conduct(specification, { seed: 7, workers: 1, out: join(cwd, 'full'), cwd }, { disk: full })).rejects.toThrow(StorageError)
    expect(readManifest(join(cwd, 'full'), realDisk)).toMatchObject({ status: 'failed' })
    expect(readManifest(join(cwd, 'full'), realDisk).failure).toBeUndefined()
  })
})
