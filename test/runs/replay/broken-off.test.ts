import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import { NondeterminismError } from '../../../src/errors.js'
import type { FlightEvent } from '../../../src/record/event.js'
import { type Disk, realDisk } from '../../../src/runs/disk.js'
import { sha256 } from '../../../src/runs/hash.js'
import { loadSpecification } from '../../../src/runs/load.js'
import { type Manifest, manifestText, readManifest } from '../../../src/runs/manifest.js'
import { replay } from '../../../src/runs/replay/replay.js'
import { sealed } from '../../../src/runs/seal.js'
import { conduct } from '../../../src/runs/simulate.js'
import { asynchronous, crash, deadline, delay, fedAvg, lose, mlp, ms, named, seconds, sgd, simulation, type Specification } from '../../../src/simulation/script.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-broken-off-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const tiny = {
  world: storefronts({ scenarios: 3, impressions: 90, users: 20, items: 10 }),
  model: mlp({ hidden: [2] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
}
const stormy = simulation({
  ...tiny, rounds: deadline({ count: 3, after: seconds(20), quorum: 1 }), delivery: { acknowledge: true }, network: { up: 100_000, latency: ms(30) }, checkpoint: {},
  faults: [
    lose({ from: 'client' }, { probability: 0.2 }), delay({ to: 'client' }, { by: ms(70), probability: 0.5 }),
    crash(named('aggregator'), { at: ms(400), restartAfter: ms(50), keeps: 'checkpoint' }),
  ],
} as Specification)

/** Breaks a run off at the nth event; how many there were of each kind by then. */
const brokenOff = async (name: string, specification: Specification, at: number): Promise<{ folder: string; last: FlightEvent['kind'] | undefined }> => {
  const [folder, stop] = [join(cwd, name), new AbortController()]
  let [events, last]: [number, FlightEvent['kind'] | undefined] = [0, undefined]
  if (at === 0) stop.abort()
  const { status } = await conduct(specification, { seed: 7, engine: 'surrogate', workers: 1, out: folder, cwd, signal: stop.signal, jobs: 'none' }, {
    onEvent({ kind }) {
      if (++events !== at) return
      last = kind
      stop.abort()
    },
  })
  expect(status).toBe('interrupted')
  return { folder, last }
}

const replayed = (folder: string) => replay(folder, { workers: 1, cwd })

describe('a run that was interrupted', () => {
  it.each([['in rounds', stormy], ['without rounds', simulation({ ...tiny, rounds: asynchronous({ count: 8 }), faults: [] })]])(
    'leaves the same rows flown again, wherever it was broken off: %s', async (name, specification) => {
      let total = 0
      await conduct(specification, { seed: 7, engine: 'surrogate', workers: 1, cwd }, { onEvent: () => void total++ })
      const after = new Set<unknown>()
      for (let at = 0; at < total - 8; at += Math.max(1, Math.floor(total / 60))) {
        const { folder, last } = await brokenOff(`${name}-${at}`, specification, at)
        after.add(last)
        const { numbers, entire, notes, notCompared } = await replayed(folder)
        expect([at, numbers, entire]).toEqual([at, 'same', false])
        expect(notes[0]).toMatch(/^the run is interrupted: all that it left, until [\d:.]+ s? ?of virtual time, was compared, and nothing of what would have come$/)
        expect(notCompared.filter((field) => ['rounds', 'selectedRound'].includes(field))).toEqual([])
        rmSync(folder, { recursive: true })
      }
      expect(after.size).toBeGreaterThan(5)
    }, 120_000)

  it('also where it went on for steps that tell nothing: of what was given up it was not compared how far it had come', async () => {
    // The clock is stopped by a link, whose own timers tell nothing.
    writeFileSync(join(cwd, 'quiet.mjs'), `
      const { link: _, ...own } = ${JSON.stringify({ ...stormy, faults: [] })}
      export default { ...own, link(envelopes, { scheduler, usual }) {
        for (let at = 1; at < 400; at += 3) scheduler.schedule(() => globalThis.brokenOffAt?.(at), 1000 * at + (at % 7))
        return usual(envelopes)
      } }`)
    const { specification, script } = await loadSpecification('quiet.mjs', cwd)
    const hook = globalThis as { brokenOffAt?: ((at: number) => void) | undefined }
    let moved = 0
    for (let when = 1; when < 300; when += 30) {
      const [folder, stop] = [join(cwd, `quiet-${when}`), new AbortController()]
      hook.brokenOffAt = (at) => void (at === when && stop.abort())
      await conduct(specification, { seed: 7, engine: 'surrogate', workers: 1, out: folder, cwd, signal: stop.signal, jobs: 'none', script }, {})
      hook.brokenOffAt = undefined
      const { numbers, notes, notCompared } = await replayed(folder)
      expect([when, numbers]).toEqual([when, 'same'])
      if (!notes.some((note) => note.includes('on it tells nothing'))) continue
      moved++
      expect(notes.join()).toMatch(/of \d+ messages that were given up it was not compared when that was, nor how many of their bytes had left/)
      expect(notCompared).toContain('virtualTime')
      // What such a message was is compared all the same.
      const ledger = readFileSync(join(folder, 'ledger.ndjson'), 'utf8')
      const forged = rewritten(folder, 'ledger.ndjson', () => ledger.replace(/("fate":"lost"[^]*)$/, (end) => end.replace('lost', 'late')))
      if (ledger.includes('"fate":"lost"')) await expect(replayed(forged)).rejects.toThrow(/^ledger\.ndjson:\d+ is not what was flown/)
    }
    expect(moved).toBeGreaterThan(3)
  }, 60_000)
})

/** Rows of a file changed, one at a time, as an attacker would who makes hashes anew. */
const rewritten = (folder: string, file: string, change: (text: string) => string): string => {
  const planted = join(cwd, 'planted')
  rmSync(planted, { recursive: true, force: true })
  cpSync(folder, planted, { recursive: true })
  const text = change(readFileSync(join(folder, file), 'utf8'))
  writeFileSync(join(planted, file), text)
  const manifest = readManifest(planted, realDisk)
  if (manifest.files !== undefined) {
    writeFileSync(join(planted, 'manifest.json'), manifestText(sealed(manifest, { ...manifest.files, [file]: { sha256: sha256(text), bytes: Buffer.byteLength(text) } })))
  }
  return planted
}

const files = ['events', 'ledger', 'trainings', 'metrics', 'rounds'].map((name) => `${name}.ndjson`)
const lines = (text: string): string[] => text.split('\n').slice(0, -1)
const joined = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')
const edits: Readonly<Record<string, (all: string[], i: number) => string[]>> = {
  changed: (all, i) => all.with(i, all[i].replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10))),
  removed: (all, i) => all.toSpliced(i, 1),
  invented: (all, i) => all.toSpliced(i, 0, all[i]),
}

describe.each(['interrupted', 'running'] as const)('rows of a run that is %s', (status) => {
  const folder = join(cwd, `honest-${status}`)
  beforeAll(async () => {
    let closed = 0
    let events = 0
    const stop = new AbortController()
    // A process that is killed writes nothing from there on.
    const gone = (): boolean => status === 'running' && closed >= 2 && events >= 150
    const disk: Disk = {
      ...realDisk,
      append: (path, content) => (gone() ? undefined : realDisk.append(path, content)),
      replace: (path, content) => (gone() ? undefined : realDisk.replace(path, content)),
    }
    await conduct(stormy, { seed: 7, engine: 'surrogate', workers: 1, out: folder, cwd, signal: stop.signal, jobs: 'none' }, {
      disk,
      onEvent({ kind }) {
        events++
        if (kind === 'round-close') closed++
        if (status === 'interrupted' && closed === 2 && kind === 'trained') stop.abort()
      },
    })
    expect(readManifest(folder, realDisk).status).toBe(status)
  })

  it('are all compared, and what cannot be is named', async () => {
    const { numbers, entire, notes, notCompared } = await replayed(folder)
    expect({ numbers, entire }).toEqual({ numbers: 'same', entire: false })
    if (status === 'interrupted') expect(notCompared).not.toContain('digest')
    else {
      expect(notes.join()).toMatch(/the run is running: it was compared as far as its rows go \(events\.ndjson \d+, ledger\.ndjson \d+, trainings\.ndjson \d+, metrics\.ndjson \d+, rounds\.ndjson 2\)/)
    }
  })

  it.each(files.flatMap((file) => Object.keys(edits).map((edit) => [file, edit] as const)))('%s, one of them %s: the first that differs is named', async (file, edit) => {
    const { length } = lines(readFileSync(join(folder, file), 'utf8'))
    for (const place of [0, Math.floor(length / 3), length - 1]) {
      // Without its last row a file of a run that was killed is as it was a moment before.
      if (status === 'running' && edit === 'removed' && place === length - 1) continue
      const planted = rewritten(folder, file, (text) => joined(edits[edit](lines(text), place)))
      const error = await replayed(planted).then(() => undefined, (thrown: unknown) => thrown as Error)
      expect([place, error]).toEqual([place, expect.any(NondeterminismError)])
      expect(error!.message).toMatch(file === 'events.ndjson' ? /^The first event that differs is number \d+/ : new RegExp(`^${file}:\\d+ is not what was flown:\n {2}it says`))
    }
  }, 60_000)

  it.runIf(status === 'interrupted').each<[string, (manifest: Manifest) => Partial<Manifest>]>([
    ['digest', () => ({ digest: 'f'.repeat(64) })], ['rounds.closed', () => ({ rounds: { closed: 3, aborted: 0 } })],
    ['selectedRound', ({ selectedRound }) => ({ selectedRound: selectedRound! + 1 })], ['digests.events', ({ digests }) => ({ digests: { ...digests!, events: 'f'.repeat(64) } })],
  ])('%s of its manifest is compared too', async (path, change) => {
    const planted = rewritten(folder, 'events.ndjson', (text) => text)
    const manifest = readManifest(planted, realDisk)
    writeFileSync(join(planted, 'manifest.json'), manifestText(sealed({ ...manifest, ...change(manifest) }, manifest.files!)))
    await expect(replayed(planted)).rejects.toThrow(`manifest.json: ${path} is not what was flown`)
  })

  it.runIf(status === 'running')('whose last was cut off is the beginning of the next', async () => {
    const cut = rewritten(folder, 'ledger.ndjson', (text) => text.slice(0, -9))
    const { notes } = await replayed(cut)
    expect(notes).toContain('the last row of ledger.ndjson was cut off')
    const other = rewritten(folder, 'ledger.ndjson', (text) => `${text.slice(0, -9)}x`)
    await expect(replayed(other)).rejects.toThrow(/^ledger\.ndjson:\d+ is not what was flown/)
  })
})
