import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder that goes away after the tests of a file, and a writer of files in it that gives their paths. */
export const scratch = () => {
  const dir = mkdtempSync(join(tmpdir(), 'windtunnel-data-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  return {
    dir,
    write: (name: string, content: string | Uint8Array): string => {
      const file = join(dir, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      return file
    },
  }
}
