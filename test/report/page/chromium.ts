import { existsSync } from 'node:fs'

import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/lib/chromium/chromium']

const found = (): string | undefined => [process.env['CHROMIUM'], ...places].find((path) => path !== undefined && existsSync(path))

/** Whether there is a Chromium to look with; where there is none, it is said once. */
export const hasChromium = (): boolean => {
  if (found() !== undefined) return true
  const rule = 'Chromium is not here (apt-get install chromium, or CHROMIUM=path): how reports look is not tried'
  if (process.env['WINDTUNNEL_REQUIRE_CHROMIUM'] === '1') throw new Error(rule)
  console.log(`skipped: ${rule}`)
  return false
}

export const openChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: found()!,
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })

/** How a page is looked at. */
export interface Look {
  readonly width: 1280 | 390
  readonly scheme: 'light' | 'dark'
  readonly script: boolean
}

export const looks: readonly Look[] = ([1280, 390] as const).flatMap((width) =>
  (['light', 'dark'] as const).flatMap((scheme) => [true, false].map((script) => ({ width, scheme, script }))))

/** A page that is open, and what it did that a file on a disk should not: requests, errors, complaints. */
export interface Seen {
  readonly page: Page
  readonly odd: readonly string[]
}

/** Opens a file, and looks at all of it from top to bottom. */
export const see = async (browser: Browser, file: string, { width, scheme, script }: Look): Promise<Seen> => {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: script, acceptDownloads: true })
  const page = await context.newPage()
  const odd: string[] = []
  page.on('console', (message) => odd.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => odd.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    odd.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (request.url() !== `file://${file}` && !request.url().startsWith('blob:')) odd.push(`request: ${request.url()}`)
  })
  await page.goto(`file://${file}`)
  const high = await page.evaluate('document.body.scrollHeight') as number
  for (let y = 0; y < high; y += 700) await page.evaluate(`scrollTo(0, ${y})`)
  await page.evaluate('scrollTo(0, 0)')
  // Whoever watches what comes into view has been told when two pictures have been drawn.
  if (script) await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  return { page, odd }
}

/** What axe finds that keeps somebody from reading the page, in words. It needs scripts. */
export const barriers = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate('axe.run()') as AxeResults
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}

/** Something drawn in a picture: what it is painted with, what it says, and where its middle and its edges lie on the page. */
export interface Shape {
  readonly tag: string
  readonly fill: string | null
  readonly stroke: string | null
  readonly text: string
  readonly x: number
  readonly y: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** What is asked of an element of a page, where no types of browsers are. */
interface Drawn {
  readonly tagName: string
  readonly textContent: string
  getAttribute(name: string): string | null
  getBoundingClientRect(): Readonly<Record<'left' | 'right' | 'top' | 'bottom', number>>
}

/** All that is drawn in a picture, in the order in which it was drawn. */
export const shapesOf = (svg: Locator): Promise<Shape[]> =>
  svg.evaluate((element) => [...(element as unknown as { querySelectorAll(of: string): Iterable<Drawn> }).querySelectorAll('path, rect, text')].map((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect()
    const [fill, stroke] = [one.getAttribute('fill'), one.getAttribute('stroke')]
    return { tag: one.tagName, fill, stroke, text: one.textContent, left, right, top, bottom, x: (left + right) / 2, y: (top + bottom) / 2 }
  }))
