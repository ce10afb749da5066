import { execFile, spawn as spawnProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const bin = resolve('src/cli/bin.mjs')

const spawn = (argv: readonly string[], cwd: string): Promise<{ code: number; out: string; err: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [bin, ...argv], { cwd }, (error, out, err) =>
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })

/** A folder outside the checkout, in a package that is not even of ES modules. */
const outside = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-bin-'))
  mkdirSync(join(folder, 'parts'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }')
  writeFileSync(join(folder, 'parts/size.ts'), 'export enum Size { hidden = 4 }\n')
  writeFileSync(
    join(folder, 'mine.ts'),
    `import * as tf from '@tensorflow/tfjs'
import { fedAvg, minutes, deadline, simulation, type Specification } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'
import { Size } from './parts/size.js'

const width: number = Size.hidden
const specification: Specification = simulation({
  world: storefronts({ scenarios: 2, impressions: 120, users: 20, items: 10 }),
  model: {
    name: 'mine',
    segments: (features, tasks) => tasks.map(({ name }) => ({
      name, shape: [features.numeric.length, 1], axes: ['in', 'out'], role: 'tower',
      initial: { kind: 'constant', value: 0 },
    })),
    forward: (p, batch, _mode, { tasks }) => ({
      heads: Object.fromEntries(tasks.map(({ name }) => {
        return [name, tf.matMul(batch.numeric as tf.Tensor2D, p[name] as tf.Tensor2D)]
      })),
    }),
  },
  local: { batch: width * 8 },
  strategy: fedAvg(),
  rounds: deadline({ count: 2, after: minutes(1) }),
})
export default specification
`,
  )
  return folder
}

const strayScript = `import { fedAvg, mlp, simulation, synchronous } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

export default simulation({
  world: storefronts({ scenarios: 2, impressions: 120, users: 20, items: 10 }),
  model: mlp({ hidden: [2], embedding: 1 }),
  strategy: fedAvg(),
  rounds: synchronous({ count: 100000 }),
  link: (envelopes$, { usual }) => { void Promise.reject(new Error('stray')); return usual(envelopes$) },
})
`

describe('the command', () => {
  it('flies a script outside the checkout, whose model is made of the same TensorFlow.js, and replays it', async () => {
    const cwd = outside()
    const flown = await spawn(['run', 'mine.ts', '--seed', '3', '--workers', '1', '--json'], cwd)
    expect(flown).toMatchObject({ code: 0 })
    const summary = JSON.parse(flown.out) as { name: string; status: string; digest: string; rounds: unknown }
    expect(summary).toMatchObject({ name: 'mine', status: 'complete', rounds: { count: 2 } })
    const manifest = JSON.parse(readFileSync(join(cwd, 'runs/mine-3/manifest.json'), 'utf8')) as Record<string, unknown>
    expect(manifest).toMatchObject({ status: 'complete', digest: summary.digest, functions: ['model'] })
    expect(manifest.specification).toMatchObject({ model: { function: 'mine' } })
    const again = await spawn(['replay', 'runs/mine-3', '--json'], cwd)
    expect(JSON.parse(again.out)).toMatchObject({ result: 'same', numbers: 'same', digest: summary.digest })
    writeFileSync(join(cwd, 'mine.ts'), `${readFileSync(join(cwd, 'mine.ts'), 'utf8')}// edited\n`)
    const refused = await spawn(['replay', 'runs/mine-3'], cwd)
    expect(refused).toMatchObject({ code: 2, out: '' })
    expect(refused.err).toContain('the script mine.ts has changed since the run')
  })

  it('ends a flight in which a script leaves an error to nobody, and says so in the manifest', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-stray-'))
    writeFileSync(join(cwd, 'stray.mjs'), strayScript)
    const flown = await spawn(['run', 'stray.mjs', '--workers', '1'], cwd)
    expect(flown.code).toBe(1)
    expect(flown.err).toMatch(/windtunnel: Error: stray\n +at link .*stray\.mjs/)
    const manifest = JSON.parse(readFileSync(join(cwd, 'runs/stray-1/manifest.json'), 'utf8')) as object
    expect(manifest).toMatchObject({ status: 'failed', error: 'Error: stray' })
  })

  it.each([
    ['process.exit(0)', 'ended the process before anything was flown'],
    ['await new Promise(() => {})\nexport default {}', 'waits for a promise that nothing settles'],
    ['export default new Promise(() => {})', 'waits for a promise that nothing settles'],
    ["export default Promise.reject(new Error('refused'))", 'mine.mjs:1: the script failed: Error: refused'],
  ])('takes the script %j for no flight', async (text, why) => {
    const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-script-'))
    writeFileSync(join(cwd, 'mine.mjs'), text)
    for (const command of ['run', 'study']) {
      const { code, out, err } = await spawn([command, 'mine.mjs'], cwd)
      expect({ command, code, out }).toEqual({ command, code: 2, out: '' })
      expect(err).toContain(why)
    }
  })

  it('ends quietly when nobody reads any more, with the run folder closed', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-pipe-'))
    writeFileSync(join(cwd, 'long.mjs'), strayScript.replace(/link: .*/, ''))
    const child = spawnProcess(process.execPath, [bin, 'run', 'long.mjs', '--workers', '1'], { cwd })
    let err = ''
    child.stderr.on('data', (text: Buffer) => (err += text.toString()))
    child.stdout.once('data', () => child.stdout.destroy())
    const code = await new Promise((done) => child.on('close', done))
    expect(code).toBe(130)
    expect(err).toMatch(/^note: [^\n]* npx windtunnel resume runs\/long-1 goes on from there\n$/)
    const manifest = JSON.parse(readFileSync(join(cwd, 'runs/long-1/manifest.json'), 'utf8')) as object
    expect(manifest).toMatchObject({ status: 'interrupted' })
  })
})

it('a process that the script ends in mid-flight does not pass for one that came to its end', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-ended-'))
  const small = {
    world: { kind: 'storefronts', scenarios: 2, impressions: 60, users: 20, items: 10 }, model: { kind: 'linear-model' }, strategy: { kind: 'fedavg' },
    rounds: { kind: 'deadline', count: 1, after: '10 s', quorum: 1 },
  }
  writeFileSync(join(cwd, 'ends.mjs'), `export default { ...${JSON.stringify(small)}, link: () => process.exit(0) }`)
  const { code, err } = await spawn(['run', 'ends.mjs', '--engine', 'surrogate', '--out', 'run'], cwd)
  expect(code).toBe(1)
  expect(err).toContain('the process was ended before the command was: does something in the script call process.exit()?')
}, 60_000)

it('says without its tables, too, why exit code 5', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-nothing-'))
  writeFileSync(join(cwd, 'short.yaml'), `
world: { kind: storefronts, scenarios: 2, impressions: 60, users: 20, items: 10 }
model: { kind: linear-model }
strategy: { kind: fedavg }
rounds: { kind: deadline, count: 1, after: 1 ms, quorum: 1 }
`)
  const { code, out, err } = await spawn(['run', 'short.yaml', '--engine', 'surrogate', '--quiet', '--out', 'run'], cwd)
  expect([code, out]).toEqual([5, ''])
  expect(err).toMatch(/windtunnel: every round was aborted, so that nothing was learnt: .*below quorum/)
}, 60_000)
