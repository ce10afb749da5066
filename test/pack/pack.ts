import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The checkout. */
export const root = new URL('../..', import.meta.url).pathname

/** A command's output; what it says on standard error comes after. Throws with both where it fails. */
export const said = async (command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  const { stdout, stderr } = await promisify(execFile)(command, [...args], { cwd, env, maxBuffer: 1 << 26 })
  return `${stdout}${stderr}`
}

/** What `npm pack` puts into the tarball, which this does not write, or writes into a folder. */
export const pack = async (into?: string): Promise<{ filename: string; size: number; unpackedSize: number; files: { path: string; mode: number }[] }> => {
  const where = into === undefined ? ['--dry-run'] : ['--pack-destination', into]
  const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--ignore-scripts', ...where], { cwd: root, maxBuffer: 1 << 26 })
  const told = JSON.parse(stdout) as Record<string, never> | never[]
  return Object.values(told)[0]
}
