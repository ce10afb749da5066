import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { makeFolder } from '../../documents/make-folder.js'
import { packageFolder } from '../../package.js'
import { EngineError } from '../engine-error.js'
import { findRuntime, runtimeHomes, runtimeVersion } from './runtime.js'

/** What of npm's environment an npm within it may know: where packages come from, and nothing of what the outer one does. */
const passed = /^npm_config_(?:registry|userconfig|globalconfig|cache|cafile|ca|strict_ssl|https?_proxy|proxy|noproxy|offline|prefer_offline|@.*)$/i

const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name) || passed.test(name)))

/** `npm ci` in a folder that holds package.json and npm-shrinkwrap.json, which no install script is run in. */
export const npmCi = (folder: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const own = process.env['npm_execpath']
    const isNpm = own !== undefined && /npm-cli\.c?js$/.test(own)
    const [command, first] = isNpm ? [process.execPath, [own]] : ['npm', []]
    const args = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']
    const options = { cwd: folder, env: environment(), shell: !isNpm && process.platform === 'win32' }
    const child = spawn(command, [...first, ...args], { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (text: Buffer) => (said += text.toString()))
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(said.trim() || `npm ended with ${code}`))))
  })

/** Takes out the libraries of other systems, four fifths of the package. */
const keepOwnSystem = (folder: string): void => {
  const bin = join(folder, 'bin')
  const remove = (path: string): void => rmSync(path, { recursive: true, force: true })
  if (!existsSync(bin)) return
  for (const level of readdirSync(bin)) {
    const systems = join(bin, level)
    if (!existsSync(join(systems, process.platform, process.arch))) continue
    for (const system of readdirSync(systems)) {
      if (system !== process.platform) remove(join(systems, system))
      else for (const kind of readdirSync(join(systems, system))) if (kind !== process.arch) remove(join(systems, system, kind))
    }
  }
}

/** Puts a runtime into its home, which appears only when it is whole; another process may be first. */
const put = async (home: string, version: string, install: typeof npmCi): Promise<string> => {
  makeFolder(dirname(home))
  const next = mkdtempSync(`${home}.new-`)
  const found = (): string | undefined => findRuntime(version, [home], [])
  try {
    for (const file of ['package.json', 'npm-shrinkwrap.json']) copyFileSync(join(packageFolder(), 'engine', file), join(next, file))
    await install(next)
    keepOwnSystem(join(next, 'node_modules', 'onnxruntime-node'))
    // What is whole is left alone: another process may have loaded it.
    if (found() === undefined) {
      if (existsSync(home)) rmSync(home, { recursive: true, force: true })
      renameSync(next, home)
    }
  } catch (error) {
    if (found() === undefined) throw error
  } finally {
    rmSync(next, { recursive: true, force: true })
  }
  const folder = found()
  if (folder === undefined) throw new Error(`npm installed no onnxruntime-node ${version}`)
  return folder
}

export interface FetchOptions {
  /** Where it may be put, the best first. */
  readonly homes?: readonly string[]
  /** What is looked at besides. */
  readonly others?: readonly string[]
  readonly install?: typeof npmCi
  /** Told once, before anything is fetched. */
  readonly tell?: (words: string) => void
}

const isRefused = (error: unknown): boolean =>
  ['EACCES', 'EPERM', 'EROFS'].includes(String((error as { code?: unknown }).code))

/** The folder of the runtime: where it is, or where it was fetched to just now, from the registry that npm uses. */
export const ensureRuntime = async ({ homes, others, install = npmCi, tell }: FetchOptions = {}): Promise<string> => {
  const version = runtimeVersion()
  const places = homes ?? runtimeHomes(version)
  const had = findRuntime(version, places, others)
  if (had !== undefined) return had
  tell?.(`fetching onnxruntime-node ${version} by npm, once, into ${dirname(places[0])}`)
  for (const [i, home] of places.entries()) {
    try {
      return await put(home, version, install)
    } catch (error) {
      if (i + 1 < places.length && isRefused(error)) continue
      const reason = error instanceof Error ? error.message : String(error)
      throw new EngineError(
        `The engine 'onnx' runs on onnxruntime-node ${version}, which is not here and could not be fetched by npm:\n` +
          `${reason.split('\n').slice(0, 6).map((line) => `  ${line}`).join('\n')}\n` +
          'Run `npx windtunnel engine` where npm reaches its registry (WINDTUNNEL_CACHE names the folder that it lies in, ' +
          'and may be carried elsewhere), or take `--engine tfjs`, which is slow.',
        { cause: error },
      )
    }
  }
  throw new EngineError('there is no folder to put onnxruntime-node into')
}
