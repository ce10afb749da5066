import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { exitCodes } from '../../src/errors.js'
import { say } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-explore-'))
afterAll(() => rmSync(cwd, { recursive: true }))

beforeAll(() => {
  writeFileSync(join(cwd, 'small.json'), JSON.stringify({
    world: { kind: 'storefronts', scenarios: 2, impressions: 60, users: 20, items: 10 }, model: { kind: 'linear-model' }, strategy: { kind: 'fedavg' },
    rounds: { kind: 'deadline', count: 2, after: '10 s', quorum: 1 }, faults: [{ kind: 'slow', who: 'all', by: 2 }],
  }))
})

const explore = (...flags: string[]) => say(['explore', 'small.json', '--plans', '1', '--workers', '1', '--quiet', '--no-shrink', ...flags], cwd)

it.each([['nope', "there is no check 'nope'. Did you mean"], ['none', "'none' goes with no other"]])('a check that is none is refused before anything is flown, with any number of workers: %s', async (check, words) => {
  for (const workers of ['1', '2']) {
    const { code, err } = await say(['explore', 'small.json', '--plans', '40', '--workers', workers, '--no-shrink', '--check', 'once', '--check', check], cwd)
    expect([code, err.includes('at '), err.includes(words)]).toEqual([exitCodes.specification, false, true])
  }
})

it.each([
  ['--plans', '1e3', 'Write it in digits alone: 1000.'], ['--plans', '0x10', 'Write it in digits alone: 16.'], ['--plans', '1000000000', 'It must be at most 1000000'],
  ['--plans', '1e9', 'It must be at most 1000000'], ['--plans', '', 'a whole number from 1 up'], ['--plans', '-1', 'a whole number from 1 up'], ['--plans', 'NaN', 'a whole number from 1 up'],
  ['--workers', '1e1', 'Write it in digits alone: 10.'],
])('%s %s says what is wrong with it', async (flag, value, words) => {
  const { code, err } = await say(['explore', 'small.json', flag, value], cwd)
  expect(code).toBe(exitCodes.specification)
  expect(err).toContain(words)
})

describe('settings of what is explored', () => {
  // Also of what exploring does without: rounds are as many as --rounds says, and faults are drawn.
  it.each([
    ['rounds.count=0', 'rounds.count must be at least 1'], ['faults.9.by=3', 'there is no faults.9: faults has 1 entry (0 slow). Give 0, or 1, which adds one.'],
    ['faults.0.by=-1', 'faults.0.by must be'], ['rounds.cuont=2', 'Did you mean "count"?'], ['devices.gflops=-1', 'devices.gflops must be'],
  ])('%s is refused as it is where it is flown', async (setting, words) => {
    const { code, err } = await explore('--set', setting)
    expect(err).toContain(`--set ${setting}: `)
    expect(err).toContain(words)
    expect(code).toBe(exitCodes.specification)
  })

  it('start from defaults, as where it is flown', async () => {
    expect(await explore('--set', 'evaluate.on.1=validation', '--set', 'local.optimizer.rate=0.1')).toMatchObject({ code: 0, err: '' })
  })
})
