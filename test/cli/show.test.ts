import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

import { exitCodes } from '../../src/errors.js'
import { labelsOf } from '../../src/runs/describe.js'
import type { Manifest } from '../../src/runs/manifest.js'
import { sealed } from '../../src/runs/seal.js'
import { say } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-show-'))

const simulation = {
  world: { kind: 'storefronts', scenarios: 3, impressions: 120 },
  model: { kind: 'mmoe', embedding: 2, experts: 2, expert: [4], tower: [4] },
  local: { epochs: 1, batch: 32 },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'deadline', count: 3, after: '1 min', quorum: 1 },
  checkpoint: { every: 1 },
  faults: [
    { kind: 'lose', link: {}, probability: 0.2, id: 'losses' },
    { kind: 'crash', who: 'expert-1', at: '500 ms', restartAfter: '1 s', keeps: 'checkpoint', id: 'dies' },
  ],
}

let printed: string
beforeAll(async () => {
  writeFileSync(join(cwd, 'tiny.json'), JSON.stringify(simulation))
  writeFileSync(join(cwd, 'stuck.json'), JSON.stringify({
    ...simulation, rounds: { kind: 'synchronous', count: 3 }, faults: [{ kind: 'lose', link: { message: 'update' }, rounds: [2, 2] }],
  }))
  printed = (await say(['run', 'tiny.json', '--engine', 'tfjs', '--workers', '1', '--seed', '4', '--out', join(cwd, 'whole')], cwd)).out
  await say(['run', 'stuck.json', '--engine', 'tfjs', '--workers', '1', '--quiet', '--out', join(cwd, 'failed')], cwd)
})

/** A copy of the whole run, with a manifest that says something else. */
const changed = (name: string, change: (manifest: Manifest) => Partial<Manifest>, seals = true): string => {
  const folder = join(cwd, name)
  cpSync(join(cwd, 'whole'), folder, { recursive: true })
  const path = join(folder, 'manifest.json')
  const was = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  const now = { ...was, ...change(was) } as Manifest
  writeFileSync(path, `${JSON.stringify(seals && now.files !== undefined ? sealed(now, now.files) : now, null, 2)}\n`)
  return folder
}

describe('show', () => {
  it('prints what run has printed at the end, to the letter', async () => {
    const { code, out, err } = await say(['show', 'whole'], cwd)
    expect([code, err]).toEqual([0, ''])
    expect(out.length).toBeGreaterThan(1000)
    // What comes before is the progress of the flight.
    expect(printed.endsWith(out)).toBe(true)
    expect(out).toMatch(/^Test scores after round/)
    expect(out).toMatch(/0\.\d\d ± 0\.\d\d/)
    expect(out).toMatch(/· checkpoints [1-9]/)
  })

  it('gives the object that run gives with --json', async () => {
    const flown = await say(['run', 'tiny.json', '--engine', 'tfjs', '--workers', '1', '--seed', '5', '--json', '--check', 'once', '--check', 'isolation', '--out', join(cwd, 'json')], cwd)
    const shown = await say(['show', 'json', '--json'], cwd)
    expect(shown.code).toBe(0)
    expect(JSON.parse(shown.out)).toEqual(JSON.parse(flown.out))
    expect((JSON.parse(shown.out) as { compared: object }).compared).toHaveProperty('isolation')
  })

  it('shows what there is of a run that failed, and says why it did', async () => {
    const { code, out, err } = await say(['show', 'failed'], cwd)
    expect(code).toBe(exitCodes.partly)
    expect(out).toContain('Messages')
    expect(out).toContain('FAILED after 1 round closed, 0 aborted')
    expect(out).not.toContain('undefined')
    expect(err).toMatch(/^windtunnel: failed failed, and holds what had been flown by then \(LivenessError: Round 2 can never close/)
    expect(err).toContain('npx windtunnel shrink failed')
    const json = JSON.parse((await say(['show', 'failed', '--json'], cwd)).out) as Record<string, unknown>
    expect(json).toMatchObject({ status: 'failed', digest: null, virtualTime: null, rounds: { closed: 1, aborted: 0 } })
    expect(json.error).toMatch(/LivenessError/)
  })

  it('shows what there is of one that was interrupted, and how to go on', async () => {
    changed('stopped', () => ({ status: 'interrupted' }))
    const { code, out, err } = await say(['show', 'stopped'], cwd)
    expect(code).toBe(exitCodes.partly)
    expect(out).toContain('INTERRUPTED after 2 rounds closed')
    expect(err).toBe('windtunnel: stopped was interrupted, and holds what had been flown by then; npx windtunnel resume stopped flies it to its end.\n')
  })

  it('shows what there is of one that was killed, in the middle of a line, and of one that is still flown', async () => {
    const ends = ['files', 'sha256', 'digest', 'digests', 'virtualTime', 'rounds', 'selectedRound', 'faults', 'marks', 'coverage', 'spent'] as const
    const unended = () => ({ status: 'running', ...Object.fromEntries(ends.map((name) => [name, undefined])) }) as Partial<Manifest>
    const killed = changed('killed', unended, false)
    truncateSync(join(killed, 'ledger.ndjson'), readFileSync(join(killed, 'ledger.ndjson')).length - 10)
    rmSync(join(killed, 'trainings.ndjson'))
    const said = await say(['show', 'killed'], cwd)
    expect(said.code).toBe(exitCodes.partly)
    expect(said.out).toContain('NOT ENDED after 2 rounds closed')
    expect(said.out).toMatch(/^Test scores after round 3, the last that was scored\n/)
    expect(said.out).not.toMatch(/│ +undefined|NaN|in vain/)
    expect(said.err).toContain('killed was broken off, and holds the rounds that had closed by then; npx windtunnel resume killed')
    writeFileSync(join(changed('flown', unended, false), 'run.lock'), JSON.stringify({ process: process.pid, host: hostname() }))
    expect((await say(['show', 'flown'], cwd)).err).toContain('flown is still flown')
  })

  it('says of a run of a version without hashes that nobody vouches for it', async () => {
    changed('old', () => ({ files: undefined, sha256: undefined, labels: undefined, marks: undefined, coverage: undefined }), false)
    const { code, out, err } = await say(['show', 'old'], cwd)
    expect(code).toBe(exitCodes.partly)
    expect(out).toMatch(/^Test scores after round/)
    expect(err).toContain('nobody vouches for the files of old: its manifest holds no hashes')
  })

  it('refuses what was damaged, what is no run, and what is several, with what to do', async () => {
    const damaged = changed('damaged', () => ({}))
    writeFileSync(join(damaged, 'metrics.ndjson'), readFileSync(join(damaged, 'metrics.ndjson'), 'utf8').replace('0.', '1.'))
    const cases = [
      ['damaged', /damaged is not as the run wrote it: metrics\.ndjson is not what the run wrote.*replay/],
      ['whole/manifest.json', /is no folder/],
      ['whol', /whol does not exist\. Did you mean whole\?/],
      ['.', /holds \d+ runs: .*Give one of them; npx windtunnel compare \./],
    ] as const
    for (const [given, why] of cases) {
      const { code, out, err } = await say(['show', given], cwd)
      expect([given, code, out]).toEqual([given, exitCodes.storage, ''])
      expect(err).toMatch(why)
    }
  })
})

it('labels of test rows are counted by scenario, by its shards and by binary task; rows without one are neither', () => {
  const test = { rows: 3, labels: Float32Array.of(1, 5, 0, NaN, NaN, 2) }
  const scenarios = [{ name: 'a.1', of: 'a', test }, { name: 'a.2', of: 'a', test }, { name: 'b', test }]
  const tasks = [{ name: 'ctr', kind: 'binary' }, { name: 'watch', kind: 'regression' }]
  const once = { ctr: { positives: 1, negatives: 1 } }
  expect(labelsOf({ scenarios, tasks } as unknown as Parameters<typeof labelsOf>[0])).toEqual({
    'a.1': once, 'a.2': once, a: { ctr: { positives: 2, negatives: 2 } }, b: once,
  })
})
