import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

import type { EngineName } from '../../src/engine/open.js'
import { LastGround } from '../../src/lab/ground.js'
import { streams } from '../../src/random/streams.js'
import { realDisk } from '../../src/runs/disk.js'
import { readManifest } from '../../src/runs/manifest.js'
import { resume } from '../../src/runs/resume.js'
import { conduct } from '../../src/runs/simulate.js'
import { nativeHere } from '../engine/native.js'
import { endingDisk, tiny, trainingsOfRound } from './broken-off.js'

/*
 * Processes that are killed for real, in the middle of a write, at points drawn by the bytes that they have written.
 * WINDTUNNEL_KILLS=50 for as many points with each engine; there are a few by default, since each starts a process.
 */

const kills = Number(process.env.WINDTUNNEL_KILLS ?? 4)
const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-killed-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const script = fileURLToPath(new URL('./fly-and-die.ts', import.meta.url))

/** The signal by which the process ended; temporary files go into a folder of their own. */
const killedAt = (folder: string, engine: EngineName, bytes: number, temporary: string): Promise<NodeJS.Signals | null> =>
  new Promise((resolve) => {
    const env = { ...process.env, TMPDIR: temporary }
    const child = spawn(process.execPath, ['--import', loader, script, folder, engine, String(bytes)], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.pipe(process.stderr, { end: false })
    // Not before the processes that it started are gone too: they hold standard error.
    child.once('close', (_, signal) => resolve(signal))
  })

const engines: readonly EngineName[] = (await nativeHere('runs on processes that are killed')) ? ['onnx', 'tfjs-node'] : ['onnx']

describe.each(engines)('a process that is killed while it flies on %s', (engine) => {
  it(`leaves a run that is ended with the digest of the unbroken one, ${kills} times`, { timeout: 1_200_000 }, async () => {
    const disk = endingDisk(Infinity, () => {})
    const whole = await conduct(tiny, { seed: 7, engine, workers: 2, out: join(cwd, `whole-${engine}`), jobs: 'keep', cwd }, { disk })
    const jobs = whole.manifest.jobLog!.jobs!
    const points = Array.from({ length: kills }, (_, point) => Math.floor(streams('kills')(engine, point)() * disk.written()))
    const grounds = new LastGround()
    const end = async (point: number): Promise<void> => {
      const bytes = points[point]
      const folder = join(cwd, `${engine}-${point}`)
      const temporary = mkdtempSync(join(cwd, 'temporary-'))
      expect(await killedAt(folder, engine, bytes, temporary)).toBe('SIGKILL')
      expect(readdirSync(temporary).filter((name) => name.startsWith('windtunnel-'))).toEqual([])
      if (!existsSync(join(folder, 'manifest.json')) || readManifest(folder, realDisk).status === 'complete') return
      const rows = join(folder, 'rounds.ndjson')
      const closed = existsSync(rows) ? readFileSync(rows, 'utf8').split('\n').length - 1 : 0
      const resumption = await resume(folder, { workers: 2, cwd }, { ground: (...about) => grounds.open(...about) })
      if ('had' in resumption) throw new Error('it was complete')
      const { digest, manifest: { resumed } } = resumption.run
      expect([bytes, digest]).toEqual([bytes, whole.digest])
      // Less than a round is trained again: all that rounds had trained whose close was written is read.
      expect(resumed!.recalled).toBeGreaterThanOrEqual(closed * trainingsOfRound)
      expect(resumed!.recalled + resumed!.done).toBe(jobs)
    }
    try {
      for (let point = 0; point < kills; point++) await end(point)
    } finally {
      await grounds.close()
    }
  })
})
