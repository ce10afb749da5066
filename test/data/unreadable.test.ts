import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

import { loadWorld, mnist } from '../../scenarios/index.js'
import { readWhole } from '../../src/data/bytes.js'
import { DataError } from '../../src/errors.js'

const dir = mkdtempSync(join(tmpdir(), 'windtunnel-unreadable-'))

describe('data that a system does not give', () => {
  it.each([
    ['a circle of links', (file: string) => symlinkSync(file, file), 'cannot be read (ELOOP)'],
    ['a folder', (file: string) => mkdirSync(file), 'is a folder where a file was expected'],
    ['a link to nothing', (file: string) => symlinkSync('/no-such-file', file), 'no file data.csv'],
  ])('%s is an error of data that names the file', async (name, make, why) => {
    const folder = join(dir, name.replaceAll(' ', '-'))
    mkdirSync(folder)
    make(join(folder, 'data.csv'))
    const failure = await readWhole(join(folder, 'data.csv')).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(DataError)
    expect((failure as Error).message).toContain(why)
  })

  it.each([
    ['a folder', (file: string) => mkdirSync(file), 'cannot be read (EISDIR)'],
    ['half a gzip file', (file: string) => writeFileSync(file, gzipSync('pixels').subarray(0, 12)), 'not a complete gzip file'],
  ])('%s in place of images too', async (name, make, why) => {
    const folder = join(dir, `mnist-${name.replaceAll(' ', '-')}`)
    mkdirSync(folder)
    make(join(folder, 'train-images-idx3-ubyte.gz'))
    const failure = await loadWorld(mnist({ dir: folder }), { seed: '1', cwd: dir }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(DataError)
    expect((failure as Error).message).toContain(why)
  })
})
