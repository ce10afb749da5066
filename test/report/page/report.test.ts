import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { folder as folderWorld, storefronts } from '../../../scenarios/index.js'
import { away, crash, deadline, fedAvg, lose, mmoe, ms, partition, seconds, sgd } from '../../../src/index.js'
import { Drawer } from '../../../src/report/page/chart.js'
import { pageText } from '../../../src/report/page/page.js'
import { readRun } from '../../../src/report/page/read-run.js'
import { runPage } from '../../../src/report/page/run-page.js'
import { simulate, type Run } from '../../../src/runs/simulate.js'
import { streams } from '../../../src/random/streams.js'
import { say } from '../../cli/console.js'
import { barriers, hasChromium, looks, openChromium, see, shapesOf } from './chromium.js'

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-report-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

const model = mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 })

describe.runIf(hasChromium())('a report, looked at', () => {
  let browser: Browser
  let run: Run
  beforeAll(async () => {
    browser = await openChromium()
    run = await simulate({
      world: storefronts({ scenarios: 4, impressions: 300, users: 40 }),
      model,
      local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: deadline({ count: 6, after: seconds(2), quorum: 1 }),
      faults: [
        lose({ from: 'client', to: 'aggregator' }, { probability: 0.4, rounds: [2, 3] }),
        partition(['client-store-1'], { from: seconds(2), until: seconds(5) }),
        crash('client-store-2', { at: ms(2060), restartAfter: ms(500) }),
        away('client-store-3', { rounds: [4, 4], phase: 'training' }),
      ],
    }, { seed: 5, engine: 'tfjs', workers: 1, out: at('run') })
    expect(run.faults.map(({ fired }) => fired > 0)).toEqual([true, true, true, true])
    expect((await say(['report', at('run')])).code).toBe(0)
  }, 120_000)
  afterAll(() => browser?.close())

  it.each(looks)('reads at $width px, $scheme, with scripts: $script', async (look) => {
    const { page, odd } = await see(browser, at('run.html'), look)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(look.width)
    expect(await page.locator('h2').allTextContents()).toEqual(expect.arrayContaining(['What was flown', 'What came out', 'Whether it can be trusted']))
    const pictures = page.locator('figure.chart')
    expect(await pictures.count()).toBeGreaterThan(3)
    expect(await page.locator('figure.chart .canvas canvas').count() > 0).toBe(look.script)
    if (look.script) expect(await barriers(page)).toEqual([])
    expect(odd).toEqual([])
    await page.context().close()
  }, 60_000)

  it('has a band for each fault where the plan says', async () => {
    const { page } = await see(browser, at('run.html'), { width: 1280, scheme: 'light', script: false })
    const figure = page.locator('figure', { has: page.getByText('When faults may strike') })
    const shapes = await shapesOf(figure.locator('.wide svg'))
    const rows = shapes.filter(({ text }) => /^[1-4]$/.test(text))
    const bars = shapes.filter(({ fill }) => fill === 'var(--bad)')
    const seconds = shapes.filter(({ text }) => text === '0' || text.endsWith(' s'))
    const [zero, other] = [seconds.find(({ text }) => text === '0')!, seconds.find(({ text }) => text !== '0')!]
    const placeOf = (micros: number): number => zero.x + ((other.x - zero.x) * micros) / (1e6 * Number.parseFloat(other.text))
    const rounds = run.rounds
    const spans = [[rounds[1].opened, rounds[2].closed], [2e6, 5e6], [2.06e6, 2.56e6], [rounds[3].opened, rounds[3].closed]]
    expect(rows).toHaveLength(4)
    spans.forEach(([from, until], i) => {
      const row = rows.find(({ text }) => text === String(i + 1))!
      const bar = bars.find(({ top, bottom }) => row.y > top && row.y < bottom)!
      expect(Math.abs(bar.left - placeOf(from))).toBeLessThan(1.5)
      expect(Math.abs(bar.right - placeOf(until))).toBeLessThan(1.5)
    })
    await page.context().close()
  }, 60_000)

  it('ends its curves at the numbers of the run', async () => {
    const { page } = await see(browser, at('run.html'), { width: 1280, scheme: 'light', script: false })
    const figure = page.locator('figure', { has: page.getByText('AUC of ctr on validation against rounds') }).first()
    const shapes = await shapesOf(figure.locator('.wide svg'))
    // Two numbers of the upright axis tell where the others are; points are small circles.
    const upright = shapes.filter(({ text }) => /^0\.\d+$/.test(text)).sort((a, b) => a.y - b.y)
    const [top, bottom] = [upright[0], upright[upright.length - 1]]
    const valueAt = (y: number): number => Number(top.text) + ((Number(bottom.text) - Number(top.text)) * (y - top.y)) / (bottom.y - top.y)
    const plot = shapes.filter(({ tag, fill, left, right, top: above, bottom: below }) =>
      tag === 'path' && fill !== 'none' && right - left < 8 && below - above < 8 && above > top.top)
    const last = Math.max(...plot.map(({ x }) => x))
    const ends = plot.filter(({ x }) => x > last - 1).map(({ y }) => valueAt(y)).sort((a, b) => a - b)
    const own = run.metrics.filter(({ round, split, task, metric }) => round === 6 && split === 'validation' && task === 'ctr' && metric === 'auc').map(({ value }) => value!)
    const expected = [...own, own.reduce((a, b) => a + b) / own.length, Math.min(...own)].sort((a, b) => a - b)
    expect(ends).toHaveLength(expected.length)
    ends.forEach((end, i) => expect(end).toBeCloseTo(expected[i], 2))
    const table = await figure.locator('table tbody tr').last().locator('td').allTextContents()
    expect(table.slice(1, 5)).toEqual(own.map((value) => value.toFixed(4)))
    await page.context().close()
  }, 60_000)

  it('turns its tabs without a script, gives its data away with one, and is whole on paper', async () => {
    const still = await see(browser, at('run.html'), { width: 1280, scheme: 'light', script: false })
    const over = (name: string) => still.page.locator('.tabs .panel', { has: still.page.getByText(`against ${name}`) })
    expect(await over('bytes').isVisible()).toBe(false)
    await still.page.getByText('over bytes').click()
    expect(await over('bytes').isVisible()).toBe(true)
    expect(await over('rounds').isVisible()).toBe(false)
    await still.page.context().close()

    const { page } = await see(browser, at('run.html'), { width: 1280, scheme: 'dark', script: true })
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('metrics.csv').click()])
    const lines = readFileSync(await download.path(), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(run.metrics.length + 1)
    expect(lines[1].split(',')[0]).toBe(String(run.metrics[0].round))
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('figure.chart .canvas').first().isVisible()).toBe(false)
    for (const panel of await page.locator('.tabs > .panel').all()) expect(await panel.isVisible()).toBe(true)
    const pdf = await page.pdf({ format: 'A4' })
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
    expect(pdf.length).toBeGreaterThan(20_000)
    await page.context().close()
  }, 60_000)

  it('is not harmed by names, whatever they are', async () => {
    const names = ['<img src=x onerror=alert(1)>', 'long'.repeat(50), '\u05e9\u05dc\u05d5\u05dd abc', '</script><script>alert(2)</script>', "'\"&{{x}}${1}"]
    mkdirSync(at('data'))
    const toss = streams('report')('rows')
    const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
    const rows = names.flatMap((name) => Array.from({ length: 80 }, (_, i) => [quoted(name), toss().toFixed(3), Number(toss() < 0.4), 1e12 + i].join(',')))
    writeFileSync(at('data/rows.csv'), `scenario,x,click,time\n${rows.join('\n')}\n`)
    const schema = { name: '<b>"bold"</b>', files: ['rows.csv'], scenario: 'scenario', numeric: ['x'], tasks: [{ name: 'click' }], time: { column: 'time' }, split: { by: 'time', train: 0.6, validation: 0.2, test: 0.2 } }
    writeFileSync(at('data/schema.json'), JSON.stringify(schema))
    await simulate({
      world: folderWorld({ dir: at('data') }), model, local: { epochs: 1, batch: 16, optimizer: sgd(0.1) }, strategy: fedAvg(),
      rounds: deadline({ count: 2, after: seconds(2), quorum: 1 }), name: 'hostile',
    }, { seed: 1, engine: 'tfjs', workers: 1, out: at('hostile') })
    expect((await say(['report', at('hostile')])).code).toBe(0)
    for (const look of looks.filter(({ width, scheme }) => (width === 390) === (scheme === 'dark'))) {
      const { page, odd } = await see(browser, at('hostile.html'), look)
      expect(odd).toEqual([])
      expect(await page.locator('img').count()).toBe(0)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(look.width)
      expect(await page.locator('td bdi').allTextContents()).toEqual(expect.arrayContaining([names[0], names[1], names[3], names[4]]))
      if (look.script) expect(await barriers(page)).toEqual([])
      await page.context().close()
    }
  }, 120_000)
})

describe.runIf(hasChromium())('a page with a name of 300 letters, which no world of ours gives', () => {
  it('is as wide as the screen', async () => {
    const browser = await openChromium()
    try {
      const facts = readRun(at('run'))
      const long = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll('store-1', 'w'.repeat(300)))
      const { metrics, ledger, trainings, faults, manifest, rounds, bands } = facts
      const named = long({ metrics, ledger, trainings, faults, manifest, rounds, bands }) as object
      writeFileSync(at('long.html'), pageText(runPage({ ...facts, ...named }, await Drawer.open())))
      for (const width of [1280, 390] as const) {
        const { page, odd } = await see(browser, at('long.html'), { width, scheme: 'light', script: true })
        expect(odd).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
        await page.context().close()
      }
    } finally {
      await browser.close()
    }
  }, 60_000)
})

describe('the command', () => {
  it('says what is wrong, and replaces nothing unasked', async () => {
    const nothing = await say(['report', at('nowhere')])
    expect(nothing).toMatchObject({ code: 7, err: expect.stringContaining('does not exist') })
    writeFileSync(at('taken.html'), 'mine')
    await simulate({
      world: storefronts({ scenarios: 2, impressions: 60 }), model, strategy: fedAvg(), rounds: deadline({ count: 1, after: seconds(1), quorum: 1 }),
    }, { seed: 1, engine: 'surrogate', workers: 1, out: at('small') })
    expect((await say(['report', at('small'), '--out', at('taken.html')])).code).toBe(7)
    expect(readFileSync(at('taken.html'), 'utf8')).toBe('mine')
    const forced = await say(['report', at('small'), '--out', at('taken.html'), '--force', '--json'])
    expect(JSON.parse(forced.out)).toEqual({ file: at('taken.html'), runs: 1, bytes: statSync(at('taken.html')).size })
    const elsewhere = await say(['report', at('small'), '--out', at('no/such/folder.html')])
    expect(elsewhere).toMatchObject({ code: 7, err: expect.stringContaining('Give another place with --out') })
  })

  it('writes the same page about the same run', async () => {
    await say(['report', at('small'), '--out', at('one.html')])
    await say(['report', at('small'), '--out', at('two.html')])
    expect(readFileSync(at('two.html'), 'utf8')).toBe(readFileSync(at('one.html'), 'utf8'))
    expect(statSync(at('one.html')).size).toBeLessThan(3e6)
  })
})
