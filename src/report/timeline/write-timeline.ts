import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Transform } from 'node:stream'

import { StorageError } from '../../errors.js'
import type { RoundSummary } from '../../flight/round-summaries.js'
import { realDisk } from '../../runs/disk.js'
import { rowFiles } from '../../runs/files.js'
import { manifestFile, readManifest, type Manifest } from '../../runs/manifest.js'
import { readRows } from '../../runs/rows.js'
import { demandSound } from '../../runs/seal.js'
import { bandsOf } from '../bands.js'
import { type EventLine, FlightTrace } from './flight-trace.js'
import { TraceWriter } from './trace-writer.js'

/** What was written of a run, and where. */
export interface WrittenTimeline {
  readonly file: string
  readonly events: number
  readonly bytes: number
  /** Why it may not be all, or as the run was; undefined: it is. */
  readonly reservation: string | undefined
}

const withAdvice = (what: string): StorageError => new StorageError(`${what} Fly the run again.`)

/** Its lines as they are read, and the hash of all of it once they were. */
const linesOf = (path: string): { readonly lines: AsyncIterable<string>; hash(): string } => {
  const hash = createHash('sha256')
  // The file ends with a line feed: what follows the last was cut off.
  const whole = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const file = createReadStream(path)
  file.on('error', (error) => whole.destroy(error))
  return { lines: createInterface({ input: file.pipe(whole), crlfDelay: Infinity }), hash: () => hash.digest('hex') }
}

const parsed = (line: string, where: string): EventLine => {
  try {
    return JSON.parse(line) as EventLine
  } catch {
    throw withAdvice(`${where} is not JSON.`)
  }
}

const reservationOf = ({ status }: Manifest, folder: string): string | undefined =>
  status === 'complete' ? undefined : `${folder} is ${status}, and has what had been flown by then`

/**
 * The timeline of a run as a trace for Perfetto, event by event: memory does not grow with the flight. The file is there once it is
 * whole. Throws a `StorageError` for a folder that is of no run, a file that is missing or is not what the run wrote.
 */
export const writeTimeline = async (folder: string, file: string, each: (events: number) => void = () => {}): Promise<WrittenTimeline> => {
  const manifest = readManifest(folder, realDisk)
  for (const one of [manifestFile, rowFiles.rounds]) demandSound(folder, one, manifest, realDisk)
  const path = join(folder, rowFiles.events)
  if (!realDisk.exists(path)) throw withAdvice(`${path} is missing.`)
  const rounds = realDisk.exists(join(folder, rowFiles.rounds)) ? readRows<RoundSummary>(folder, rowFiles.rounds, realDisk) : []
  const draft = `${file}.new`
  let out: number | undefined
  try {
    const opened = (out = openSync(draft, 'w'))
    let bytes = 0
    const writer = new TraceWriter((chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(opened, chunk, at)
      bytes += chunk.length
    })
    const trace = new FlightTrace(writer, { name: `${manifest.name}, seed ${manifest.seed}`, rounds, bands: bandsOf(manifest, rounds) })
    let events = 0
    const { lines, hash } = linesOf(path)
    for await (const line of lines) {
      trace.see(parsed(line, `${path}:${++events}`))
      if (events % 50_000 === 0) each(events)
    }
    trace.close()
    writer.close()
    const vouched = manifest.files?.[rowFiles.events]?.sha256
    if (vouched !== undefined && vouched !== hash()) {
      throw new StorageError(`${path} is not what the run wrote. Fly the run again; \`npx windtunnel replay ${folder}\` names what differs.`)
    }
    closeSync(out)
    out = undefined
    renameSync(draft, file)
    return { file, events, bytes, reservation: reservationOf(manifest, folder) }
  } catch (error) {
    if (out !== undefined) closeSync(out)
    rmSync(draft, { force: true })
    if (error instanceof StorageError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw code === undefined ? error : new StorageError(`${file} cannot be written, or ${path} not read (${code}). Give another place with --out.`, { cause: error })
  }
}
