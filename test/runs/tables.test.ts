import { DuckDBInstance } from '@duckdb/node-api'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { away, deadline, fedAvg, fp16, lose, mmoe, seconds, sgd } from '../../src/index.js'
import { AskedRuns } from '../../src/report/query/ask-runs.js'
import { realDisk } from '../../src/runs/disk.js'
import { readManifest } from '../../src/runs/manifest.js'
import { sealed } from '../../src/runs/seal.js'
import { simulate } from '../../src/runs/simulate.js'
import { parquetOf } from '../../src/runs/tables/parquet.js'
import { tableFile, tableNames } from '../../src/runs/tables/tables.js'
import { say } from '../cli/console.js'

const root = mkdtempSync(join(tmpdir(), 'windtunnel-tables-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const at = (...names: string[]): string => join(root, ...names)

const fly = (name: string, seed: number) => simulate({
  world: storefronts({ scenarios: 3, impressions: 200, users: 20 }),
  model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  codec: { up: fp16() },
  rounds: deadline({ count: 3, after: seconds(2), quorum: 1 }),
  faults: [lose({ from: 'client', to: 'aggregator' }, { probability: 0.4 }), away('client-store-2', { rounds: [2, 2], phase: 'training' })],
  evaluate: { answers: true },
}, { seed, engine: 'tfjs', workers: 1, out: at(name), tables: true })

describe('a run with its tables as Parquet', () => {
  beforeAll(async () => {
    await fly('run', 3)
  }, 60_000)

  it.each(tableNames)('has in %s what is asked of its rows, to the letter', async (table) => {
    const asked = await AskedRuns.open([at('run')])
    const instance = await DuckDBInstance.create(':memory:')
    try {
      const connection = await instance.connect()
      const kept = await connection.runAndReadAll(`FROM '${at('run', tableFile(table))}'`)
      const rows = await asked.ask(`SELECT * EXCLUDE (run) FROM ${table}`)
      expect(kept.columnNames()).toEqual(rows.columnNames())
      expect(kept.columnTypes().map(String)).toEqual(rows.columnTypes().map(String))
      expect(kept.getRowsJson()).toEqual(rows.getRowsJson())
      expect(kept.currentRowCount).toBeGreaterThan(0)
    } finally {
      asked.close()
      instance.closeSync()
    }
  })

  it('vouches for them, and is replayed with them', async () => {
    expect(Object.keys(readManifest(at('run'), realDisk).files!)).toEqual(expect.arrayContaining(tableNames.map(tableFile)))
    expect((await say(['verify', at('run')])).code).toBe(0)
    expect(await say(['replay', at('run')])).toMatchObject({ code: 0 })
  }, 60_000)

  it('says which is not of its rows, though its manifest vouches for it', async () => {
    await fly('forged', 3)
    const file = at('forged', tableFile('trainings'))
    const other = parquetOf('trainings', [{ client: 'client-store-1', round: 1, start: 0, end: 1, examples: 7, outcome: 'used' }])
    writeFileSync(file, other)
    const manifest = readManifest(at('forged'), realDisk)
    const { sha256: hash } = await import('../../src/runs/hash.js')
    const again = sealed(manifest, { ...manifest.files, [tableFile('trainings')]: { sha256: hash(other), bytes: other.length } })
    writeFileSync(at('forged', 'manifest.json'), `${JSON.stringify(again, null, 2)}\n`)
    expect((await say(['verify', at('forged')])).code).toBe(0)
    expect(await say(['replay', at('forged')])).toMatchObject({ code: 6, err: expect.stringContaining('trainings.parquet is not of the rows that were flown') })
  }, 60_000)

  it('gives place to a run without them', async () => {
    await fly('anew', 3)
    await simulate({
      world: storefronts({ scenarios: 2, impressions: 60 }), model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }), strategy: fedAvg(),
      rounds: deadline({ count: 1, after: seconds(1), quorum: 1 }),
    }, { seed: 1, engine: 'surrogate', workers: 1, out: at('anew'), ifTaken: 'replace' })
    expect(realDisk.list(at('anew')).filter((name) => name.endsWith('.parquet'))).toEqual([])
  }, 60_000)

  it('is made of rows of any number, none among them', () => {
    expect(readFileSync(at('run', tableFile('faults'))).subarray(0, 4).toString()).toBe('PAR1')
    expect(Buffer.from(parquetOf('rounds', [])).subarray(0, 4).toString()).toBe('PAR1')
  })
})
