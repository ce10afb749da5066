import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const here = new URL('.', import.meta.url).pathname

/** Whether other tools' own readers are installed; where they are not, it is said once. */
export const hasReaders = (): boolean => {
  if (existsSync(`${here}site`)) return true
  const rule = 'readers of other tools are not here (`npm run readers` installs them): what they would read is not tried'
  if (process.env['WINDTUNNEL_REQUIRE_READERS'] === '1') throw new Error(rule)
  console.log(`skipped: ${rule}`)
  return false
}

/** What a reader prints about a file, as JSON. */
export const read = <T>(reader: 'read_trace' | 'read_events', file: string): T =>
  JSON.parse(execFileSync('python3', [`${here}${reader}.py`, file], { env: { ...process.env, PYTHONPATH: `${here}site` }, maxBuffer: 1 << 29 }).toString()) as T
