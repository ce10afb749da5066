import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

// @ts-expect-error plain JavaScript, which runs before all is built
import { ensureBuilt } from '../../src/cli/build.mjs'
import { linksOf } from '../docs/pages.js'
import { pack, root } from './pack.js'

interface Package {
  readonly name: string
  readonly version: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin: Readonly<Record<string, string>>
}

const packageAt = (folder: string): Package => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package
const own = packageAt(root)

let packed: Awaited<ReturnType<typeof pack>>
let files: ReadonlySet<string>
beforeAll(async () => {
  await (ensureBuilt as (options: object) => Promise<boolean>)({ quiet: true })
  packed = await pack()
  files = new Set(packed.files.map(({ path }) => path))
})

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

const statements = /(?:^(?:import|export)\b[^'"\n]*?|^\}\s*)from ['"]([^'"\n]+)['"]|^import ['"]([^'"\n]+)['"]|\b(?:import|require)\(['"]([^'"\n]+)['"]\)/gm

/** What a file imports, of values and of types. */
const importsOf = (path: string): string[] =>
  [...textOf(path).replace(/^\s*\/\/.*$/gm, '').matchAll(statements)].map(([, from, whole, called]) => from ?? whole ?? called)

/** The file that a relative import means: itself, or the types of it. */
const meant = (path: string, specifier: string): string[] => {
  const target = normalize(join(dirname(path), specifier))
  return [target, target.replace(/\.(c?)js$/, '.d.$1ts'), target.replace(/\.js$/, '.ts')]
}

describe('the package', () => {
  it('has a name that is not another’s, and its command the short one', () => {
    expect(own.name).toBe('@windtunnel/windtunnel')
    expect(Object.keys(own.bin)).toEqual(['windtunnel'])
  })

  it('is small, and holds what its entries name', () => {
    expect(packed.size).toBeLessThan(2.5e6)
    expect(packed.unpackedSize).toBeLessThan(9e6)
    const named = [...Object.values(own.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry))), ...Object.values(own.bin)]
    expect(named.map((path) => path.replace(/^\.\//, '')).filter((path) => !files.has(path))).toEqual([])
    for (const path of ['README.md', 'LICENSE', 'docs/guide.md', 'engine/npm-shrinkwrap.json', 'simulations/first-flight.ts']) {
      expect(files, path).toContain(path)
    }
  })

  it('ships declarations and no sources but scripts, no maps, tests or data', () => {
    const sources = [...files].filter((path) => /(?<!\.d)\.[cm]?ts$/.test(path))
    expect(sources.filter((path) => !path.startsWith('simulations/'))).toEqual([])
    expect([...files].filter((path) => /\.map$|^test\/|^bench\/|^dist\/bench|node_modules|\.npmrc/.test(path))).toEqual([])
  })

  it('imports no file that is left out, and no package that is not installed with it', () => {
    const allowed = new Set([...Object.keys(own.dependencies!), ...Object.keys(own.optionalDependencies!), own.name])
    const missing: string[] = []
    for (const path of files) {
      if (!/\.(?:[cm]?js|ts|cts)$/.test(path)) continue
      for (const specifier of importsOf(path)) {
        if (specifier.startsWith('.')) {
          if (!meant(path, specifier).some((file) => files.has(file))) missing.push(`${path}: ${specifier}`)
          continue
        }
        const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
        const known = allowed.has(name) || specifier.startsWith('node:') || builtinModules.includes(name)
        if (!known) missing.push(`${path}: ${specifier}`)
      }
    }
    expect(missing).toEqual([])
  })

  it('has links that lead somewhere in it', () => {
    const pages = [...files].filter((path) => path.endsWith('.md'))
    expect(pages.length).toBeGreaterThan(15)
    const broken = pages.flatMap((page) => linksOf(page).flatMap(({ line, target }) => {
      const [file] = target.split('#')
      if (file === '' || /^https?:/.test(target)) return []
      const path = normalize(join(dirname(page), file))
      return files.has(path) || [...files].some((other) => other.startsWith(`${path}/`)) ? [] : [`${page}:${line}: ${target}`]
    }))
    expect(broken).toEqual([])
  })
})

describe('installing it', () => {
  /** The folder of a dependency as Node finds it from another, and all that it brings. */
  const tree = (): Map<string, Package> => {
    const found = new Map<string, Package>()
    const visit = (name: string, from: string): void => {
      for (let folder = from; ; folder = dirname(folder)) {
        const place = join(folder, 'node_modules', name)
        if (existsSync(join(place, 'package.json'))) {
          const at = `${name}@${packageAt(place).version}`
          if (found.has(at)) return
          found.set(at, packageAt(place))
          const { dependencies = {}, optionalDependencies = {} } = packageAt(place)
          for (const inner of Object.keys({ ...dependencies, ...optionalDependencies })) visit(inner, place)
          return
        }
        if (folder === dirname(folder)) return
      }
    }
    for (const name of Object.keys({ ...own.dependencies, ...own.optionalDependencies })) visit(name, root)
    return found
  }

  it('runs no script of anybody: npm 11 warns of each, and what they download is from hosts of their own', () => {
    const all = tree()
    expect(all.size).toBeGreaterThan(40)
    const scripts = (of: Package): string[] =>
      Object.keys(of.scripts ?? {}).filter((name) => ['preinstall', 'install', 'postinstall'].includes(name))
    expect([...all].filter(([, of]) => scripts(of).length > 0).map(([at]) => at)).toEqual([])
    // npm also counts `prepare` of a package that was installed from a file.
    expect(scripts(own)).toEqual([])
    expect(own.scripts).not.toHaveProperty('prepare')
    // What questions in SQL are asked with, whose programs are not there for every machine: they come as packages of npm.
    expect(Object.keys(own.optionalDependencies!)).toEqual(['@duckdb/node-api'])
    expect(own.peerDependencies).toBeUndefined()
  })

  it('asks for exact versions', () => {
    for (const [name, version] of Object.entries(own.dependencies!)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('fetches an engine whose content is fixed, from whatever registry npm uses', () => {
    const lock = JSON.parse(textOf('engine/npm-shrinkwrap.json')) as { packages: Record<string, { version: string; integrity?: string; resolved?: string }> }
    const { '': _, ...locked } = lock.packages
    for (const [path, { integrity, resolved }] of Object.entries(locked)) {
      expect(integrity, path).toMatch(/^sha512-/)
      expect(resolved, path).toBeUndefined()
    }
    expect(locked['node_modules/onnxruntime-node'].version).toBe(own.dependencies!['onnxruntime-common'])
    expect(textOf('.npmrc').split('\n').filter(Boolean).map((line) => line.split('=')[0])).toEqual(['package-lock', 'fund', 'audit'])
  })
})
