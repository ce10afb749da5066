import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import { exitCodes } from '../../src/errors.js'
import type { Manifest } from '../../src/runs/manifest.js'
import { sealed } from '../../src/runs/seal.js'
import { simulate } from '../../src/runs/simulate.js'
import type { Specification } from '../../src/simulation/specification.js'
import { say, type Said } from '../cli/console.js'
import { cases } from './cases.js'
import { mutated, mutation, type Mutation } from './mutations.js'
import { wrongWith } from './said.js'
import type { Data } from './sound.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-fuzz-runs-'))
const files = ['manifest.json', 'ledger.ndjson', 'metrics.ndjson', 'rounds.ndjson', 'trainings.ndjson', 'events.ndjson'] as const
type File = (typeof files)[number]

const tiny: Specification = {
  name: 'tiny',
  world: { kind: 'storefronts', scenarios: 2, impressions: 40, users: 20, items: 10 },
  model: { kind: 'mlp', hidden: [3], embedding: 1 },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'deadline', count: 2, after: 60e6 },
  faults: [{ kind: 'lose', link: { from: 'client' }, probability: 0.3 }],
}

beforeAll(async () => {
  const others: Specification = { ...tiny, strategy: { kind: 'fedprox', mu: 0.1 } }
  for (const [i, specification] of [tiny, others].entries()) {
    await simulate(specification, { seed: 1, engine: 'surrogate', workers: 1, out: join(cwd, `sound-${i + 1}`), cwd })
  }
})

/** What is done to one file of a run's folder. */
type Change = { readonly file: File } & (
  | { readonly what: 'cut'; readonly at: number }
  | { readonly what: 'bytes'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly what: 'swap'; readonly by: File }
  | { readonly what: 'rows'; readonly mutations: readonly Mutation[]; readonly row: number }
  | { readonly what: 'remove' | 'empty' | 'folder' | 'other run' }
)

const at = fc.nat(100_000)
const mutations = fc.array(mutation, { minLength: 1, maxLength: 2 })
const file = fc.oneof({ weight: 5, arbitrary: fc.constant(files[0]) }, { weight: 5, arbitrary: fc.constantFrom(...files) })
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ file, what: fc.constant('cut' as const), at }),
  fc.record({ file, what: fc.constant('bytes' as const), at, bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }) }),
  fc.record({ file, what: fc.constant('swap' as const), by: fc.constantFrom(...files) }),
  { weight: 6, arbitrary: fc.record({ file, what: fc.constant('rows' as const), mutations, row: at }) },
  fc.record({ file, what: fc.constantFrom('remove' as const, 'empty' as const, 'folder' as const, 'other run' as const) }),
)

const row = (line: string, changes: readonly Mutation[]): string => JSON.stringify(mutated(JSON.parse(line) as Data, changes))

const written = (text: string, one: Change, folder: string): string | Uint8Array => {
  switch (one.what) {
    case 'cut':
      return text.slice(0, one.at % text.length)
    case 'bytes': {
      const bytes = Buffer.from(text)
      bytes.set(one.bytes, one.at % (bytes.length - one.bytes.length))
      return bytes
    }
    case 'swap':
      return readFileSync(join(folder, one.by))
    case 'rows': {
      if (one.file === 'manifest.json') return row(text, one.mutations)
      const lines = text.split('\n')
      const place = one.row % (lines.length - 1)
      return lines.map((line, i) => (i === place ? row(line, one.mutations) : line)).join('\n')
    }
    default:
      return ''
  }
}

/** The folder of a run with a change; false if nothing has changed. `seals`: the manifest vouches for what is there now. */
const tamper = (folder: string, one: Change, seals: boolean): boolean => {
  rmSync(folder, { recursive: true, force: true })
  cpSync(join(cwd, 'sound-1'), folder, { recursive: true })
  const path = join(folder, one.file)
  const before = readFileSync(path)
  if (one.what === 'remove' || one.what === 'folder') {
    rmSync(path)
    if (one.what === 'folder') mkdirSync(path)
    return true
  }
  const now = one.what === 'other run' ? readFileSync(join(cwd, 'sound-2', one.file)) : written(before.toString(), one, folder)
  writeFileSync(path, now)
  if (seals) reseal(folder)
  return !readFileSync(path).equals(before)
}

/** What somebody does who forges a manifest too, as far as it can be read. */
const reseal = (folder: string): void => {
  try {
    const path = join(folder, 'manifest.json')
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
    if (manifest.files !== undefined) writeFileSync(path, JSON.stringify(sealed(manifest, manifest.files)))
  } catch {
    // What is no manifest is left as it is.
  }
}

const commands = (folder: string): Record<string, readonly string[]> => ({
  show: ['show', folder],
  count: ['show', folder, '--count-as', 'flower'],
  verify: ['verify', folder],
  compare: ['compare', folder, join(cwd, 'sound-2'), '--metric', 'log-loss'],
  replay: ['replay', folder, '--quiet', '--workers', '1'],
})

const told = ({ code, out, err }: Said): string | undefined => {
  if (code === exitCodes.crash) return `a crash: ${err.slice(0, 2_000)}`
  const wrong = wrongWith(err) ?? wrongWith(out)
  return wrong === undefined ? undefined : `${wrong}: ${err.slice(0, 2_000)}`
}

describe('folders of runs that are not as they were written', () => {
  it('are what the commands take where nothing was changed', async () => {
    for (const argv of Object.values(commands(join(cwd, 'sound-1')))) expect(await say(argv, cwd)).toMatchObject({ code: 0, err: '' })
  })

  it('are told to be so by verify, and never taken for the run by replay: without a stack, with another exit code', async () => {
    const folder = join(cwd, 'changed')
    await fc.assert(
      fc.asyncProperty(change, fc.boolean(), async (one, seals) => {
        const differs = tamper(folder, one, seals)
        const { show, count, verify, compare, replay } = commands(folder)
        const said = { show: await say(show, cwd), count: await say(count, cwd), verify: await say(verify, cwd), compare: await say(compare, cwd), replay: await say(replay, cwd) }
        for (const [command, what] of Object.entries(said)) {
          const wrong = told(what)
          expect(wrong === undefined ? undefined : `${command}: ${wrong}`).toBeUndefined()
        }
        if (!differs) return
        // A manifest that was forged as a whole is found by flying, not by its own hash.
        if (!seals) expect(said.verify.code).not.toBe(exitCodes.ok)
        if (!seals) expect(said.show.code).not.toBe(exitCodes.ok)
        if (one.file !== 'manifest.json') expect(said.verify.code).not.toBe(exitCodes.ok)
        if (!seals || one.file !== 'manifest.json') expect(said.replay.code).not.toBe(exitCodes.ok)
        if (said.verify.code !== exitCodes.ok) expect(said.verify.err).toContain('changed')
      }),
      cases(90),
    )
  })

  it.each([
    ['a file', 'a-file', 'is no folder'],
    ['nothing', 'nowhere', 'does not exist'],
    ['an empty folder', 'empty', 'holds no run'],
  ])('%s is no run', async (_, name, why) => {
    writeFileSync(join(cwd, 'a-file'), 'mine')
    mkdirSync(join(cwd, 'empty'), { recursive: true })
    const said = await say(['verify', name], cwd)
    expect(said.code).toBe(exitCodes.storage)
    expect(said.err).toContain(why)
  })

  it.each([
    [{ version: 2 }, 'version 2'], [{ format: 'other' }, 'format "other"'], [{ specification: undefined }, 'specification is missing'],
    [{ world: null }, 'world must be a group of fields, got null'], [{ traces: 'none' }, 'traces must be a list, got "none"'],
    [{ seeds: { world: 1 } }, 'seeds.world must be a text, got 1'], [{ functions: [7] }, 'functions.0 must be a text, got 7'],
    [{ status: 'fine' }, 'status cannot be "fine"'], [{ files: { '../../etc/passwd': { sha256: 'x' } } }, 'files'],
    [{ script: { file: 7, sha256: 'x' } }, 'script'], [{ processor: undefined }, 'processor is missing'],
  ])('a manifest with %j is an error of storage with its field', async (fields, why) => {
    const folder = join(cwd, 'fields')
    rmSync(folder, { recursive: true, force: true })
    cpSync(join(cwd, 'sound-1'), folder, { recursive: true })
    const path = join(folder, 'manifest.json')
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...fields }))
    for (const argv of Object.values(commands(folder))) {
      const said = await say(argv, cwd)
      expect(said.code).toBe(exitCodes.storage)
      expect(said.err).toContain(path)
      expect(said.err).toContain(why)
    }
  })
})
