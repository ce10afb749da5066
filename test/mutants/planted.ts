import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import type { Mutant } from './mutants.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** What of the sources a copy has. */
const folders = ['src', 'scenarios', 'simulations', 'test/frozen', 'test/mutants'] as const
const files = ['package.json', 'tsconfig.json', 'engine/package.json'] as const

/** Writes a bug into a copy. Throws where its place is not there, or there twice: nothing would have been planted, or something else. */
const plant = (copy: string, { name, file, find, replace }: Mutant): void => {
  const path = join(copy, file)
  const pieces = readFileSync(path, 'utf8').split(find)
  if (pieces.length !== 2) throw new Error(`'${name}' cannot be planted: ${file} has its place ${pieces.length - 1} times.`)
  writeFileSync(path, pieces.join(replace))
}

/** A script of this folder, and what it is told. */
export interface Errand {
  readonly script: string
  readonly about?: unknown
  /** Longest that it may take, in milliseconds: of a bug that lets a flight run for ever, nothing comes back. */
  readonly longest: number
}

/**
 * What a script prints as JSON, line by line, in a copy of the sources with a bug in it: the last line is given. Rejects with what ended it
 * where it did not come to its end.
 */
export const planted = async <T>(mutant: Mutant | undefined, { script, about = {}, longest }: Errand): Promise<T> => {
  const copy = mkdtempSync(join(tmpdir(), 'windtunnel-mutant-'))
  try {
    for (const folder of folders) cpSync(join(root, folder), join(copy, folder), { recursive: true })
    for (const file of files) cpSync(join(root, file), join(copy, file))
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
    if (mutant !== undefined) plant(copy, mutant)
    const path = join(copy, 'test/mutants', script)
    const { stdout } = await run(process.execPath, ['--import', 'tsx', path, JSON.stringify(about)], { cwd: copy, timeout: longest, maxBuffer: 1 << 28 })
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as T
  } finally {
    rmSync(copy, { recursive: true })
  }
}

/** The line of an error that says what it is; of a script that ended with one, that of the script's. */
export const firstLine = (error: unknown): string => {
  const { message, stderr = '' } = error as Error & { readonly stderr?: string }
  return stderr.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? message.split('\n').find((line) => line.trim() !== '') ?? 'failed'
}

/** Does something for each, as many at once as there are cores; what comes of them is in their order. */
export const forEachOf = async <Of, To>(all: readonly Of[], work: (one: Of) => Promise<To>): Promise<readonly To[]> => {
  const queue = [...all.entries()]
  const done: To[] = []
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) done[next[0]] = await work(next[1])
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return done
}
