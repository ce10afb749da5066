import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { storefronts } from '../../../scenarios/index.js'
import { exitCodes, NondeterminismError, SpecificationError } from '../../../src/errors.js'
import { manifestText, readManifest, type Manifest } from '../../../src/runs/manifest.js'
import { realDisk } from '../../../src/runs/disk.js'
import type { FlightEvent } from '../../../src/record/event.js'
import { gather } from '../../../src/runs/comparison/gather.js'
import { jobsFile } from '../../../src/runs/jobs/job-log.js'
import { replay } from '../../../src/runs/replay/replay.js'
import { examine, sealed } from '../../../src/runs/seal.js'
import { simulate } from '../../../src/runs/simulate.js'
import { deadline, fedAvg, lose, minutes, mlp, sgd, simulation } from '../../../src/simulation/script.js'
import { say } from '../../cli/console.js'

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
    const content = readFileSync(join(from, name))
    writeFileSync(join(to, name), name === file ? edit(content.toString('utf8')) : content)
  }
  return to
}

/** A copy with another manifest, which vouches for itself again where `seals`: whoever forges one can do that too. */
const editedManifest = (from: string, change: (manifest: Manifest) => Partial<Manifest>, seals = true): string =>
  edited(from, 'manifest.json', (text) => {
    const manifest = JSON.parse(text) as Manifest
    const changed = { ...manifest, ...change(manifest) }
    return manifestText(seals && changed.files ? sealed(changed, changed.files) : changed)
  })

/** The same folder, whose manifest vouches for what is in a file now. */
const vouched = (folder: string, file: string): string => {
  const content = readFileSync(join(folder, file))
  const hash = createHash('sha256').update(content).digest('hex')
  return editedManifest(folder, (now) => ({ files: { ...now.files, [file]: { sha256: hash, bytes: content.length } } }))
}

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
    expect(again).toMatchObject({ numbers: 'same', entire: true, notes: [] })
    expect(again.digest).toBe(digest)
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
    expect(again).toMatchObject({ numbers: 'within tolerance', entire: false })
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

  it('shows of an interrupted run the rounds that it showed itself, wherever it was broken off', async () => {
    for (const at of [8, 12, 16, 20, 24, 28]) {
      const [stop, cut] = [new AbortController(), join(cwd, `cut-${at}`)]
      const [live, again]: number[][] = [[], []]
      let events = 0
      const flight = simulate(tiny, { seed: 7, engine: 'surrogate', out: cut, cwd, signal: stop.signal })
      flight.events$.subscribe((event) => {
        if (event.kind === 'round-close') live.push(event.row.round)
        if (++events === at) stop.abort()
      })
      expect((await flight).status).toBe('interrupted')
      await replay(cut, { workers: 1, cwd }, { onEvent: (event) => (event.kind === 'round-close' ? again.push(event.row.round) : undefined) })
      expect([at, again]).toEqual([at, live])
    }
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
    expect(again).toMatchObject({ numbers: 'same', entire: false })
    expect(again.events).toBeGreaterThan(5)
    expect(again.notCompared).toEqual(expect.not.arrayContaining(['rounds', 'faults', 'digest']))
    expect(again.notes.join()).toContain('the run is interrupted: all that it left')
    // What it says of its beginning is compared all the same.
    for (const [path, change] of [
      ['name', () => ({ name: 'other' })],
      ['world.split', ({ world }: Manifest) => ({ world: { ...world, split: 'by magic' } })],
      ['checks.0', ({ checks }: Manifest) => ({ checks: ['once', ...checks!] })],
    ] as [string, (manifest: Manifest) => Partial<Manifest>][]) {
      await expect(replay(editedManifest(join(cwd, 'cut'), change), { workers: 1, cwd })).rejects.toThrow(`manifest.json: ${path} is not what was flown`)
    }
  })

  it('needs the script for what was a function, when there is none to take it from', async () => {
    const planted = editedManifest(folder, () => ({ functions: ['model'] }))
    await expect(replay(planted, { cwd })).rejects.toThrow('the run has functions (model) and no script to take')
  })
})

describe('a run that was tampered with', () => {
  const folder = join(cwd, 'honest')
  /** Without training: what is compared is what the files say. */
  beforeAll(() => simulate({ ...tiny, evaluate: { answers: true } }, { seed: 3, engine: 'surrogate', workers: 1, out: folder, cwd }))

  const lines = (text: string): string[] => text.split('\n').slice(0, -1)
  const joined = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')
  const edits: Readonly<Record<string, (all: string[]) => string[]>> = {
    changed: (all) => all.with(2, all[2].replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10))),
    removed: (all) => all.filter((_, i) => i !== 1),
    invented: (all) => [...all, all[0]],
    swapped: (all) => [all[1], all[0], ...all.slice(2)],
    emptied: () => [],
  }
  const files = ['ledger', 'trainings', 'rounds', 'metrics'].map((name) => `${name}.ndjson`)

  it.each(files.flatMap((file) => Object.keys(edits).map((edit) => [file, edit] as const)))(
    '%s, rows %s: replay names the first that differs, verify and tables refuse it',
    async (file, edit) => {
      const planted = edited(folder, file, (text) => joined(edits[edit](lines(text))))
      await expect(replay(planted, { workers: 1, cwd })).rejects.toThrow(new RegExp(`^${file}:\\d+ is not what was flown:\n  it says`))
      expect(examine(planted, realDisk).broken).toEqual([{ file, why: 'is not what the run wrote' }])
      if (file === 'metrics.ndjson' || file === 'rounds.ndjson') {
        expect(() => gather([planted], { metric: 'auc', at: 'last' }, realDisk)).toThrow(`${file} is not what the run wrote`)
      }
      // Nor does it help to vouch for it.
      const forged = vouched(planted, file)
      expect(examine(forged, realDisk).broken).toEqual([])
      await expect(replay(forged, { workers: 1, cwd })).rejects.toThrow(`${file}:`)
    },
  )

  it.each<[string, (manifest: Manifest) => Partial<Manifest>]>([
    ['digest', () => ({ digest: 'f'.repeat(64) })],
    ['virtualTime', ({ virtualTime }) => ({ virtualTime: virtualTime! + 1 })],
    ['rounds.closed', () => ({ rounds: { closed: 2, aborted: 1 } })],
    ['selectedRound', ({ selectedRound }) => ({ selectedRound: selectedRound! + 1 })],
    ['reached', () => ({ reached: 2 })],
    ['faults.0.fired', ({ faults }) => ({ faults: faults!.map((fault) => ({ ...fault, fired: fault.fired + 1 })) })],
    ['faults.0', () => ({ faults: [] })],
    ['warnings.0', () => ({ warnings: ['made up'] })],
    ['world.split', ({ world }) => ({ world: { ...world, split: 'by magic' } })],
    ['world.scenarios.0.rows.train', ({ world }) => ({
      world: { ...world, scenarios: world.scenarios.map((one) => ({ ...one, rows: { ...one.rows, train: 1e6 } })) },
    })],
    ['name', () => ({ name: 'other' })],
    ['start', () => ({ start: { file: 'model', sha256: 'f', run: 'other', round: 1 } })],
  ])('manifest.json: %s, although the manifest vouches for it', async (path, change) => {
    const planted = editedManifest(folder, change)
    expect(examine(planted, realDisk).broken).toEqual([])
    await expect(replay(planted, { workers: 1, cwd })).rejects.toThrow(`manifest.json: ${path} is not what was flown:\n  it says`)
    const plain = editedManifest(folder, change, false)
    expect(examine(plain, realDisk).broken).toEqual([{ file: 'manifest.json', why: 'is not what the run wrote' }])
  })

  it('in answers, in bytes that are no rows, or by a file that is gone', async () => {
    const answers = edited(folder, '', (text) => text)
    const bytes = readFileSync(join(folder, 'answers.safetensors'))
    bytes[bytes.length - 1] ^= 1
    writeFileSync(join(answers, 'answers.safetensors'), bytes)
    await expect(replay(answers, { workers: 1, cwd })).rejects.toThrow('answers.safetensors is not what was flown.')
    realDisk.remove(join(answers, 'answers.safetensors'))
    await expect(replay(answers, { workers: 1, cwd })).rejects.toThrow('answers.safetensors is missing.')
    const half = edited(folder, 'ledger.ndjson', (text) => `${text}{"id":`)
    await expect(replay(half, { workers: 1, cwd })).rejects.toThrow(/^ledger\.ndjson:\d+ is not what was flown:\n {2}it says {3}{"id":\n/)
    for (const file of [...files, 'events.ndjson']) {
      const cut = vouched(edited(folder, file, (text) => text.slice(0, -1)), file)
      await expect(replay(cut, { workers: 1, cwd })).rejects.toThrow(new RegExp(`^${file}:\\d+ is not what was flown: its line has no end`))
    }
    realDisk.makeFolder(join(answers, 'answers.safetensors'))
    await expect(replay(answers, { workers: 1, cwd })).rejects.toThrow('answers.safetensors cannot be read (EISDIR)')
  })

  it.each([
    ['spaces', (text: string) => text.replaceAll('\n', '\r\n')],
    ['the text on one line', (text: string) => JSON.stringify(JSON.parse(text))],
    ['a field that is written twice', (text: string) => text.replace(/^ {2}"seed": /m, '  "seed": "other",\n$&')],
    ['lines at the end', (text: string) => `${text}\n`],
  ])('in %s of the manifest, which leave what it says as it is', async (_, change) => {
    const planted = edited(folder, 'manifest.json', change)
    expect(readFileSync(join(planted, 'manifest.json'), 'utf8')).not.toBe(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    expect(examine(planted, realDisk).broken).toEqual([{ file: 'manifest.json', why: 'is not written as the run wrote it' }])
    await expect(replay(planted, { workers: 1, cwd })).rejects.toThrow('manifest.json is not written as the run wrote it')
  })

  it('in a length of a file alone, which it vouches for, too', async () => {
    const planted = editedManifest(folder, ({ files: now }) => ({ files: { ...now, 'ledger.ndjson': { ...now!['ledger.ndjson'], bytes: 1 } } }))
    expect(examine(planted, realDisk).broken).toEqual([{ file: 'ledger.ndjson', why: 'is not what the run wrote' }])
    await expect(replay(planted, { workers: 1, cwd })).rejects.toThrow('ledger.ndjson is not what the run wrote')
  })

  it('in what it no longer says, which every run does', async () => {
    for (const name of ['marks', 'coverage', 'checks'] as const) {
      const planted = editedManifest(folder, () => ({ [name]: undefined }))
      await expect(replay(planted, { workers: 1, cwd })).rejects.toThrow(`manifest.json: ${name} is not what was flown`)
    }
  })

  it('in its seed, before anything is flown', async () => {
    const planted = editedManifest(folder, () => ({ seed: '4' }))
    await expect(replay(planted, { workers: 1, cwd })).rejects.toThrow(
      'manifest.json is not what a run writes: seeds.world is "3/world", and its seed and specification give "4/world".')
  })

  it('in what no flight can say: that must have its shape', async () => {
    const wrong: [object, string][] = [
      [{ spent: { realSeconds: 1, cpuSeconds: -5 } }, 'spent.cpuSeconds must be at least 0, got -5'],
      [{ spent: { realSeconds: 'one', cpuSeconds: 5 } }, 'spent.realSeconds must be a number'],
      [{ workers: 1e9 }, 'workers must be at most'],
      [{ resumed: { times: 0, recalled: 0, done: 0 } }, 'resumed.times must be at least 1'],
      [{ study: { name: 's', condition: 'c', variant: 'v', rank: 1 } }, 'study.rank is not a field'],
      [{ versions: { node: '20.1.0', author: 'me' } }, 'versions.author is not a field'],
      [{ settings: ['nothing'] }, 'settings.0 cannot be "nothing"'],
      [{ script: { file: 'x', sha256: 'y', by: 'me' } }, 'script.by is not a field'],
    ]
    for (const [change, words] of wrong) {
      await expect(replay(editedManifest(folder, () => change), { workers: 1, cwd })).rejects.toThrow(words)
    }
    const said = await say(['replay', folder, '--workers', '1'], cwd)
    expect(said).toMatchObject({ code: exitCodes.ok })
    expect(said.out).toContain('note: of manifest.json, workers, script, settings, versions, processor, study, spent, jobLog, resumed are what the run says of itself: not compared')
    const told = JSON.parse((await say(['replay', folder, '--workers', '1', '--json'], cwd)).out) as { notCompared: string[] }
    expect(told.notCompared).toEqual(['workers', 'script', 'settings', 'versions', 'processor', 'study', 'spent', 'jobLog', 'resumed'])
  })

  it('in a field that no run writes, or a file that is vouched for and is none of the run', async () => {
    const added = editedManifest(folder, () => ({ author: 'me' }) as Partial<Manifest>)
    await expect(replay(added, { workers: 1, cwd })).rejects.toThrow('manifest.json: "author" is no field that a run writes')
    const listed = editedManifest(folder, ({ files: now }) => ({ files: { ...now, 'notes.txt': { sha256: '', bytes: 0 } } }))
    await expect(replay(listed, { workers: 1, cwd })).rejects.toThrow('files names notes.txt, which the flight does not write')
  })

  it.each([...files, 'events.ndjson', 'answers.safetensors'])('in a manifest that does not vouch for %s', async (file) => {
    const planted = editedManifest(folder, ({ files: now }) => ({ files: { ...now, [file]: undefined! } }))
    expect(examine(planted, realDisk).broken).toEqual([{ file, why: 'is not vouched for' }])
    await expect(replay(planted, { workers: 1, cwd })).rejects.toThrow(`${file} is not vouched for`)
  })

  it('by files beside its own: nothing differs, and not all is of the run', async () => {
    const planted = edited(folder, '', (text) => text)
    writeFileSync(join(planted, '.DS_Store'), '')
    expect(await say(['verify', planted], cwd)).toMatchObject({ code: exitCodes.ok })
    writeFileSync(join(planted, 'notes.txt'), 'mine')
    const verified = await say(['verify', planted], cwd)
    expect(verified.code).toBe(exitCodes.partly)
    expect(verified.err).toContain('7 files, all as they were written; notes.txt is not of the run')
    const replayed = await say(['replay', planted, '--workers', '1'], cwd)
    expect(replayed.code).toBe(exitCodes.partly)
    expect(replayed.out).toContain('note: notes.txt is not of the run')
  })

  it.each(['manifest.json', 'ledger.ndjson', 'metrics.ndjson', 'answers.safetensors'])('by a device in place of %s, which has no end', async (file) => {
    const planted = edited(folder, '', (text) => text)
    realDisk.remove(join(planted, file))
    symlinkSync('/dev/zero', join(planted, file))
    for (const command of ['verify', 'replay']) {
      const said = await say([command, planted, '--quiet'], cwd)
      expect([command, said.code]).toEqual([command, exitCodes.storage])
      expect(said.err).toContain(file)
    }
  })

  it('is never compared more softly without a word', async () => {
    const unsealed = editedManifest(folder, () => ({ files: undefined, sha256: undefined }), false)
    expect(await replay(unsealed, { workers: 1, cwd })).toMatchObject({
      numbers: 'same', entire: false, notes: ['nobody vouches for the files: its manifest holds no hashes'],
    })
    expect(await say(['replay', unsealed, '--quiet'], cwd)).toMatchObject({ code: exitCodes.partly })
    const running = editedManifest(folder, () => ({ status: 'running', files: undefined, sha256: undefined }), false)
    expect(await say(['replay', running], cwd)).toMatchObject({ code: exitCodes.partly, err: '' })
    expect(await say(['verify', running], cwd)).toMatchObject({
      code: exitCodes.partly, err: expect.stringContaining('it was not ended, or is still flown') as string,
    })
    const undigested = editedManifest(unsealed, () => ({ digests: undefined, digest: undefined }), false)
    await expect(replay(undigested, { workers: 1, cwd })).rejects.toThrow('manifest.json: digests is not what was flown')
  })

  it('verifies all runs below a folder', async () => {
    const { code, out } = await say(['verify', folder], cwd)
    expect([code, out]).toEqual([0, 'honest: 7 files, all as they were written\n'])
    const planted = edited(folder, 'metrics.ndjson', (text) => text.replace('0.', '1.'))
    const { code: wrong, err } = await say(['verify', folder, planted], cwd)
    expect(wrong).toBe(exitCodes.storage)
    expect(err).toMatch(/^copy-\d+: metrics\.ndjson is not what the run wrote\n$/)
    const told = JSON.parse((await say(['verify', folder, '--json'], cwd)).out) as { runs: { run: string; sound: string[] }[] }
    expect(told.runs[0]).toMatchObject({ run: 'honest', status: 'complete', broken: [] })
    expect((await say(['verify', 'nowhere'], cwd)).code).toBe(exitCodes.storage)
  })
})

describe('a full disk', () => {
  it('ends the flight early, with what was flown', async () => {
    const { conduct } = await import('../../../src/runs/simulate.js')
    let room = 4
    const disk = {
      ...realDisk,
      append(path: string, text: string | Uint8Array) {
        if (text !== '' && !path.endsWith(jobsFile) && room-- <= 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
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
