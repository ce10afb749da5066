import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

import { visible } from '../../src/cli/visible.js'
import { mostWorkers } from '../../src/engine/open.js'
import { exitCodes, printable } from '../../src/errors.js'
import { realDisk } from '../../src/runs/disk.js'
import { say } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-visible-'))
const tiny = {
  world: { kind: 'storefronts', scenarios: 2, impressions: 40, users: 20, items: 10 },
  model: { kind: 'mlp', hidden: [4] }, strategy: { kind: 'fedavg' }, rounds: { kind: 'synchronous', count: 1 },
}

beforeAll(() => {
  writeFileSync(join(cwd, 'tiny.json'), JSON.stringify(tiny))
  writeFileSync(join(cwd, 'a-file'), 'mine')
})

describe('what is written to a terminal', () => {
  it('is seen as it is: codes in names are written out, only the command’s own reach it', () => {
    const lines: string[] = []
    const output = visible({ write: (text) => lines.push(text), isTTY: true, columns: 80 })
    output.write('client-\u001b[2J\u009b31m\u202egnp\u0000\r\n\tNL')
    output.control?.('\u001b[J')
    expect(lines).toEqual(['client-\\u001b[2J\\u009b31m\\u202egnp\\u0000\\u000d\n\tNL', '\u001b[J'])
    expect([output.isTTY, output.columns]).toEqual([true, 80])
  })

  it('is JSON still where it was JSON', () => {
    const lines: string[] = []
    const name = 'a\u001b\u009b\u202e\ufeffb'
    visible({ write: (text) => lines.push(text) }).write(JSON.stringify({ [name]: name }))
    expect(JSON.parse(lines[0])).toEqual({ [name]: name })
  })

  it.each([
    ['run', '\u001b[31mred.yaml'], ['run', 'tiny.json', '--set', 'na\u001b[31mme=1'], ['verify', 'no-\u009b31m'], ['list', '\u001b[2J'],
    ['\u001b[2J'], ['run', 'tiny.json', '--workers', '\u001b[2J'], ['run', `${'x'.repeat(5_000)}.yaml`], ['run', 'tiny.json', '--engine', 'x'.repeat(5_000)],
    ['verify', 'x'.repeat(5_000)], ['run', 'tiny.json', '--set', `${'x'.repeat(5_000)}=1`], ['run', 'tiny.json', '--set', `rounds.count=${'1'.repeat(5_000)}`],
  ])('holds no code and no endless text of an argument: %s', async (...argv) => {
    const { code, out, err } = await say(argv, cwd)
    expect(code).not.toBe(exitCodes.ok)
    expect(code).not.toBe(exitCodes.crash)
    expect(printable(out + err)).toBe(out + err)
    expect(out + err).not.toMatch(/[x1]{201}/)
  })
})

describe('arguments', () => {
  it.each(['0', '257', '1000000', '-1', '1e9', 'many'])('--workers %s is refused before anything starts', async (workers) => {
    const { code, err } = await say(['run', 'tiny.json', '--workers', workers], cwd)
    expect(code).toBe(exitCodes.specification)
    expect(err).toContain(`a whole number from 1 to ${mostWorkers}`)
  })

  it.each([
    ['a-file', 'ENOTDIR'], ['a-file/run', 'ENOTDIR'], ['a-file/run/deeper', 'ENOTDIR'], ['n'.repeat(300), 'ENAMETOOLONG'],
    ['n/'.repeat(3_000), 'ENAMETOOLONG'], ['nul\0l', 'null bytes'],
  ])('--out %s is an error of storage that says why', async (out, why) => {
    const { code, err } = await say(['run', 'tiny.json', '--engine', 'tfjs', '--workers', '1', '--quiet', '--out', `${cwd}/${out}`], cwd)
    expect(err).toContain(why)
    expect(err).not.toMatch(/n{201}|(n\/){101}/)
    expect(code).toBe(exitCodes.storage)
    expect(realDisk.list(cwd)).not.toContain('n')
  })

  it('--out must not be empty', async () => {
    expect((await say(['run', 'tiny.json', '--out', ''], cwd)).code).toBe(exitCodes.specification)
  })

  it.runIf(process.platform === 'linux').each(['/proc/self/run', '/proc/run', '/dev/full', '/dev/null/run'])(
    '--out %s, where no folder can be made, ends', async (out) => {
      const { code } = await say(['run', 'tiny.json', '--engine', 'tfjs', '--workers', '1', '--quiet', '--out', out], cwd)
      expect(code).toBe(exitCodes.storage)
    })
})

describe('a folder and those above it', () => {
  it('are made, and may be there', () => {
    const deep = join(cwd, 'a', 'b', 'c')
    realDisk.makeFolder(deep)
    realDisk.makeFolder(deep)
    mkdirSync(join(cwd, 'a', 'd'))
    realDisk.makeFolder(join(cwd, 'a', 'd', 'e'))
    expect(realDisk.list(join(cwd, 'a')).sort()).toEqual(['b', 'd'])
    expect(realDisk.exists(join(cwd, 'a', 'd', 'e'))).toBe(true)
  })
})
