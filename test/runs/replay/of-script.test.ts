import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { exitCodes } from '../../../src/errors.js'
import { realDisk } from '../../../src/runs/disk.js'
import { type Manifest, manifestText, readManifest } from '../../../src/runs/manifest.js'
import { sealed } from '../../../src/runs/seal.js'
import { conduct } from '../../../src/runs/simulate.js'
import type { Specification } from '../../../src/simulation/script.js'
import { say } from '../../cli/console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-of-script-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const tiny = {
  world: { kind: 'storefronts', scenarios: 2, impressions: 60, users: 20, items: 10 }, model: { kind: 'mlp', hidden: [2] }, local: { epochs: 1, batch: 20 },
  strategy: { kind: 'fedavg' }, rounds: { kind: 'deadline', count: 2, after: '10 s', quorum: 1 }, evaluate: { start: false },
}

beforeAll(() => {
  writeFileSync(join(cwd, 'tiny.json'), JSON.stringify(tiny))
  writeFileSync(join(cwd, 'link.mjs'), `import { rounds } from './part.mjs'\nexport default { ...${JSON.stringify(tiny)}, rounds, link: (envelopes, { usual }) => usual(envelopes) }`)
  writeFileSync(join(cwd, 'part.mjs'), `export const rounds = ${JSON.stringify(tiny.rounds)}`)
})

const fly = async (script: string, out: string, ...flags: string[]): Promise<string> => {
  const { code, err } = await say(['run', script, '--engine', 'surrogate', '--workers', '1', '--quiet', '--out', join(cwd, out), ...flags], cwd)
  expect([code, err]).toEqual([0, ''])
  return join(cwd, out)
}

interface Told {
  readonly code: number
  readonly err: string
  readonly notCompared: readonly string[] | undefined
}

const replayed = async (folder: string): Promise<Told> => {
  const { code, out, err } = await say(['replay', folder, '--workers', '1', '--json'], cwd)
  return { code, err, notCompared: out === '' ? undefined : (JSON.parse(out) as { notCompared: string[] }).notCompared }
}

/** The manifest changed, as one does who flies the other thing into the folder. */
const forge = async (folder: string, change: (manifest: Manifest) => Partial<Manifest>): Promise<void> => {
  const manifest = readManifest(folder, realDisk)
  writeFileSync(join(folder, 'manifest.json'), manifestText(sealed({ ...manifest, ...change(manifest) }, manifest.files!)))
}

describe('the script of a run', () => {
  it('and its settings give what was flown', async () => {
    const folder = await fly('tiny.json', 'plain', '--set', 'local.epochs=2', '--seed', '3')
    expect(await replayed(folder)).toMatchObject({ code: 0, notCompared: ['workers', 'versions', 'processor', 'study', 'spent', 'jobLog', 'resumed'] })
    expect((await replayed(await fly('link.mjs', 'functions'))).notCompared).not.toContain('script')
  })

  it('is not said to have given what it does not, though that was flown', async () => {
    // Honest in every row: flown so, and then said to be of another script, and of other settings.
    const specification = { ...tiny, local: { epochs: 3, batch: 20 } } as unknown as Specification
    const script = { file: 'tiny.json', sha256: readManifest(await fly('tiny.json', 'for-its-hash'), realDisk).script!.sha256 }
    await conduct(specification, { seed: 3, engine: 'surrogate', workers: 1, cwd, name: 'tiny', out: join(cwd, 'forged'), script, jobs: 'none' })
    const told = await replayed(join(cwd, 'forged'))
    expect(told.code).toBe(exitCodes.nondeterminism)
    expect(told.err).toContain('manifest.json: specification.local.epochs is not what tiny.json gives:\n  it says  3\n  it gives 1\n')
    const settings = await fly('tiny.json', 'settings', '--set', 'local.epochs=2')
    await forge(settings, () => ({ settings: ['local.epochs=4'] }))
    expect((await replayed(settings)).err).toContain('specification.local.epochs is not what tiny.json --set local.epochs=4 gives:\n  it says  2\n  it gives 4\n')
  })

  it('that imports what has changed since gives something else', async () => {
    const folder = await fly('link.mjs', 'imports')
    // A module is loaded once in a process: what it says is changed where it is read.
    await forge(folder, ({ specification }) => ({ specification: { ...specification, rounds: { ...(specification.rounds as object), late: 'carry' } } }))
    expect(await replayed(folder)).toMatchObject({ code: exitCodes.nondeterminism, err: expect.stringContaining('or what the script imports or asks for was since the run') as string })
  })

  it('is named as not compared where nobody can tell', async () => {
    await conduct(tiny as unknown as Specification, { seed: 3, engine: 'surrogate', workers: 1, cwd, out: join(cwd, 'program'), jobs: 'none' })
    const study = await fly('tiny.json', 'study')
    await forge(study, () => ({ study: { name: 's', condition: 'c', variant: 'v' } }))
    for (const folder of [join(cwd, 'program'), study]) expect((await replayed(folder)).notCompared).toEqual(expect.arrayContaining(['script', 'settings']))
  })
})
