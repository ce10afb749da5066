import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { main } from '../../src/cli/main.js'
import { realDisk } from '../../src/runs/disk.js'
import { readManifest } from '../../src/runs/manifest.js'
import { examine } from '../../src/runs/seal.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-shrink-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const windtunnel = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
  let [out, err] = ['', '']
  const terminal = { out: { write: (text: string) => ((out += text), true) }, err: { write: (text: string) => ((err += text), true) }, cwd }
  const code = await main(argv, terminal as unknown as Parameters<typeof main>[1])
  return { code, out, err }
}

const common = {
  world: { kind: 'storefronts', scenarios: 4, impressions: 200, users: 50, items: 20 },
  model: { kind: 'mlp', hidden: [4] },
  local: { epochs: 1, batch: 20 },
  strategy: { kind: 'fedavg' },
}

const stuck = {
  ...common,
  rounds: { kind: 'synchronous', count: 5 },
  faults: [
    { kind: 'lose', link: { from: 'client' }, rounds: [3, 5], probability: 0.4 },
    { kind: 'slow', who: { select: 'one' }, by: 8 },
    { kind: 'delay', link: { to: 'client' }, by: '40 ms', probability: 0.5 },
  ],
}

beforeAll(() => {
  writeFileSync(join(cwd, 'stuck.yaml'), JSON.stringify(stuck))
  // A promise that every duplicate breaks.
  writeFileSync(join(cwd, 'own.mjs'), `
    const see = (event) => { if (event.kind === 'settle' && event.fate === 'duplicate') throw new RangeError('came twice') }
    export default {
      ...${JSON.stringify({ ...common, rounds: { kind: 'deadline', count: 4, after: '1 min' } })},
      faults: [{ kind: 'duplicate', link: { message: 'update' }, probability: 0.2 }, { kind: 'slow', who: 'all', by: 3 }],
      checks: [{ name: 'no copy', promise: 'None.', kinds: ['settle'], see }],
    }`)
})

describe('a run that failed', () => {
  it('is shrunk into a folder that replay takes, with its script and its story', async () => {
    expect((await windtunnel('run', 'stuck.yaml', '--quiet', '--workers', '1', '--seed', '7', '--engine', 'tfjs', '--out', join(cwd, 'runs/stuck'))).code).toBe(5)
    const { code, out } = await windtunnel('shrink', 'runs/stuck')
    expect(code).toBe(0)
    expect(out).toMatch(/^The simplest that fails so \(\d+ flights\): 1 fault\n {2}lose\(\{ /)
    const folder = 'runs/stuck-7-shortest'
    expect(out).toContain(`npx windtunnel replay ${folder}\n`)
    const manifest = readManifest(join(cwd, folder), realDisk)
    expect(manifest).toMatchObject({ status: 'failed', engine: 'surrogate', failure: { kind: 'liveness' }, script: { file: `${folder}/minimal.yaml` } })
    expect((manifest.specification.faults as { kind: string }[]).map(({ kind }) => kind)).toEqual(['lose'])
    expect(examine(join(cwd, folder), realDisk)).toMatchObject({ broken: [], strays: [] })
    expect(readFileSync(join(cwd, folder, 'story.txt'), 'utf8').trim()).toBe(out.trim())
    expect(await windtunnel('replay', join(cwd, folder))).toMatchObject({ code: 0, err: '', out: expect.stringContaining('It fails so again: Round ') as string })
    // The line that flies its script fails in the same words.
    const line = /npx windtunnel (run .*)/.exec(out)![1].split(' ')
    const again = await windtunnel(...line, '--quiet', '--workers', '1', '--out', join(cwd, 'runs/by-script'))
    expect([again.code, again.err]).toEqual([5, `windtunnel: ${manifest.failure!.message}\n`])
  })

  it('has a story of no more than a dozen lines, the fault among them', () => {
    const story = readFileSync(join(cwd, 'runs/stuck-7-shortest/story.txt'), 'utf8').split('\n')
    const lines = story.slice(story.findIndex((line) => line.startsWith('what led there')) + 1).filter((line) => /^ +\d+[:.]/.test(line))
    expect(lines.length).toBeLessThanOrEqual(12)
    expect(lines.some((line) => / lose-[0-9a-f]{8}: 1 message lost/.test(line))).toBe(true)
  })

  it('whose story was edited is seen by its manifest', async () => {
    const path = join(cwd, 'runs/stuck-7-shortest/story.txt')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, `${text}more\n`)
    expect((await windtunnel('replay', join(cwd, 'runs/stuck-7-shortest'))).err).toContain('story.txt is not what the run wrote')
    writeFileSync(path, text)
  })

  it.each([
    ['a message', {}, '201 ms', '300 ms', / the update of round \d for trunk \(#\d+\) from client-store-2 is lost, by its schedule\n/],
    ['a training', { devices: { gflops: 0.001 } }, '25 ms', '300 ms', / client-store-2 {2}has trained for round \d \(interrupted, by its schedule, \d+ examples\)\n/],
  ])('of which the simulation’s own schedule took %s away has that in its headline and its story', async (_, devices, on, off, line) => {
    const specification = {
      ...common, ...devices, rounds: { kind: 'synchronous', count: 9 }, schedule: [{ kind: 'periods', who: 'client-store-4', on, off }, { kind: 'always', who: 'client-store-1' }],
    }
    writeFileSync(join(cwd, 'windows.yaml'), JSON.stringify(specification))
    expect((await windtunnel('run', 'windows.yaml', '--quiet', '--force', '--engine', 'surrogate', '--out', join(cwd, 'runs/windows'))).code).toBe(5)
    const { code, out } = await windtunnel('shrink', 'runs/windows', '--out', 'runs/windows-shortest', '--force')
    expect(code).toBe(0)
    const [headline, schedule] = out.split('\n')
    expect(headline).toMatch(/^The simplest that fails so \(\d+ flights?\): no fault beyond the simulation’s own schedule$/)
    expect(schedule).toMatch(/^ {2}schedule: \[\{ kind: 'periods', .*client-store-2.* {2}# the simulation’s own: without it, it does not fail so$/)
    expect(out).toMatch(line)
    expect(await windtunnel('replay', join(cwd, 'runs/windows-shortest'))).toMatchObject({ code: 0 })
  })

  it('says of what the simulation does by itself, and it needs not, that it fails without it', async () => {
    writeFileSync(join(cwd, 'linked.mjs'), `
      const see = (event) => { if (event.kind === 'drop') throw new RangeError('lost') }
      export default {
        ...${JSON.stringify({ ...common, rounds: { kind: 'deadline', count: 3, after: '1 min' }, schedule: [{ kind: 'windows', windows: [['0 s', '3 min']] }], network: { bandwidthTrace: { path: 'windtunnel:bandwidth.csv' } }, faults: [{ kind: 'delay', link: {}, by: '1 ms' }] })},
        link: (envelopes, { scheduler }) => new envelopes.constructor((to) => envelopes.subscribe({ next: (one) => { if (one.kind !== 'update') to.next(one) }, error: (e) => to.error(e), complete: () => to.complete() })),
        checks: [{ name: 'nothing lost', promise: 'None.', kinds: ['drop'], see }],
      }`)
    expect((await windtunnel('run', 'linked.mjs', '--quiet', '--engine', 'surrogate', '--out', join(cwd, 'runs/linked'))).err).toContain('lost')
    const { out } = await windtunnel('shrink', 'runs/linked', '--json', '--out', 'runs/linked-shortest')
    const { shortest } = JSON.parse(out) as { shortest: { faults: unknown[]; own: { field: string; needed: boolean }[] } }
    expect(shortest.faults).toEqual([])
    expect(shortest.own.map(({ field, needed }) => [field, needed])).toEqual([['schedule', false], ['link', true], ['network.bandwidthTrace', false]])
    const story = readFileSync(join(cwd, 'runs/linked-shortest/story.txt'), 'utf8')
    expect(story).toMatch(/: no fault beyond the simulation’s own link\n {2}schedule: .* {2}# the simulation’s own: it fails so without it, too\n {2}link: a function of the script {2}# the simulation’s own: without it, it does not fail so\n/)
  })

  it('is refused where there is nothing to shrink', async () => {
    writeFileSync(join(cwd, 'well.yaml'), JSON.stringify({ ...common, rounds: { kind: 'synchronous', count: 2 } }))
    await windtunnel('run', 'well.yaml', '--quiet', '--engine', 'surrogate', '--out', join(cwd, 'runs/well'))
    expect((await windtunnel('shrink', 'runs/well')).err).toContain('runs/well holds a run that is complete: there is nothing to shrink.')
    expect((await windtunnel('shrink', 'runs/none')).err).toContain('runs/none does not exist')
    expect((await windtunnel('shrink', 'stuck.yaml')).err).toContain('stuck.yaml is not what explore --json prints')
  })
})

describe('an exploration', () => {
  it('leaves the simplest of its first failure in a folder, and others can be shrunk from what it printed', async () => {
    const explored = await windtunnel('explore', 'own.mjs', '--plans', '64', '--workers', '1', '--rounds', '4', '--collect', '--json', '--fault', 'duplicate', '--fault', 'slow', '--vary', 'delivery', '--out', 'runs/first')
    expect(explored.code).toBe(1)
    // In a pipe too it says how far it has come.
    expect(explored.err).toMatch(/^8 of 64 cases, \d+ failed\n(?:\d+ of 64 cases, \d+ failed\n)+shrinking: flight 1 of at most 1,000\n/)
    expect(explored.err).toMatch(/\nvarying what is left: part 1 of \d+ · \d+ flights? in all\n/)
    const about = JSON.parse(explored.out) as { found: { nth: number }[]; kept: { folder: string; note?: string } }
    expect(about.kept).toMatchObject({ folder: 'runs/first' })
    expect(about.kept.note).toBeUndefined()
    expect(about.found.length).toBeGreaterThan(1)
    expect(readFileSync(join(cwd, 'runs/first/minimal.ts'), 'utf8')).toContain("import base from '../../own.mjs'")
    expect(await windtunnel('replay', join(cwd, 'runs/first'))).toMatchObject({ code: 0 })
    writeFileSync(join(cwd, 'found.json'), explored.out)
    const { nth } = about.found[1]
    const shrunk = await windtunnel('shrink', 'found.json', '--case', String(nth), '--json', '--out', 'runs/second')
    expect(shrunk.code).toBe(0)
    expect(JSON.parse(shrunk.out)).toMatchObject({ kept: { folder: 'runs/second' }, shortest: { shrunk: { failure: { kind: 'crash' }, spent: false } } })
    expect(existsSync(join(cwd, 'runs/second/story.txt'))).toBe(true)
    expect((await windtunnel('shrink', 'found.json', '--case', '100000')).err).toContain('case 100000 did not fail. Those that did: ')
  }, 60_000)
})

describe('what is thrown and is no error', () => {
  it('is another failure where it says something else, and shrunk to what says the same', async () => {
    writeFileSync(join(cwd, 'thrown.mjs'), `
      const see = (event) => {
        if (event.kind !== 'settle') return
        if (event.fate === 'duplicate' && event.row.direction === 'up') throw 'twice from ' + event.row.from + ' in round ' + event.row.round
        if (event.fate === 'lost') throw { why: 'lost', round: event.row.round }
      }
      export default {
        ...${JSON.stringify({ ...common, rounds: { kind: 'deadline', count: 4, after: '1 min' } })},
        checks: [{ name: 'none of it', promise: 'None.', kinds: ['settle'], see }],
      }`)
    const argv = ['explore', 'thrown.mjs', '--plans', '24', '--workers', '1', '--rounds', '4', '--collect', '--json', '--fault', 'duplicate', '--fault', 'lose', '--vary', 'delivery']
    const { code, out } = await windtunnel(...argv, '--out', 'runs/thrown')
    expect(code).toBe(1)
    const { found, shortest } = JSON.parse(out) as { found: { failure: { what: string } }[]; shortest: { shrunk: { failure: { what: string }; case: { faults: unknown[] } } } }
    expect([...new Set(found.map(({ failure: { what } }) => what))].sort()).toEqual(['thrown object {"why":"lost","round":#}', 'thrown string "twice from client-* in round #"'])
    expect(shortest.shrunk).toMatchObject({ failure: { what: found[0].failure.what }, case: { faults: [{}] } })
    expect(shortest.shrunk.case.faults).toHaveLength(1)
  }, 60_000)
})

describe('a folder that cannot be had', () => {
  const explored = ['explore', 'own.mjs', '--plans', '16', '--workers', '1', '--rounds', '4', '--fault', 'duplicate', '--vary', 'delivery']

  it('is refused before anything is flown, and no trace of trying is left', async () => {
    mkdirSync(join(cwd, 'taken'))
    writeFileSync(join(cwd, 'taken/notes.txt'), 'mine')
    writeFileSync(join(cwd, 'file'), 'mine')
    const before = readdirSync(cwd)
    for (const [out, why] of [['taken', 'holds files that are not of a run (notes.txt)'], ['file', 'file'], ['file/in', 'file/in'], ['/proc/none', '/proc/none'], ['runs/stuck', 'holds another run (stuck, seed 7)']]) {
      for (const argv of [[...explored, '--out', out], ['shrink', 'runs/stuck', '--out', out]]) {
        const { code, out: printed, err } = await windtunnel(...argv)
        expect([argv[0], out, code, printed]).toEqual([argv[0], out, 7, ''])
        expect(err).toContain(why)
        expect(err).toContain('--out')
      }
    }
    expect(readdirSync(cwd)).toEqual(before)
    expect(readdirSync(join(cwd, 'taken'))).toEqual(['notes.txt'])
  }, 60_000)

  it('is refused where nothing would be put there: --no-shrink looks for nothing simpler', async () => {
    for (const [argv, flag] of [[['--out', 'runs/none'], '--out'], [['--force'], '--force'], [['--out', 'taken', '--force'], '--out']] as const) {
      const { code, out, err } = await windtunnel(...explored, '--no-shrink', ...argv)
      expect([code, out]).toEqual([2, ''])
      expect(err).toContain(`${flag} is about the folder of the simplest that fails, which --no-shrink does not look for`)
      expect(err).toContain('--json > found.json')
    }
    expect(existsSync(join(cwd, 'runs/none'))).toBe(false)
    expect((await windtunnel(...explored, '--no-shrink', '--quiet')).code).toBe(1)
    for (const argv of [explored, ['shrink', 'runs/stuck-7']]) {
      const { code, out, err } = await windtunnel(...argv, '--force')
      expect([code, out]).toEqual([2, ''])
      expect(err).toContain('--force is about a folder that is there: name it with --out')
    }
  }, 60_000)

  it('when all was found, does not take it along: it is printed, with what went wrong', async () => {
    // Something else is found than what lies there.
    const there = 'runs/stuck-7-shortest'
    const { code, out, err } = await windtunnel(...explored, '--out', there)
    expect(code).toBe(7)
    expect(err).toContain('holds another flight')
    expect(out).toMatch(/^\d+ cases? flown/)
    expect(out).toContain('The simplest that fails so')
    const json = await windtunnel(...explored, '--out', there, '--json')
    expect(json.code).toBe(7)
    const about = JSON.parse(json.out) as { found: unknown[]; shortest: object; kept?: object }
    expect(about.found.length).toBeGreaterThan(0)
    expect(about.shortest).toBeDefined()
    expect(about.kept).toBeUndefined()
    // What is found again takes the place of what was.
    expect((await windtunnel('shrink', 'runs/stuck', '--out', there)).code).toBe(0)
  }, 60_000)
})
