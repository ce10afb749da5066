import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import Table from 'cli-table3'

import { type Mutant, mutants } from './mutants.js'

/*
 * `npm run mutants`: plants each bug of the table in a copy of the sources, flies, and prints which check caught it. Exits
 * with 1 where one is caught by nobody, or by another check than the one that is meant to.
 */

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

interface Caught {
  readonly check: string | null
  readonly says: string
}

/** A checkout with a bug in it, for as long as it takes. */
const planted = async (mutant: Mutant | undefined): Promise<Caught> => {
  const copy = mkdtempSync(join(tmpdir(), 'windtunnel-mutant-'))
  try {
    for (const folder of ['src', 'scenarios', 'simulations', 'test/frozen']) {
      cpSync(join(root, folder), join(copy, folder), { recursive: true })
    }
    for (const file of ['package.json', 'tsconfig.json', 'engine/package.json']) cpSync(join(root, file), join(copy, file))
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
    if (mutant !== undefined) {
      const file = join(copy, mutant.file)
      writeFileSync(file, readFileSync(file, 'utf8').replace(mutant.find, () => mutant.replace))
    }
    const script = join(root, 'test/mutants/fly.ts')
    const { stdout } = await run(process.execPath, ['--import', 'tsx', script, copy], { cwd: copy, timeout: 300_000 })
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Caught
  } catch (error) {
    return { check: null, says: (error as Error).message.split('\n').find((line) => line.trim() !== '') ?? 'failed' }
  } finally {
    rmSync(copy, { recursive: true })
  }
}

const table = new Table({ head: ['bug', 'meant for', 'caught by', 'which says'], colWidths: [38, 14, 14, 90], wordWrap: true, style: { head: [], border: [] } })
let wrong = 0

const calm = await planted(undefined)
if (calm.check !== null || calm.says !== 'nothing was caught') {
  wrong++
  table.push(['(none)', 'nobody', calm.check ?? 'nobody', calm.says])
}
const queue = [...mutants]
const results = new Map<Mutant, Caught>()
const worker = async (): Promise<void> => {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    results.set(mutant, await planted(mutant))
    process.stderr.write(`${results.size}/${mutants.length} ${mutant.name}\n`)
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, worker))
for (const mutant of mutants) {
  const { check, says } = results.get(mutant)!
  if (check !== mutant.check) wrong++
  table.push([mutant.name, mutant.check, check === mutant.check ? check : `${check ?? 'NOBODY'} (!)`, says])
}
process.stdout.write(`${table.toString()}\n${mutants.length - wrong} of ${mutants.length} bugs are caught by the check that is meant for them\n`)
process.exit(wrong === 0 ? 0 : 1)
