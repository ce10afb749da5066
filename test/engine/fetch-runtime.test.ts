import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

import { ensureRuntime } from '../../src/engine/onnx/fetch-runtime.js'
import { findRuntime, runtimeHomes, runtimeVersion } from '../../src/engine/onnx/runtime.js'

const work = mkdtempSync(join(tmpdir(), 'windtunnel-runtime-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

let last = 0
const cache = (): string => join(work, `cache ${++last}`)

const put = (path: string, text = ''): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** An npm that installs what the real one would, the libraries of three systems in it; and says how often it was asked. */
const npm = (version = runtimeVersion()) => {
  const asked: string[] = []
  const install = async (folder: string): Promise<void> => {
    asked.push(readdirSync(folder).sort().join(' '))
    const there = join(folder, 'node_modules/onnxruntime-node')
    put(join(there, 'package.json'), JSON.stringify({ name: 'onnxruntime-node', version }))
    for (const system of [`${process.platform}/${process.arch}`, `${process.platform}/other`, 'plan9/x64']) {
      put(join(there, 'bin/napi-v6', system, 'library'), system)
    }
    await Promise.resolve()
  }
  return { asked, install }
}

const homesIn = (...caches: string[]) => runtimeHomes(runtimeVersion(), caches)

describe('the runtime of the engine onnx', () => {
  it('is fetched once, without the libraries of other systems, and found after that', async () => {
    const homes = homesIn(cache())
    const { asked, install } = npm()
    const told: string[] = []
    const options = { homes, others: [], install, tell: (words: string) => void told.push(words) }
    const folder = await ensureRuntime(options)
    expect(folder).toBe(join(homes[0], 'node_modules/onnxruntime-node'))
    expect(await ensureRuntime(options)).toBe(folder)
    expect(findRuntime(runtimeVersion(), homes, [])).toBe(folder)
    expect(asked).toEqual(['npm-shrinkwrap.json package.json'])
    expect(told).toEqual([`fetching onnxruntime-node ${runtimeVersion()} by npm, once, into ${dirname(homes[0])}`])
    expect(readdirSync(join(folder, 'bin/napi-v6'))).toEqual([process.platform])
    expect(readdirSync(join(folder, 'bin/napi-v6', process.platform))).toEqual([process.arch])
    expect(readdirSync(dirname(homes[0]))).toEqual([`onnxruntime-node-${runtimeVersion()}`])
  })

  it('is that which is installed, if it has the one version that gives the same bits', async () => {
    const [right, wrong] = ['right', 'wrong'].map((name) => join(work, name, 'onnxruntime-node'))
    put(join(right, 'package.json'), JSON.stringify({ version: runtimeVersion() }))
    put(join(wrong, 'package.json'), JSON.stringify({ version: '1.16.3' }))
    const homes = homesIn(cache())
    const { asked, install } = npm()
    expect(await ensureRuntime({ homes, others: [wrong, right], install })).toBe(right)
    expect(asked).toEqual([])
    expect(await ensureRuntime({ homes, others: [wrong], install })).toContain(homes[0])
    expect(asked).toHaveLength(1)
  })

  it('may be fetched by several at once', async () => {
    const homes = homesIn(cache())
    const { asked, install } = npm()
    const folders = await Promise.all([1, 2, 3].map(() => ensureRuntime({ homes, others: [], install })))
    expect(new Set(folders).size).toBe(1)
    expect(asked).toHaveLength(3)
    expect(readdirSync(dirname(homes[0]))).toHaveLength(1)
  })

  it('replaces what is damaged there', async () => {
    const homes = homesIn(cache())
    put(join(homes[0], 'node_modules/onnxruntime-node/package.json'), '{ "version"')
    const folder = await ensureRuntime({ homes, others: [], install: npm().install })
    expect(existsSync(join(folder, 'bin'))).toBe(true)
  })

  it('goes to the next folder where one may not be written', async () => {
    const [first, second] = homesIn(cache(), cache())
    const { install } = npm()
    const refusing = async (folder: string): Promise<void> => {
      if (folder.startsWith(first)) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
      await install(folder)
    }
    expect(await ensureRuntime({ homes: [first, second], others: [], install: refusing })).toContain(second)
  })

  it('that cannot be had is told with npm’s reason and what to do, and leaves nothing behind', async () => {
    const homes = homesIn(cache())
    const offline = (): Promise<void> => Promise.reject(new Error('npm error code ENOTFOUND\nnpm error network'))
    const trying = ensureRuntime({ homes, others: [], install: offline })
    await expect(trying).rejects.toMatchObject({ name: 'EngineError' })
    await expect(trying).rejects.toThrow(/could not be fetched by npm:\n {2}npm error code ENOTFOUND\n[^]*npx windtunnel engine[^]*--engine tfjs/)
    expect(readdirSync(dirname(homes[0]))).toEqual([])
    await expect(ensureRuntime({ homes, others: [], install: npm('1.29.0').install })).rejects.toThrow('npm installed no onnxruntime-node')
  })
})
