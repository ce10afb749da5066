import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { formatJoules, formatMoney } from '../../src/report/costs.js'
import type { Bill } from '../../src/costs/bill.js'
import { devices, radios } from '../../src/costs/constants.js'
import type { RoundSummary } from '../../src/flight/round-summaries.js'
import type { LedgerRow, TrainingRow } from '../../src/record/rows.js'
import { type Manifest, manifestText } from '../../src/runs/manifest.js'
import { costOf } from '../../src/runs/priced.js'
import { sealed } from '../../src/runs/seal.js'
import { jsonSchema } from '../../src/simulation/specification.js'
import { say } from './console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-costs-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const plain = {
  world: { kind: 'storefronts', scenarios: 3, impressions: 120 },
  model: { kind: 'mlp', hidden: [4] },
  local: { epochs: 1, batch: 32 },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'deadline', count: 3, after: '1 min', quorum: 1 },
  faults: [{ kind: 'lose', link: {}, probability: 0.3, id: 'losses' }],
}
const costs = {
  device: 'phone', radio: 'lte', currency: 'EUR', rounds: true, tariff: { up: 4000, down: 2000 },
  overrides: [{ who: { select: 'one' }, radio: 'wifi', tariff: { up: 0 } }],
}

const fly = (name: string, specification: object, ...flags: string[]) => {
  const file = `${name.replace('/', '-')}.json`
  writeFileSync(join(cwd, file), JSON.stringify(specification))
  return say(['run', file, '--engine', 'surrogate', '--workers', '1', '--out', join(cwd, name), ...flags], cwd)
}
const manifestOf = (name: string): Manifest => JSON.parse(readFileSync(join(cwd, name, 'manifest.json'), 'utf8')) as Manifest
const rowsOf = <Row>(name: string, file: string): Row[] =>
  readFileSync(join(cwd, name, file), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Row)
const shown = async (name: string, ...flags: string[]) =>
  (JSON.parse((await say(['show', name, '--json', ...flags], cwd)).out) as { costs?: Partial<Bill> }).costs
const near = (a: number, b: number): void => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(Math.abs(a), Math.abs(b)))

let printed: string
beforeAll(async () => {
  await fly('plain', plain, '--quiet')
  printed = (await fly('priced', { ...plain, costs })).out
})

describe('a flight with prices', () => {
  it('is the flight without: its events and numbers are the same', () => {
    expect(manifestOf('priced').digests).toEqual(manifestOf('plain').digests)
    expect(manifestOf('plain')).not.toHaveProperty('payers')
  })

  it('says whom its overrides are about, and is replayed', async () => {
    expect(manifestOf('priced').payers).toEqual([[expect.stringMatching(/^client-/)]])
    expect(await say(['replay', join(cwd, 'priced'), '--workers', '1'], cwd)).toMatchObject({ code: 0 })
    // Whoever changes them changes what it cost: they are drawn again.
    const manifest = manifestOf('priced')
    cpSync(join(cwd, 'priced'), join(cwd, 'forged'), { recursive: true })
    const other = ['client-store-1', 'client-store-2'].find((name) => name !== manifest.payers![0][0])!
    writeFileSync(join(cwd, 'forged', 'manifest.json'), manifestText(sealed({ ...manifest, payers: [[other]] }, manifest.files!)))
    const { code, err } = await say(['replay', join(cwd, 'forged'), '--workers', '1'], cwd)
    expect([code, err]).toEqual([6, expect.stringContaining('payers')])
  })

  it('has a table at its end, which show prints again, and none where nobody asked', async () => {
    expect(printed).toMatch(/Costs\n┌.*\n│ spent on +│ energy, useful │ +wasted │ EUR, useful │ wasted │/)
    expect((await say(['show', 'priced'], cwd)).out).toContain(printed.slice(printed.indexOf('Costs\n'), printed.indexOf('Faults\n')))
    expect((await say(['show', 'plain'], cwd)).out).not.toContain('Costs')
    expect(await shown('plain')).toBeUndefined()
  })

  it('costs what its rows say', async () => {
    const { payers } = manifestOf('priced')
    const wifi = payers![0][0]
    let [joules, wasted, money] = [0, 0, 0]
    for (const { direction, from, to, travelled, fate } of rowsOf<LedgerRow>('priced', 'ledger.ndjson')) {
      if (direction === 'inside') continue
      const client = direction === 'up' ? from : to
      const radio = radios[client === wifi ? 'wifi' : 'lte']
      const own = (travelled / 1e6) * radio[direction === 'up' ? 'sent' : 'received'].value
      joules += own
      if (fate !== 'used' && fate !== 'control') wasted += own
      if (client !== wifi) money += (travelled / 1e9) * (direction === 'up' ? 4000 : 2000)
    }
    const bill = (await shown('priced'))!
    const [training, sent, received] = bill.byPurpose!
    near(sent.joules + received.joules, joules)
    near(sent.wastedJoules + received.wastedJoules, wasted)
    expect(wasted).toBeGreaterThan(0)
    near(bill.money!, money)
    near(training.joules, rowsOf<TrainingRow>('priced', 'trainings.ndjson').reduce((sum, { start, end }) => sum + ((end - start) / 1e6) * devices.phone.value, 0))
    near(bill.byPayer!.reduce((sum, row) => sum + row.joules, 0), bill.joules!)
  })

  it('says it by rounds where that is asked, and nowhere else', async () => {
    const rounds = rowsOf<RoundSummary>('priced', 'rounds.ndjson')
    const bill = (await shown('priced'))!
    // What is sent after the last close is in no round.
    const sum = rounds.reduce((all, { joules = NaN }) => all + joules, 0)
    expect(sum).toBeGreaterThan(0)
    expect(sum).toBeLessThanOrEqual(bill.joules! * (1 + 1e-9))
    for (const { joules = NaN, wastedJoules = NaN, money = NaN, wastedMoney = NaN } of rounds) {
      expect(wastedJoules).toBeLessThanOrEqual(joules)
      expect(wastedMoney).toBeLessThanOrEqual(money)
    }
    expect(rowsOf('plain', 'rounds.ndjson')[0]).not.toHaveProperty('joules')
  })
})

describe('a table that is asked for', () => {
  it('is of a run that says nothing of costs, too, by the defaults', async () => {
    const { out, code } = await say(['show', 'plain', '--cost', 'energy,money'], cwd)
    expect(code).toBe(0)
    expect(out).toContain('nothing costs money: no tariff is given (costs.tariff, costs.servers.egress)')
    // What cost nothing of what is asked has no row.
    expect((await say(['show', 'priced', '--cost', 'money'], cwd)).out).not.toMatch(/│ (training|tail) +│ +0\.00/)
    expect(Object.keys((await shown('plain', '--cost', 'energy'))!)).toEqual(['joules', 'wastedJoules', 'byPurpose', 'byPayer'])
    expect((await fly('asked', plain, '--cost', 'money', '--seed', '4')).out).toMatch(/│ spent on +│ money, useful │ wasted │/)
  })

  it('is what a setting asks for, too', async () => {
    expect((await fly('set', plain, '--set', 'costs.device=phone', '--set', 'costs.tariff={ up: 4 }')).out).toMatch(/Costs\n┌.*\n│ spent on +│ energy, useful/)
    expect(manifestOf('set').specification.costs).toMatchObject({ device: 'phone', tariff: { up: 4, down: 0, free: 0 }, overrides: [] })
  })

  it('says of a run that has not ended that nobody knows yet what was wasted', async () => {
    await fly('stuck', { ...plain, rounds: { kind: 'synchronous', count: 3 }, faults: [{ kind: 'lose', link: { message: 'update' }, rounds: [2, 2] }] }, '--quiet')
    expect((await say(['show', 'stuck', '--cost', 'energy'], cwd)).out).toContain('what came of trainings is known when a run has ended: until then they count as wasted')
    expect(printed).not.toContain('what came of trainings')
  })

  it('can be had by other prices without flying again; who was drawn stays', async () => {
    const [was, now] = [await shown('priced'), await shown('priced', '--set', 'costs.tariff.up=8000', '--set', 'costs.tariff.down=4000', '--set', 'costs.device=board')]
    near(now!.money!, 2 * was!.money!)
    near(now!.byPurpose![0].joules / was!.byPurpose![0].joules, devices.board.value / devices.phone.value)
    expect((await shown('plain', '--set', 'costs.tariff.up=1'))!.money).toBeGreaterThan(0)
  })

  it('refuses a run that does not say whom its overrides are about', () => {
    const { payers: _, ...manifest } = manifestOf('priced')
    expect(() => costOf({ ledger: [], trainings: [], manifest })).toThrow('does not say whom its costs.overrides are about (there are 1, and payers of 0)')
  })

  it('refuses what is no cost, and what was drawn', async () => {
    const said = async (...flags: string[]) => (await say(['show', 'plain', ...flags], cwd))
    expect(await said('--cost', 'carbon')).toMatchObject({ code: 2, err: expect.stringContaining('Known: energy, money.') as string })
    expect((await said('--cost', ',')).err).toContain('Give energy, money, or both with a comma.')
    expect((await said('--set', 'rounds.count=3')).err).toContain('only what things cost can be set')
    expect((await said('--set', 'costs.overrides=[]')).err).toContain('were drawn with it')
    expect((await said('--set', 'costs.radio=lta')).err).toContain('--set costs.radio=lta')
    expect((await said('--set', 'costs.radioo=lte')).err).toContain('radio')
    const { code, err } = await fly('nobody', { ...plain, costs: { overrides: [{ who: 'client-nobody', training: 1 }] } })
    expect([code, err]).toEqual([2, expect.stringContaining("costs.overrides[0].who: nobody is named 'client-nobody'")])
  })
})

describe('runs that are compared by what they cost', () => {
  it('have lines for all of it, for what was of use and for what was wasted', async () => {
    for (const seed of ['2', '3']) {
      await fly(`a/one-${seed}`, { ...plain, costs }, '--quiet', '--seed', seed)
      await fly(`a/two-${seed}`, { ...plain, costs, local: { epochs: 2, batch: 32 } }, '--quiet', '--seed', seed)
    }
    const { out, code, err } = await say(['compare', 'a', '--metric', 'joules', '--format', 'json'], cwd)
    expect([code, err]).toEqual([0, ''])
    const rows = JSON.parse(out) as { task: string; score: number; against: number }[]
    expect(rows.map(({ task }) => task)).toEqual(['joules in all', 'joules useful', 'joules wasted'])
    near(rows[1].score + rows[2].score, rows[0].score)
    const bills = await Promise.all(['2', '3'].map((seed) => shown(`a/one-${seed}`)))
    const means = [rows[0].score, rows[0].against]
    const mean = (bills[0]!.joules! + bills[1]!.joules!) / 2
    expect(means.some((one) => Math.abs(one - mean) <= 1e-9 * mean)).toBe(true)
    expect((await say(['compare', 'a', '--metric', 'money'], cwd)).out).toContain('money of the whole flight')
    const dearer = await say(['compare', 'a', '--metric', 'joules', '--set', 'costs.training=64300', '--format', 'json'], cwd)
    expect((JSON.parse(dearer.out) as { score: number }[])[0].score).toBeGreaterThan(2 * rows[0].score)
  })

  it('are refused where nothing costs money, and within a budget', async () => {
    expect((await say(['compare', 'plain', 'asked', '--metric', 'money'], cwd)).err).toContain('nothing costs money there. Say what does: --set costs.tariff.up=4')
    expect((await say(['compare', 'plain', 'asked', '--set', 'costs.radio=lte'], cwd)).err).toContain('goes with --metric joules or money')
    expect((await say(['compare', 'a', '--metric', 'joules', '--within', '3 MB'], cwd)).err).toContain('what a flight costs is of the whole flight')
  })
})

describe('a study', () => {
  it('compares by what its runs cost, where its plan says so', async () => {
    const library = pathToFileURL(join(process.cwd(), 'src/runs/study/study.ts')).href
    const { strategy: _, ...base } = { ...plain, costs }
    const plan = {
      name: 'costly', question: 'Who wastes less?', base: { ...base, world: undefined }, conditions: { shop: { world: plain.world } },
      variants: { fedavg: { strategy: { kind: 'fedavg' } }, alone: { strategy: { kind: 'local-only' } } }, baselines: ['fedavg'], seeds: 2, metric: 'joules',
    }
    writeFileSync(join(cwd, 'costly.ts'), `import { study } from ${JSON.stringify(library)}\nexport default study(() => (${JSON.stringify(plan)}))\n`)
    const { code, out } = await say(['study', 'costly.ts', '--workers', '1', '--engine', 'surrogate', '--quiet'], cwd)
    expect(code).toBe(0)
    expect(out).toContain('shop: joules of the whole flight, against fedavg')
    expect(out).toMatch(/│ joules in all +│ all +│ alone/)
    expect(out).toMatch(/│ joules wasted +│ all +│ alone/)
    expect((await say(['study', 'costly.ts', '--workers', '1', '--engine', 'surrogate', '--quiet', '--metric', 'money'], cwd)).out).toContain('EUR wasted')
  })
})

describe('what can be listed', () => {
  it('is what costs can name', async () => {
    const all = JSON.parse((await say(['list', '--json'])).out) as Record<string, { kind: string }[]>
    const { properties } = (jsonSchema().properties as Record<string, { properties: Record<string, { enum: string[] }> }>).costs
    expect(all.devices.map(({ kind }) => kind)).toEqual(properties.device.enum)
    expect(all.radios.map(({ kind }) => kind)).toEqual(properties.radio.enum)
    expect((await say(['list', 'lte'])).out).toContain('3.507 J (measured) per million bytes sent')
  })
})

describe('what people read', () => {
  it('has units', () => {
    expect([0, 2e-7, 0.0123, 1, 999.4, 999.6, 1234, 5.6e6, 7e9].map(formatJoules)).toEqual([
      '0 J', '0.200 µJ', '12.3 mJ', '1.00 J', '999 J', '1,000 J', '1.23 kJ', '5.60 MJ', '7,000 MJ',
    ])
    expect([0, 0.00042, 0.0123, 1234.5].map(formatMoney)).toEqual(['0.00', '0.00042', '0.01', '1,234.50'])
  })
})
