import { createRequire } from 'node:module'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
// @ts-expect-error plain JavaScript, because it runs before anything is built
import { ensureBuilt as untyped, tensorFlowModule as untypedModule } from '../../src/cli/build.mjs'

const tensorFlowModule = untypedModule as (path: string, name?: string) => string
const ensureBuilt = untyped as (options: { root: string; quiet: boolean; force?: boolean }) => Promise<boolean>

/** A package of one source file that is built like this one. */
const makePackage = (): string => {
  const root = mkdtempSync(join(tmpdir(), 'windtunnel-build-'))
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  put('package.json', '{ "name": "windtunnel", "type": "module" }')
  put('tsconfig.json', '{ "compilerOptions": { "module": "nodenext", "target": "es2022", "types": [] } }')
  const build = { extends: './tsconfig.json', compilerOptions: { rootDir: '.' }, include: ['src'] }
  put('tsconfig.build.json', JSON.stringify(build))
  put('src/cli/main.ts', 'export const main = (): number => 1\n')
  put('src/old.ts', 'export const old = 1\n')
  mkdirSync(join(root, 'scenarios'))
  mkdirSync(join(root, 'node_modules/@typescript'), { recursive: true })
  symlinkSync(join(process.cwd(), 'node_modules/@typescript/native'), join(root, 'node_modules/@typescript/native'))
  return root
}

describe('build', () => {
  let root = ''
  const built = (): string => readFileSync(join(root, 'dist/src/cli/main.js'), 'utf8')
  const build = (): Promise<boolean> => ensureBuilt({ root, quiet: true })
  beforeEach(() => {
    root = makePackage()
  })

  it('builds once, and again when a source is edited or removed, leaving nothing stale', async () => {
    expect(await build()).toBe(true)
    expect(built()).toContain('=> 1')
    expect(await build()).toBe(false)
    writeFileSync(join(root, 'src/cli/main.ts'), 'export const main = (): number => 22\n')
    expect(await build()).toBe(true)
    expect(built()).toContain('=> 22')
    rmSync(join(root, 'src/old.ts'))
    expect(await build()).toBe(true)
    expect(existsSync(join(root, 'dist/src/old.js'))).toBe(false)
    expect(readdirSync(root).filter((name) => name.startsWith('dist'))).toEqual(['dist'])
  })

  it('takes over the lock of a command that died, and lets one of two build', async () => {
    writeFileSync(join(root, 'dist.lock'), '999999999')
    const results = await Promise.all([build(), build()])
    expect(results.filter(Boolean)).toEqual([true])
    expect(readdirSync(root).filter((name) => name.startsWith('dist'))).toEqual(['dist'])
  })

  it('keeps the last build when a source cannot be parsed, and builds in spite of a wrong type', async () => {
    await build()
    writeFileSync(join(root, 'src/cli/main.ts'), 'export const main = (: number => 3\n')
    await expect(build()).rejects.toThrow(/the build failed:\n.*main\.ts\(1,\d+\): error TS1/)
    expect(built()).toContain('=> 1')
    expect(readdirSync(root).filter((name) => name.startsWith('dist'))).toEqual(['dist'])
    writeFileSync(join(root, 'src/cli/main.ts'), "export const main = (): number => 'four'\n")
    expect(await build()).toBe(true)
    expect(built()).toContain("=> 'four'")
  })

  it('uses an installed package as it is', async () => {
    await build()
    rmSync(join(root, 'src'), { recursive: true })
    expect(await build()).toBe(false)
    rmSync(join(root, 'dist'), { recursive: true })
    await expect(build()).rejects.toThrow('dist/ is missing')
  })
})

describe('the module that stands for TensorFlow.js', () => {
  it('exports by name all that is there, and the same', async () => {
    const path = createRequire(import.meta.url).resolve('@tensorflow/tfjs')
    const file = join(mkdtempSync(join(tmpdir(), 'windtunnel-tensorflow-')), 'tensorflow.mjs')
    writeFileSync(file, tensorFlowModule(path))
    const given = (await import(file)) as Record<string, unknown>
    const there = createRequire(import.meta.url)(path) as Record<string, unknown>
    expect(Object.keys(given).toSorted()).toEqual(Object.keys(there).toSorted())
    for (const [name, value] of Object.entries(there)) expect(given[name], name).toBe(value)
    expect(tensorFlowModule(path, './other.cjs')).toContain('createRequire(import.meta.url)("./other.cjs")')
  })
})
