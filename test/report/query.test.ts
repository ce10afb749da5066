import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { deadline, fedAvg, lose, mmoe, ms, sgd } from '../../src/index.js'
import { namesOfRuns } from '../../src/report/query/ask-runs.js'
import { runTables } from '../../src/runs/tables/tables.js'
import { simulate, type Run } from '../../src/runs/simulate.js'
import { say } from '../cli/console.js'
import { pageText } from '../docs/pages.js'

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-query-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)
const page = pageText('docs/seeing.md')
const examples = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql)

let run: Run
beforeAll(async () => {
  const fly = (seed: number, out: string) => simulate({
    world: storefronts({ scenarios: 4, impressions: 300, users: 20, rates: 'dense' }),
    model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }),
    local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: deadline({ count: 4, after: ms(300), quorum: 1 }),
    faults: [lose({ from: 'client' }, { probability: 0.3 })],
    evaluate: { answers: true },
  }, { seed, engine: 'tfjs', workers: 1, out })
  run = await fly(3, at('one'))
  await fly(4, at('two'))
}, 60_000)

const asked = async <T>(sql: string, ...more: string[]): Promise<T[]> => {
  const { out, code, err } = await say(['query', at('one'), ...more, sql, '--format', 'json'])
  expect([code, err]).toEqual([0, ''])
  return out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T)
}

describe('a run asked in SQL', () => {
  it('has every row of the ledger, trainings, metrics and rounds, column by column', async () => {
    const keys = (row: object): Record<string, unknown> => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined))
    const without = ({ run: name, ...row }: Record<string, unknown>) => {
      expect(name).toBe('one')
      return keys(row)
    }
    const ledger = await asked<Record<string, unknown>>('SELECT * FROM ledger ORDER BY sent, id')
    expect(ledger.map(without)).toEqual(run.ledger.map(keys))
    expect((await asked<Record<string, unknown>>('SELECT * FROM trainings')).map(without)).toEqual(run.trainings.map(keys))
    const metrics = await asked<Record<string, unknown>>('SELECT * FROM metrics')
    expect(metrics.map(without)).toEqual(run.metrics.map(keys))
    const rounds = await asked<Record<string, unknown>>('SELECT * FROM rounds ORDER BY round')
    run.rounds.forEach((row, i) => expect(without(rounds[i])).toMatchObject(keys(row)))
    const [{ n }] = await asked<{ n: number }>('SELECT count(*) AS n FROM events')
    expect(n).toBe(readFileSync(join(at('one'), 'events.ndjson'), 'utf8').trim().split('\n').length)
    const faults = await asked<{ id: string; fired: number; targets: string[] }>('SELECT id, fired, targets FROM faults')
    expect(faults).toEqual(run.faults.map(({ id, fired, targets }) => ({ id, fired, targets })))
  }, 60_000)

  it('answers what the page asks; AUC from predictions is that of the run', async () => {
    expect(examples.length).toBe(4)
    const [roles, waits, bias, aucs] = await Promise.all(examples.map((sql) => asked<Record<string, unknown>>(sql)))
    const up = run.ledger.filter(({ direction }) => direction === 'up')
    expect(roles).toEqual([...new Set(up.flatMap((row) => row.roles))].map((role) => {
      const those = up.filter((row) => row.roles.includes(role))
      return { role, messages: those.length, bytes: those.reduce((sum, { bytes }) => sum + bytes, 0) }
    }).toSorted((a, b) => b.bytes - a.bytes || (a.role < b.role ? -1 : 1)))
    for (const { round, seconds, last } of waits) {
      const used = run.ledger.filter((row) => row.kind === 'update' && row.part === 'trunk' && row.fate === 'used' && row.round === round)
      const times = used.map(({ delivered }) => delivered!).toSorted((a, b) => b - a)
      expect(seconds).toBe(times.length > 1 ? (times[0] - times[1]) / 1e6 : null)
      expect(used.filter(({ delivered }) => delivered === times[0]).map(({ from }) => from)).toContain(last)
    }
    expect(bias.map(({ round }) => round)).toEqual([1, 2, 3, 4])
    expect(bias.some(({ everybody, reporters }) => everybody !== reporters)).toBe(true)
    const told = run.metrics.filter(({ metric, split, round, value }) => metric === 'auc' && split === 'test' && round === run.selectedRound && value !== null)
    for (const { scenario, task, value } of told) {
      expect(aucs.find((row) => row['scenario'] === scenario && row['task'] === task)!['auc']).toBeCloseTo(value!, 12)
    }
    expect(told.length).toBeGreaterThan(4)
  }, 60_000)

  it('several runs are asked together, told apart by name', async () => {
    const all = await asked<{ run: string; n: number }>('SELECT run, count(*) AS n FROM ledger GROUP BY run ORDER BY run', at('two'))
    expect(all.map(({ run: name }) => name)).toEqual(['one', 'two'])
    expect(namesOfRuns(['/a/x/run', '/a/y/run', '/b/z'])).toEqual(['x/run', 'y/run', 'z'])
    expect(namesOfRuns(['/a/x/run', '/b/x/run'])).toEqual(['a/x/run', 'b/x/run'])
  })

  it('answers as a table, as CSV, and as Parquet that another library reads', async () => {
    const sql = "SELECT round, avg(value) AS mean, 'a \"quoted\", word' AS note FROM metrics WHERE metric = 'auc' GROUP BY round ORDER BY round LIMIT 2;"
    const { out } = await say(['query', at('one'), sql])
    expect(out).toMatch(/│ round │\s+mean │ note/)
    const text = await say(['query', at('one'), sql, '--format', 'csv', '--out', at('some.csv')])
    expect(text.out).toContain('some.csv: 2 rows')
    const lines = readFileSync(at('some.csv'), 'utf8').split('\n')
    expect(lines[0]).toBe('round,mean,note')
    expect(lines[1]).toMatch(/^0,0\.\d+,"a ""quoted"", word"$/)
    expect((await say(['query', at('one'), sql, '--format', 'parquet', '--out', at('some.parquet')])).code).toBe(0)
    const bytes = readFileSync(at('some.parquet'))
    const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer, compressors })
    expect(rows.map(({ round }) => Number(round))).toEqual([0, 1])
  })

  it('refuses what it cannot answer, and files that are there or have changed', async () => {
    expect(await say(['query', at('one'), 'SELECT nothing FROM ledger'])).toMatchObject({ code: 3, err: expect.stringMatching(/cannot be answered: .*nothing/) })
    expect(await say(['query', 'SELECT 1'])).toMatchObject({ code: 2, err: expect.stringContaining('folders of runs, and then one query') })
    expect(await say(['query', at('one'), 'SELECT 1', '--format', 'parquet'])).toMatchObject({ code: 2, err: expect.stringContaining('--out') })
    expect(await say(['query', at('one'), 'SELECT 1', '--out', at('some.csv')])).toMatchObject({ code: 7, err: expect.stringContaining('is there already') })
    expect(existsSync(at('none.parquet'))).toBe(false)
    const file = join(at('two'), 'ledger.ndjson')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"bytes":', '"bytes":9'))
    expect(await say(['query', at('two'), 'SELECT 1'])).toMatchObject({ code: 7, err: expect.stringContaining('is not what the run wrote') })
  })

  it('is on its page, column by column', () => {
    for (const [table, { sentence, columns }] of Object.entries(runTables)) {
      expect(page).toContain(`\`${table}\`: ${sentence}.`)
      for (const [column, about] of Object.entries(columns)) expect(page).toContain(`| \`${column}\` | ${about.type} | ${about.sentence} |`)
    }
  })
})
