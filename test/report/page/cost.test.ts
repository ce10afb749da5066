import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import { crash, deadline, fedAvg, gossip, int8, lose, mmoe, ms, sgd, type Specification, synchronous } from '../../../src/simulation/script.js'
import { Drawer } from '../../../src/report/page/chart.js'
import { readRun, type RunFacts } from '../../../src/report/page/read-run.js'
import { cost } from '../../../src/report/page/sections/cost.js'
import { ledgerByGroup } from '../../../src/report/page/sections/cost/bytes.js'
import { wrong } from '../../../src/report/page/sections/wrong.js'
import { scenesOf, timelineChart } from '../../../src/report/page/sections/wrong/timeline.js'
import { html } from '../../../src/report/page/html.js'
import type { Section } from '../../../src/report/page/page.js'
import { formatBytes } from '../../../src/report/format.js'
import { troublesIn } from '../../../src/report/troubles.js'
import { costOf } from '../../../src/runs/priced.js'
import { simulate } from '../../../src/runs/simulate.js'
import { formatJoules } from '../../../src/report/costs.js'

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-cost-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const flown = async (name: string, own: Partial<Specification>): Promise<RunFacts> => {
  await simulate({
    world: storefronts({ scenarios: 4, impressions: 200, users: 20 }),
    model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }),
    local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: synchronous({ count: 3 }),
    ...own,
  }, { seed: 5, engine: 'surrogate', workers: 1, out: join(folder, name) })
  return readRun(join(folder, name))
}

let drawer: Drawer
let stormy: RunFacts
let calm: RunFacts
beforeAll(async () => {
  drawer = await Drawer.open()
  stormy = await flown('stormy', {
    rounds: deadline({ count: 5, after: ms(300), quorum: 1 }),
    faults: [
      lose({ from: 'client', to: 'aggregator' }, { probability: 0.4, rounds: [2, 3] }),
      crash('client-store-2', { at: ms(60), restartAfter: ms(500) }),
    ],
  })
  calm = await flown('calm', { codec: int8(), costs: { radio: 'lte', tariff: { up: 4 } } })
}, 60_000)

const textOf = ({ content }: Section): string => html`${content}`.text.replace(/<(script|svg)[^]*?<\/\1>/g, '').replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

describe('what it cost', () => {
  it('says how many of the bytes came to nothing, and gives them away by group', () => {
    const wasted = stormy.ledger.filter(({ fate }) => fate !== 'used' && fate !== 'control')
    const all = sum(stormy.ledger.map(({ travelled }) => travelled))
    expect(wasted.length).toBeGreaterThan(5)
    expect(textOf(cost(stormy, drawer))).toContain(`Of ${formatBytes(all)} that left lines, ${formatBytes(sum(wasted.map(({ travelled }) => travelled)))} (`)
    const [head, ...rows] = ledgerByGroup(stormy.ledger).csv.trim().split('\n').map((line) => line.split(','))
    expect(head).toEqual(['round', 'direction', 'kind', 'part', 'roles', 'fate', 'copies', 'bytes', 'travelled'])
    expect(sum(rows.map((row) => Number(row[6])))).toBe(stormy.ledger.length)
    expect(sum(rows.map((row) => Number(row[8])))).toBe(all)
    expect(sum(rows.filter((row) => row[5] !== 'used' && row[5] !== 'control').map((row) => Number(row[8])))).toBe(sum(wasted.map(({ travelled }) => travelled)))
  })

  it('hatches what came to nothing and nothing else', () => {
    const options = (run: RunFacts): { name: string; itemStyle?: { decal?: object } }[] =>
      [...html`${cost(run, drawer).content}`.text.matchAll(/<script type="application\/json">(.*?)<\/script>/g)]
        .flatMap(([, json]) => (JSON.parse(json) as { option: { series: { name: string; itemStyle?: { decal?: object } }[] } }).option.series)
    const hatched = new Set(options(stormy).filter(({ itemStyle }) => itemStyle?.decal !== undefined).map(({ name }) => name))
    for (const name of ['lost', 'wasted models', 'in vain', 'after the last message']) expect(hatched).toContain(name)
    for (const name of ['used', 'control', 'models', 'updates', 'in a model', 'compute']) expect(hatched).not.toContain(name)
    expect(options(calm).filter(({ itemStyle, name }) => itemStyle?.decal !== undefined && name !== 'wasted')).toEqual([])
  })

  it('has joules and money where the specification says what things cost, and bytes by codec where they are coded', () => {
    const bill = costOf(calm)
    const text = textOf(cost(calm, drawer))
    expect(text).toContain(formatJoules(bill.joules - bill.wastedJoules))
    expect(text).toContain('by codec')
    expect(text).toContain('int8')
    expect(textOf(cost(stormy, drawer))).toContain('does not say what things cost')
    expect(textOf(cost(stormy, drawer))).not.toContain('by codec')
  })

  it('says plainly what a round is where there is no server', async () => {
    const text = textOf(cost(await flown('gossip', { topology: gossip({ graph: 'full' }) }), drawer))
    expect(text).toContain('There is no server here')
    expect(text).not.toContain('transfer down')
  })
})

interface Item {
  readonly value: readonly number[]
  readonly told: string
}

interface Drawn {
  readonly yAxis: { readonly data: readonly string[] }
  readonly xAxis: { readonly min: number; readonly max: number }
  readonly series: readonly { readonly name: string; readonly data: readonly Item[] }[]
}

const drawnOf = (run: RunFacts): Drawn[] => scenesOf(run, troublesIn(run)).map((scene) => timelineChart(run, scene).option as unknown as Drawn)

describe('what went wrong', () => {
  it('has on its timeline a fault’s band where the plan says, in its own row and over whom it is about', () => {
    const whole = drawnOf(stormy).at(-1)!
    const faults = whole.series.find(({ name }) => name === 'fault')!
    const [losing] = stormy.bands
    expect([losing.from, losing.until]).toEqual([stormy.rounds[1].opened, stormy.rounds[2].closed])
    const row = whole.yAxis.data.indexOf('1 lose')
    expect(faults.data.filter(({ value }) => value[2] === row).map(({ value }) => value.slice(0, 2))).toEqual([[losing.from, losing.until]])
    const shaded = faults.data.filter(({ value, told }) => value[3] === 1 && told.includes('lost')).map(({ value }) => whole.yAxis.data[value[2]])
    expect(shaded).toEqual(expect.arrayContaining(['aggregator', 'store-1', 'store-4']))
    const died = faults.data.filter(({ value }) => whole.yAxis.data[value[2]] === '2 crash')
    expect(died.map(({ value }) => value.slice(0, 2))).toEqual([[60_000, 560_000]])
  })

  it('marks every message that was lost, every death and its end, where and when it was', () => {
    const whole = drawnOf(stormy).at(-1)!
    const of = (name: string): readonly Item[] => whole.series.find((one) => one.name === name)?.data ?? []
    const lost = stormy.ledger.filter(({ fate, direction }) => fate === 'lost' && direction !== 'inside')
    expect(lost.length).toBeGreaterThan(2)
    expect(of('lost').map(({ value }) => value[0]).sort()).toEqual(lost.map(({ sent, delivered }) => delivered ?? sent).sort())
    expect(of('crash').map(({ value }) => [value[0], whole.yAxis.data[value[1]]])).toEqual([[60_000, 'store-2']])
    expect(of('away').map(({ value }) => value.slice(0, 2))).toEqual([[60_000, 560_000]])
    expect(of('training')).toHaveLength(stormy.trainings.length)
    expect(textOf(wrong(stormy, drawer))).toContain(`${lost.length} messages that were lost`)
  })

  it('begins around the first trouble, draws no more than a page can hold, and says what is left out', () => {
    const many = { ...stormy, trainings: Array.from({ length: 5000 }, (_, i) => ({ ...stormy.trainings[0], client: `client-${i % 60}`, start: i * 300, end: i * 300 + 200 })) }
    const [near, ...rest] = scenesOf(many, troublesIn(many))
    expect(rest).toEqual([])
    expect(near.window.last - near.window.first).toBeLessThan(stormy.rounds.length - 1)
    const chart = timelineChart(many, near)
    expect((chart.option as unknown as Drawn).yAxis.data.length).toBeLessThan(40)
    expect(chart.caption).toMatch(/Left out: \d+ of \d+ clients, those with least trouble; all rounds but .* of 5; npx windtunnel timeline RUN shows all/)
    expect(troublesIn(stormy)[0].at).toBeLessThanOrEqual(near.window.until)
  })

  it('says so where nothing did', () => {
    expect(textOf(wrong(calm, drawer))).toContain('Nothing went wrong.')
    expect(textOf(wrong(stormy, drawer))).not.toContain('Nothing went wrong.')
  })
})
