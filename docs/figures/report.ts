/*
 * The picture of the README: a report of a run, as a browser shows it, with some of its sections left out.
 *
 *     npx windtunnel run simulations/first-flight.ts
 *     node --import tsx docs/figures/report.ts runs/first-flight-1 docs/figures/report.png
 *
 * It takes Chromium (`apt-get install chromium`, or CHROMIUM=path).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { chromium } from 'playwright-core'

import { writeReport } from '../../src/report/page/write-report.js'

const [run, out] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'windtunnel-picture-'))
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  const file = join(folder, 'report.html')
  await writeReport([run], file)
  // As it is without a script: pictures as they were drawn.
  const page = await (await browser.newContext({ viewport: { width: 1120, height: 900 }, javaScriptEnabled: false, bypassCSP: true })).newPage()
  await page.goto(`file://${file}`)
  const sections = ['#flown', '#came-out figure:not(:first-of-type)', '#came-out p', '#came-out .table', '#cost', 'details', '.downloads']
  const style = `${sections.join(', ')} { display: none } h2 { margin-top: 22px } body { padding-bottom: 24px }`
  await page.evaluate(`document.head.appendChild(Object.assign(document.createElement('style'), { textContent: ${JSON.stringify(style)} })) && undefined`)
  // Down to the timeline of what went wrong.
  const { y, height } = (await page.locator('#wrong figure').nth(1).boundingBox())!
  await page.screenshot({ path: out, fullPage: true, clip: { x: 0, y: 0, width: 1120, height: Math.ceil(y + height) } })
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
