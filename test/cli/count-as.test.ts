import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { exitCodes } from '../../src/errors.js'
import type { CountedRun } from '../../src/runs/count-as/count-run.js'
import type { LedgerRow } from '../../src/record/rows.js'
import { readRows } from '../../src/runs/rows.js'
import { realDisk } from '../../src/runs/disk.js'
import { say } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-count-as-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const simulation = {
  world: { kind: 'storefronts', scenarios: 3, impressions: 60 },
  model: { kind: 'mmoe', embedding: 2, experts: 2, expert: [3], tower: [2] },
  local: { epochs: 1, batch: 32 },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'synchronous', count: 2 },
  evaluate: { start: false, every: 2 },
}

const codings = { plain: {}, int8: { codec: { up: { kind: 'int8' } } }, topK: { codec: { up: { kind: 'topK' } } }, both: { codec: { kind: 'fp16' } } }

beforeAll(async () => {
  for (const [name, coding] of Object.entries(codings)) {
    writeFileSync(join(cwd, `${name}.json`), JSON.stringify({ ...simulation, ...coding }))
    const { code, err } = await say(['run', `${name}.json`, '--engine', 'surrogate', '--workers', '1', '--quiet', '--out', join(cwd, name)], cwd)
    expect([code, err]).toEqual([0, ''])
  }
}, 120_000)

const counted = async (run: keyof typeof codings, rule: string): Promise<CountedRun> => {
  const { code, out, err } = await say(['show', run, '--count-as', rule, '--json'], cwd)
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as CountedRun
}

const ledgerOf = (run: keyof typeof codings): readonly LedgerRow[] => readRows<LedgerRow>(join(cwd, run), 'ledger.ndjson', realDisk)

/** Values of an update about each part, from the length of an uncoded frame: tensors of mmoe as built, in the order of the layout. */
const answers = 2 * 3

describe('show --count-as', () => {
  it('fedscale: the whole model down and up for each answer, whatever codes it', async () => {
    const plain = await counted('plain', 'fedscale')
    expect(plain.counted.up).toBe(plain.counted.down)
    const size = plain.counted.up / answers
    expect(Number.isInteger((size - 33) / 4)).toBe(true)
    expect((await counted('topK', 'fedscale')).counted).toEqual(plain.counted)
    // A frame has more than its values: a header, and the names of tensors.
    expect(plain.counted.up).toBeLessThan(plain.ledger.up)
  })

  it('flower: 4 bytes a value and 128 before each array, of both directions; a coded message is one array of its bytes', async () => {
    const { counted: plain } = await counted('plain', 'flower')
    expect(plain.up).toBe(plain.down)
    const values = ((await counted('plain', 'fedscale')).counted.up - 33 * answers) / 4
    const arrays = (plain.up - 4 * values) / 128
    expect(Number.isInteger(arrays / answers)).toBe(true)
    // The trunk has the embeddings, gates and towers; both experts' parts a weight and a bias each.
    expect(arrays / answers).toBeGreaterThan(8)
    const { counted: coded } = await counted('int8', 'flower')
    const updates = ledgerOf('int8').filter(({ kind }) => kind === 'update')
    expect(coded).toEqual({ up: updates.reduce((sum, { bytes }) => sum + bytes - 32 + 128, 0), down: plain.down })
  })

  it('fedjax: levels and two floats a tensor of what goes up, nothing of what goes down', async () => {
    const values = ((await counted('plain', 'fedscale')).counted.up - 33 * answers) / 4
    expect((await counted('plain', 'fedjax')).counted).toEqual({ up: 4 * values, down: 0 })
    const arrays = ((await counted('plain', 'flower')).counted.up - 4 * values) / 128
    expect((await counted('int8', 'fedjax')).counted).toEqual({ up: values + 8 * arrays, down: 0 })
  })

  it('fedjax has no word for codecs that it does not have, and says so', async () => {
    const { code, out, err } = await say(['show', 'topK', '--count-as', 'fedjax'], cwd)
    expect([code, out]).toEqual([exitCodes.specification, ''])
    expect(err).toContain('FedJAX has no compression like topK')
    expect(err).toContain('Count this run as flower or fedscale')
  })

  it('prints both side by side with their ratio, what is left out and where the rule was read', async () => {
    const { code, out } = await say(['show', 'both', '--count-as', 'flower'], cwd)
    expect(code).toBe(0)
    expect(out).toMatch(/^Bytes by the ledger, and as flower counts them\n/)
    expect(out).toMatch(/│ all +│ +[\d.]+ KiB │ +[\d.]+ KiB │ +[\d.]+ │/)
    expect(out).toMatch(/not counted: .*acknowledgements/)
    expect(out).toContain('read in adap/flower')
  })

  it('refuses a rule that nobody has', async () => {
    const { code, err } = await say(['show', 'plain', '--count-as', 'flour'], cwd)
    expect(code).toBe(exitCodes.specification)
    expect(err).toContain('Did you mean "flower"? Known: flower, fedjax, fedscale.')
  })
})

it('a run whose messages are coded is shown, and verified, like any other', async () => {
  expect((await say(['show', 'both'], cwd)).code).toBe(0)
  expect((await say(['verify', 'both'], cwd)).code).toBe(0)
})
