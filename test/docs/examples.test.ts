import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseFolderSchema } from '../../src/data/schema.js'
import { compile } from '../../src/faults/compile.js'
import { drawPlan } from '../../src/faults/plan.js'
import { streams } from '../../src/random/streams.js'
import { cellsOf } from '../../src/runs/study/cell.js'
import { loadSweep } from '../../src/runs/sweep/load-sweep.js'
import { readTrace } from '../../src/schedules/trace-file.js'
import { resolve } from '../../src/simulation/resolve.js'
import type { Specification } from '../../src/simulation/specification.js'
import { federation, knowledge } from '../faults/weather.js'
import { anchorsOf, blocksOf, linksOf, pages, pageText, root, type Block } from './pages.js'

const blocks = pages.flatMap(blocksOf)
const where = ({ page, line }: Block): string => `${page}:${line}`

/** What a fragment of a page is put into, so that it makes a whole specification. */
const base: Specification = {
  world: { kind: 'storefronts' },
  model: { kind: 'mlp', hidden: [8] },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'deadline', count: 2, after: '1 min' },
}

/** Whom fragments may name. */
const actors = federation('ES', 'NL', 'US')

/** A list is one of faults, anything else fields of a specification. */
const specificationOf = (value: unknown): Specification =>
  (Array.isArray(value) ? { ...base, faults: value } : { ...base, ...(value as object) }) as Specification

describe('scripts in the pages', () => {
  it('satisfy the compiler', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'windtunnel-docs-'))
    try {
      // Files of the library that a page shows are compiled with it.
      const isScript = ({ language, text }: Block) =>
        language === 'ts' && text.startsWith('import') && !/from '\.\.?\/(?!simulations)/.test(text)
      const scripts = blocks.filter(isScript)
      expect(scripts.length).toBeGreaterThan(10)
      cpSync(join(root, 'simulations'), join(folder, 'simulations'), { recursive: true })
      scripts.forEach((block, i) => writeFileSync(join(folder, `block-${i}.ts`), block.text))
      const options = {
        noEmit: true,
        paths: {
          '@windtunnel/windtunnel': [join(root, 'src/index.ts')],
          '@windtunnel/windtunnel/scenarios': [join(root, 'scenarios/index.ts')],
          '@windtunnel/windtunnel/tensorflow': [join(root, 'src/tensorflow.ts')],
        },
        typeRoots: [join(root, 'node_modules/@types')],
      }
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
      const include = ['*.ts', join(root, 'docs/figures/*.ts')]
      const project = { extends: join(root, 'tsconfig.json'), compilerOptions: options, include }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
      const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
      const said = await promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false']).then(
        () => '',
        (error: { stdout: string }) => error.stdout,
      )
      expect(said.replace(/\S*block-(\d+)\.ts/g, (_, i: string) => where(scripts[Number(i)]))).toBe('')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('are the files that they quote', () => {
    const readme = blocksOf('README.md').find(({ language }) => language === 'ts')!
    expect(`${readme.text}\n`).toBe(readFileSync(join(root, 'simulations/twenty-lines.ts'), 'utf8'))
    const source = readFileSync(join(root, 'test/models/define.test.ts'), 'utf8')
    const [, quoted] = /\/\/ <gated>\n([\s\S]*?)\n\/\/ <\/gated>/.exec(source)!
    expect(pageText('docs/models.md')).toContain(quoted)
  })
})

describe('data in the pages', () => {
  const data = blocks.filter(({ language, text }) => language === 'yaml' || (language === 'json' && !text.includes('compilerOptions')))
  const schemas = data.filter(({ text }) => /^files:/m.test(text))
  const specifications = data.filter((block) => !schemas.includes(block) && !/^sweep:/m.test(block.text))

  it.each(specifications.map((block) => [where(block), block] as const))('%s is a specification', (_, { text }) => {
    const specification = specificationOf(parse(text))
    const resolved = resolve(specification)
    // Faults and schedules are drawn too, for a small federation, and traces are read.
    const plan = drawPlan(resolved.faults, actors, '1', knowledge)
    const { schedule, network, devices } = resolved
    const read = (path: string): string => Buffer.from(readTrace(path, '.')).toString()
    compile({ plan, participants: actors, parts: ['trunk'], schedule, network, devices, read, streams: streams('1') })
  })

  it.each(schemas.map((block) => [where(block), block] as const))('%s is the schema of a folder', (name, { text }) => {
    expect(parseFolderSchema(name, text).tasks.length).toBeGreaterThan(0)
  })
})

describe('sweeps in the pages', () => {
  const isSweep = ({ language, text }: Block): boolean => language === 'yaml' ? /^sweep:/m.test(text) : language === 'ts' && text.includes('export default sweep(')

  it.each(blocks.filter(isSweep).map((block) => [where(block), block] as const))('%s can be flown at all its points', async (_, { language, text }) => {
    const folder = mkdtempSync(join(tmpdir(), 'windtunnel-docs-'))
    try {
      // The tests' own resolution of packages does not reach a folder elsewhere.
      const own = (path: string): string => `from '${pathToFileURL(join(root, path)).href}'`
      const script = text.replace("from '@windtunnel/windtunnel/scenarios'", own('scenarios/index.ts')).replace("from '@windtunnel/windtunnel'", own('src/index.ts'))
      writeFileSync(join(folder, `mine.${language}`), script)
      expect(cellsOf((await loadSweep(`mine.${language}`, folder, {})).plan).length).toBeGreaterThan(2)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('are the file that they quote', () => {
    const quoted = blocksOf('docs/sweeps.md').find(({ language }) => language === 'yaml')!
    expect(readFileSync(join(root, 'simulations/sweep.yaml'), 'utf8').replace(/^#.*\n/, '')).toBe(`${quoted.text}\n`)
  })
})

describe('links in the pages', () => {
  it('lead somewhere', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page).flatMap(({ line, target }) => {
        if (/^https?:/.test(target)) return []
        const [file, anchor] = target.split('#')
        const path = file === '' ? page : normalize(join(dirname(page), file))
        if (!existsSync(join(root, path))) return [`${page}:${line}: ${target}`]
        if (anchor !== undefined && !anchorsOf(path).has(anchor)) return [`${page}:${line}: ${target}, no such heading`]
        return []
      }),
    )
    expect(broken).toEqual([])
  })

  it('reach every page from the README or the guide', () => {
    const reached = new Set(['README.md', 'docs/guide.md'].flatMap((page) =>
      linksOf(page).map(({ target }) => normalize(join(dirname(page), target.split('#')[0])))))
    expect(pages.filter((page) => page !== 'README.md' && !reached.has(page))).toEqual([])
  })
})

describe('the pages name files that exist', () => {
  it('sources, tests, simulations and pages', () => {
    const toBeWritten = new Set(['simulations/mine.ts'])
    const named = /(?<![\w./-])(?:src|test|simulations|scenarios|docs|bench)\/[\w./-]*\w/g
    const missing = pages.flatMap((page) =>
      [...pageText(page).matchAll(named)]
        .map(([path]) => path.replace(/\.js$/, '.ts'))
        .filter((path) => !toBeWritten.has(path) && !existsSync(join(root, path)))
        .map((path) => `${page}: ${path}`))
    expect(missing).toEqual([])
  })
})
