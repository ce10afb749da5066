import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { DataError, NondeterminismError, SpecificationError, StorageError } from '../../src/errors.js'
import { Lab } from '../../src/lab/lab.js'
import { realDisk } from '../../src/runs/disk.js'
import { identityOf } from '../../src/runs/identity.js'
import { readManifest } from '../../src/runs/manifest.js'
import { replay } from '../../src/runs/replay/replay.js'
import { examine } from '../../src/runs/seal.js'
import { type Run, simulate, type SimulateOptions } from '../../src/runs/simulate.js'
import { strategyEntries, strategySchema } from '../../src/federation/strategies/registry.js'
import {
  all, crash, deadline, fedAvg, fedPer, localOnly, lose, minutes, mlp, mmoe, seconds, sgd, star, synchronous, type Specification,
} from '../../src/simulation/script.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-models-'))

const plain = {
  name: 'plain',
  world: storefronts({ scenarios: 3, impressions: 120, users: 30, items: 12 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 2 }),
} satisfies Specification

const fly = (changes: Partial<Specification>, options: SimulateOptions = {}): Promise<Run> =>
  simulate({ ...plain, ...changes }, { seed: 3, engine: 'surrogate', workers: 1, cwd, ...options })

interface Read {
  readonly about: Record<string, string>
  readonly tensors: Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }>
}

/** As the specification of safetensors says, with nothing of the writer's. */
const read = (file: string): Read => {
  const bytes = readFileSync(join(cwd, file))
  const header = 8 + Number(bytes.readBigUInt64LE(0))
  const { __metadata__: about, ...entries } = JSON.parse(bytes.toString('utf8', 8, header)) as Record<string, never>
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const { dtype, shape, data_offsets: [from, to] } = entry as { dtype: string; shape: number[]; data_offsets: [number, number] }
    expect(dtype).toBe('F32')
    const values = Float32Array.from({ length: (to - from) / 4 }, (_, i) => bytes.readFloatLE(header + from + 4 * i))
    return [name, { shape, values }] as const
  })
  return { about, tensors: new Map(tensors) }
}

const scores = ({ metrics }: Run, round: number) =>
  metrics.filter((row) => row.round === round && ['auc', 'log-loss'].includes(row.metric))
    .map(({ scenario, task, split, metric, value }) => `${scenario} ${task} ${split} ${metric} ${value}`)

describe('the models in a run’s folder', () => {
  const kept = { evaluate: { models: true } }
  let run: Run
  beforeAll(async () => {
    run = await fly({ ...kept, rounds: synchronous({ count: 3 }), evaluate: { models: true, on: ['validation'] } }, { out: join(cwd, 'kept') })
  })

  it('are those of the selected and of the last round, once for all where all serve the same, and say whose they are', () => {
    const last = read('kept/model-last.safetensors')
    expect(last.about).toMatchObject({ which: 'last', round: '3', run: run.digest, strategy: 'fedavg', model: 'mmoe', seed: '3' })
    expect(read('kept/model-selected.safetensors').about).toMatchObject({ which: 'selected', round: String(run.selectedRound) })
    expect([...last.tensors.keys()].filter((name) => name.startsWith('client-'))).toEqual([])
    const owned = Object.entries(run.parts).map(([part, values]) => {
      const own = [...last.tensors].filter(([name]) => name.startsWith(`${part}/`))
      return [own.reduce((sum, [, { values: { length } }]) => sum + length, 0), values.length]
    })
    expect(owned).toHaveLength(3)
    for (const [filed, held] of owned) expect(filed).toBe(held)
    const expert = [...last.tensors].filter(([name]) => name.startsWith('expert-2/')).flatMap(([, { values }]) => [...values])
    expect(expert).toEqual([...run.parts['expert-2']])
    for (const { shape, values } of last.tensors.values()) expect(values.length).toBe(shape.reduce((a, b) => a * b, 1))
    const layout = JSON.parse(last.about.layout) as { name: string }[]
    expect(layout.every(({ name }) => [...last.tensors.keys()].some((held) => held.endsWith(`/${name}`)))).toBe(true)
  })

  it('hold what each client keeps to itself', async () => {
    const own = await fly({ ...kept, strategy: fedPer() }, { out: join(cwd, 'own') })
    const { tensors } = read('own/model-last.safetensors')
    const names = [...tensors.keys()]
    const towers = names.filter((name) => name.includes('tower'))
    expect(towers.length).toBeGreaterThan(0)
    for (const name of towers) expect(name).toMatch(/^client-[^/]+\/trunk\//)
    expect(new Set(towers.map((name) => name.split('/')[0]))).toEqual(new Set(Object.keys(own.personal)))
    const flat = [...own.personal[towers[0].split('/')[0]]].join()
    expect(flat).toContain([...tensors.get(towers[0])!.values].join())
  })

  it('are written only where asked for, sealed and compared by a replay', async () => {
    const without = await fly({}, { out: join(cwd, 'without') })
    expect(realDisk.list(join(cwd, 'without')).filter((file) => file.startsWith('model-'))).toEqual([])
    const also = await fly(kept)
    expect(also.digest).toBe(without.digest)
    const folder = join(cwd, 'kept')
    expect(Object.keys(readManifest(folder, realDisk).files!)).toEqual(expect.arrayContaining(['model-selected.safetensors', 'model-last.safetensors']))
    expect(await replay(folder, { workers: 1, cwd })).toMatchObject({ numbers: 'same', entire: true })
    const file = join(folder, 'model-last.safetensors')
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)))
    expect(examine(folder, realDisk).broken).toEqual([{ file: 'model-last.safetensors', why: 'is not what the run wrote' }])
    await expect(replay(folder, { workers: 1, cwd })).rejects.toThrow(NondeterminismError)
    await expect(fly({ start: { from: 'kept', model: 'last' } })).rejects.toThrow(StorageError)
    writeFileSync(file, bytes)
  })

  it('are those of the last round also where it is not scored, and of the last scored round where a run is broken off', async () => {
    const unscored = await fly({ evaluate: { models: true, every: 100, final: false, start: false } })
    expect(unscored.models!.map(({ which, round }) => [which, round])).toEqual([['selected', 2], ['last', 2]])
    const stop = new AbortController()
    const flight = simulate({ ...plain, ...kept }, { seed: 3, engine: 'surrogate', workers: 1, cwd, signal: stop.signal })
    flight.events$.subscribe((event) => {
      if (event.kind === 'trained' && event.round === 2) stop.abort()
    })
    const broken = await flight
    expect([broken.status, ...broken.models!.map(({ round }) => round)]).toEqual(['interrupted', 1, 1])
  })

  it('are refused beforehand where a file would be too large', async () => {
    const world = storefronts({ scenarios: 60, impressions: 20, users: 5, items: 5 })
    await expect(fly({ ...kept, world, strategy: localOnly(), model: mlp({ hidden: [3000, 3000] }) }))
      .rejects.toThrow(/^evaluate\.models: a file of 60 clients with \d+ parameters of their own each would have \d+ MiB/)
  })
})

describe('a run that starts from a model', () => {
  beforeAll(() => fly({ evaluate: { models: true } }, { out: join(cwd, 'common') }))
  const from = (folder: string): Partial<Specification> => ({ start: { from: folder, model: 'last' } })

  const strategies = strategyEntries.map(({ kind }) => strategySchema.parse({ kind }))
  it.each(strategies.map((strategy) => [strategy.kind, strategy] as const))('%s: scores as that one did before it trains, and trains on', async (kind, strategy) => {
    const own = { strategy, ...(kind === 'fedstar' && { model: star({ hidden: [3], embedding: 2 }) }) }
    const first = await fly({ ...own, evaluate: { models: true } }, { out: join(cwd, kind) })
    const again = await fly({ ...own, ...from(kind), rounds: synchronous({ count: 1 }), seeds: { ...first.resolved.seeds, initialisation: 'other' } }, { seed: 4 })
    expect(scores(again, 0)).toEqual(scores(first, 2))
    expect(scores(again, 1)).not.toEqual(scores(first, 2))
    expect(again.warnings.filter((warning) => warning.startsWith('start'))).toEqual([])
  })

  it('with another strategy: what was common is what everybody starts from', async () => {
    const first = await fly({})
    const tuned = await fly({ ...from('common'), strategy: localOnly(), rounds: synchronous({ count: 1 }) }, { out: join(cwd, 'tuned') })
    expect(scores(tuned, 0)).toEqual(scores(first, 2))
    expect(tuned.manifest.start).toMatchObject({ file: 'common/model-last.safetensors', run: first.digest, round: 2 })
    expect(await replay(join(cwd, 'tuned'), { workers: 1, cwd })).toMatchObject({ numbers: 'same', entire: true })
    const lab = await Lab.open({ ...plain, ...from('common'), strategy: localOnly(), rounds: synchronous({ count: 1 }) }, { seed: 3, engine: 'surrogate', workers: 1, cwd })
    expect((await lab.fly()).digest).toBe(tuned.digest)
    await lab.close()
  })

  it('a client that died with nothing comes back with the model of the start', async () => {
    for (const restartAfter of [seconds(1), undefined]) {
      const gone = await fly({
        ...from('fedper'), strategy: fedPer(), rounds: deadline({ count: 1, after: minutes(1) }),
        faults: [lose({ from: 'client' }, { probability: 1 }), crash(all(), { at: seconds(30), keeps: 'nothing', ...(restartAfter && { restartAfter }) })],
      })
      expect(gone.faults[1].fired).toBe(3)
      expect(gone.rounds[0].outcome).toBe('aborted')
      expect(scores(gone, 1)).toEqual(scores(gone, 0))
    }
  })

  it('has the model’s hash in its identity, and a replay refuses a changed one', async () => {
    await fly({ evaluate: { models: true } }, { out: join(cwd, 'source') })
    const run = await fly({ ...from('source'), rounds: synchronous({ count: 1 }) }, { out: join(cwd, 'child') })
    await fly({ evaluate: { models: true }, local: { optimizer: sgd(0.2) } }, { out: join(cwd, 'source'), ifTaken: 'replace' })
    await expect(replay(join(cwd, 'child'), { workers: 1, cwd })).rejects.toThrow(
      'the model source/model-last.safetensors has changed since the run (its hash differs)',
    )
    const other = await fly({ ...from('source'), rounds: synchronous({ count: 1 }) })
    expect(identityOf(other.manifest)).not.toBe(identityOf(run.manifest))
    expect(identityOf({ ...other.manifest, start: run.manifest.start })).toBe(identityOf(run.manifest))
    await expect(fly({ ...from('source') }, { out: join(cwd, 'source'), ifTaken: 'replace' })).rejects.toThrow('would be written there')
    expect(readManifest(join(cwd, 'source'), realDisk).status).toBe('complete')
  })

  it('says what does not fit', async () => {
    const wide = mmoe({ embedding: 2, experts: 2, expert: [5], tower: [2] })
    await expect(fly({ ...from('common'), model: wide })).rejects.toThrow(
      /^start\.from: common\/model-last\.safetensors does not fit: trunk\/tower\.1\.weight has shape \[2, 3, 2\] there and \[2, 5, 2\] in model 'mmoe' here\./,
    )
    await expect(fly({ ...from('common'), model: mlp({ embedding: 2, hidden: [4] }) })).rejects.toThrow(/it has \S+ of shape \[[\d, ]+\], and model 'mlp' has no such segment/)
    const three = mmoe({ embedding: 2, experts: 3, expert: [3], tower: [2] })
    await expect(fly({ ...from('common'), model: three })).rejects.toThrow(SpecificationError)
    await expect(fly({ ...from('local-only') })).rejects.toThrow(/each client has a trunk\/\S+ of its own, and strategy 'fedavg' shares it/)
    const more = storefronts({ scenarios: 4, impressions: 120, users: 30, items: 12 })
    await expect(fly({ ...from('fedper'), strategy: fedPer(), world: more })).rejects.toThrow(/has no trunk\/\S+ of client-\S+, and strategy 'fedper' keeps it private/)
    await expect(fly({ ...from('nowhere') })).rejects.toThrow(DataError)
    await expect(fly({ ...from('without') })).rejects.toThrow('flown with evaluate: { models: true }')
    const other = await fly({ ...from('common'), rounds: synchronous({ count: 1 }) }, { seed: 8 })
    expect(other.warnings[0]).toContain('start.from: common/model-last.safetensors was trained on other training rows')
  })

  it('refuses a file that is no model, whatever its bytes', async () => {
    const bytes = readFileSync(join(cwd, 'common', 'model-last.safetensors'))
    const folder = join(cwd, 'broken')
    realDisk.makeFolder(folder)
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ format: 'windtunnel-run', version: 1 }))
    for (const end of [0, 4, 8, 100, bytes.length - 1]) {
      writeFileSync(join(folder, 'model-last.safetensors'), bytes.subarray(0, end))
      await expect(fly({ ...from('broken') })).rejects.toThrow('is not a model that a run of this version wrote')
    }
  })
})
