import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { deadline, fedPer, lose, mmoe, ms, sgd } from '../../src/index.js'
import { decodeTensorFile } from '../../src/network/tensor-file.js'
import { crc32c } from '../../src/report/export/tensorboard.js'
import { tableNames } from '../../src/runs/tables/tables.js'
import { simulate, type Run } from '../../src/runs/simulate.js'
import { say } from '../cli/console.js'
import { hasReaders, read } from '../readers/readers.js'

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-export-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (...names: string[]): string => join(folder, ...names)

let run: Run
beforeAll(async () => {
  run = await simulate({
    world: storefronts({ scenarios: 3, impressions: 300, users: 20, rates: 'dense' }),
    model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }),
    local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
    strategy: fedPer(),
    rounds: deadline({ count: 3, after: ms(300), quorum: 1 }),
    faults: [lose({ from: 'client' }, { probability: 0.3 })],
    evaluate: { models: true, answers: true },
  }, { seed: 3, engine: 'tfjs', workers: 1, out: at('run') })
}, 60_000)

const exported = async (to: string): Promise<string> => {
  const { code, err } = await say(['export', at('run'), '--to', to, '--out', at(to)])
  expect([code, err]).toEqual([0, ''])
  return at(to)
}

describe('windtunnel export', () => {
  it('writes every table, which others read', async () => {
    for (const format of ['parquet', 'csv', 'json']) {
      const out = await exported(format)
      expect(readdirSync(out).toSorted()).toEqual(tableNames.map((table) => `${table}.${format}`).toSorted())
    }
    const bytes = readFileSync(at('parquet', 'ledger.parquet'))
    const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer, compressors })
    expect(rows.map(({ id, bytes: size, from, roles }) => [Number(id), Number(size), from, roles])).toEqual(run.ledger.map(({ id, bytes: size, from, roles }) => [id, size, from, roles]))
    const lines = readFileSync(at('csv', 'metrics.csv'), 'utf8').trim().split('\n')
    expect(lines[0]).toBe('run,round,virtualTime,scenario,task,split,metric,value')
    expect(lines.length - 1).toBe(run.metrics.length)
    expect(lines[1].split(',')).toEqual(['run', ...['round', 'virtualTime', 'scenario', 'task', 'split', 'metric', 'value'].map((field) => String(run.metrics[0][field as 'round']))])
    const scores = readFileSync(at('json', 'predictions.json'), 'utf8').trim().split('\n')
    expect(JSON.parse(scores[0])).toMatchObject({ which: 'selected', row: 0, scenario: 'store-1' })
  }, 60_000)

  it('writes models as a file for each part, which together are what the run has kept', async () => {
    const out = await exported('safetensors')
    const kept = decodeTensorFile(readFileSync(at('run', 'model-last.safetensors')))!
    const files = (readdirSync(join(out, 'last'), { recursive: true }) as string[]).filter((file) => file.endsWith('.safetensors'))
    expect(files.toSorted()).toEqual([
      'client-store-1/trunk.safetensors', 'client-store-2/trunk.safetensors', 'client-store-3/trunk.safetensors',
      'expert-1.safetensors', 'expert-2.safetensors', 'trunk.safetensors',
    ])
    const all = new Map(files.flatMap((file) => {
      const { tensors, metadata } = decodeTensorFile(readFileSync(join(out, 'last', file)))!
      const part = file.replace(/\.safetensors$/, '')
      expect(metadata).toMatchObject({ part, which: 'last', run: run.digest })
      return [...tensors].map(([name, { values, shape }]) => [`${part}/${name}`, [shape, values]] as const)
    }))
    expect([...all.keys()].toSorted()).toEqual([...kept.tensors.keys()].toSorted())
    for (const [name, { shape, values }] of kept.tensors) expect(all.get(name as `${string}/${string}`)).toEqual([shape, values])
  })

  it('has checksums that are CRC-32C', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
  })

  it('refuses a folder that is not empty, and models that were not kept', async () => {
    expect(await say(['export', at('run'), '--to', 'csv', '--out', at('run')])).toMatchObject({ code: 7, err: expect.stringContaining('is not empty') })
    await simulate({
      world: storefronts({ scenarios: 2, impressions: 60 }), model: mmoe({ experts: 2, expert: [2], tower: [2], embedding: 1 }),
      strategy: fedPer(), rounds: deadline({ count: 1, after: ms(900) }),
    }, { seed: 1, engine: 'surrogate', workers: 1, out: at('bare') })
    expect(await say(['export', at('bare'), '--to', 'safetensors', '--out', at('none')])).toMatchObject({ code: 7, err: expect.stringContaining('evaluate: { models: true }') })
    expect(existsSync(at('none'))).toBe(false)
  })
})

describe.runIf(hasReaders())('an event file, read by TensorBoard', () => {
  it('has every score of every round, at its virtual time', async () => {
    const out = await exported('tensorboard')
    const { versions, scalars } = read<{ versions: string[]; scalars: Record<string, [number, number, number][]> }>('read_events', join(out, readdirSync(out)[0]))
    expect(versions).toEqual(['brain.Event:2'])
    const told = run.metrics.filter(({ value }) => value !== null)
    const tags = Object.keys(scalars).filter((tag) => !tag.startsWith('mean ') && !tag.startsWith('bytes/'))
    expect(tags.reduce((sum, tag) => sum + scalars[tag].length, 0)).toBe(told.length)
    for (const { metric, split, scenario, task, round, virtualTime, value } of told) {
      const found = scalars[[metric, split, scenario, task].join('/')].find(([step, , number]) => step === round && number === Math.fround(value!))
      expect(found, `${metric} of round ${round}`).toEqual([round, virtualTime / 1e6, Math.fround(value!)])
    }
    expect(scalars['mean auc/validation'].map(([step]) => step)).toEqual([1, 2, 3])
    expect(scalars['bytes/up'].map(([, , bytes]) => bytes).every((bytes) => bytes > 0)).toBe(true)
  }, 60_000)
})
