import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aliexpress, loadWorld } from '../scenarios/index.js'
import type { Table } from '../src/data/table.js'
import { normal, streams } from '../src/random/streams.js'
import { cpuSeconds, row } from './measure.js'

/** Rows of the made country; a fifth of them are test.csv. `ROWS=12000000` is the size of a real one. */
const rows = Number(process.env.ROWS ?? 1_000_000)
const vocabularies = [11, 4, 7, 2, 33, 7, 50, 8, 8, 2, 2, 2, 2, 2, 2, 2]
const blockRows = 2000

/** Lines in MTReclib's layout: 16 small vocabularies, 63 numbers of six digits, two labels. */
const lines = (key: string): Buffer => {
  const draw = streams('reading')(key)
  const line = (i: number): string => {
    const click = draw() < 0.025 ? 1 : 0
    return [
      i, ...vocabularies.map((size) => Math.floor(draw() * size)),
      ...Array.from({ length: 63 }, () => normal(draw).toFixed(6)), click, click === 1 && draw() < 0.03 ? 1 : 0,
    ].join(',')
  }
  return Buffer.from(`${Array.from({ length: blockRows }, (_, i) => line(i)).join('\n')}\n`)
}

const write = (file: string, count: number): void => {
  const named = (stem: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${stem}_${i + 1}`)
  const header = ['search_id', ...named('categorical', 16), ...named('numerical', 63), 'click', 'conversion']
  const out = openSync(file, 'w')
  writeSync(out, `${header.join(',')}\n`)
  const block = lines(file.slice(-9))
  for (let done = 0; done < count; done += blockRows) writeSync(out, block)
  closeSync(out)
}

/** The most memory that this process ever had resident, in bytes. Linux says it; elsewhere Node does, in KiB. */
const peakResident = (): number => {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
    if (found) return Number(found[1]) * 1024
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024
}

const bytesOf = ({ categorical, numeric, labels }: Table): number =>
  categorical.byteLength + numeric.byteLength + labels.byteLength

/** Reads the folder in this process, which did nothing else, and says what that took. */
const read = async (dir: string): Promise<void> => {
  const before = { peak: peakResident(), cpu: cpuSeconds() }
  const world = await loadWorld(aliexpress({ countries: ['NL'] }), { seed: '1', dataDir: dir, cwd: '.' })
  const cpu = cpuSeconds() - before.cpu
  const [{ train, validation, test }] = world.scenarios
  const columns = bytesOf(train) + bytesOf(validation) + bytesOf(test)
  const seen = train.rows + validation.rows + test.rows
  console.log(JSON.stringify({
    rows: seen, columns, growth: peakResident() - before.peak, cpu,
  }))
}

/** Peak resident memory that reading adds, over the bytes of the tables it gives. In a process of its own, so that
 * making the file leaves nothing behind. */
export const run = (): Record<string, unknown> => {
  const dir = mkdtempSync(join(tmpdir(), 'windtunnel-reading-'))
  try {
    mkdirSync(join(dir, 'NL'))
    write(join(dir, 'NL', 'train.csv'), rows * 0.8)
    write(join(dir, 'NL', 'test.csv'), rows * 0.2)
    const fileBytes = ['train', 'test'].reduce((sum, name) => sum + statSync(join(dir, 'NL', `${name}.csv`)).size, 0)
    const self = fileURLToPath(import.meta.url)
    const said = execFileSync(process.execPath, [self, dir], { encoding: 'utf8' })
    const { rows: seen, columns, growth, cpu } = JSON.parse(said) as Record<string, number>
    const result = {
      rows: seen, fileBytes, columnBytes: columns, peakGrowth: growth, ratio: growth / columns,
      rowsPerCpuSecond: seen / cpu,
    }
    console.log(row('file', `${(fileBytes / 2 ** 20).toFixed(0)} MiB`, `${seen} rows`.padStart(16)))
    console.log(row('columns', `${(columns / 2 ** 20).toFixed(0)} MiB`))
    console.log(row('peak memory that reading added', `${(growth / 2 ** 20).toFixed(0)} MiB`, result.ratio.toFixed(3)))
    console.log(row('rows per CPU-second', result.rowsPerCpuSecond.toFixed(0)))
    return result
  } finally {
    rmSync(dir, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await read(process.argv[2])
