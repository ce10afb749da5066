/*
 * Draws a run as an SVG: what became of every client in every round, the faults, and the mean validation AUC.
 *
 *     npx windtunnel run simulations/first-flight.ts
 *     node --import tsx docs/figures/first-flight.ts runs/first-flight-1 docs/figures/first-flight.svg
 */
import { writeFileSync } from 'node:fs'
import type { Fault } from '../../src/faults/registry.js'
import type { FaultReport } from '../../src/faults/report.js'
import { readFlown, type Lot } from './flown.js'
import { brush, escaped, n } from './svg.js'

const [folder, file] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('usage: node --import tsx docs/figures/first-flight.ts RUN FILE.svg\n')
  process.exit(2)
}
const flown = readFlown(folder)

/* Okabe and Ito's palette, which people with any common colour blindness tell apart; shapes say the same again. */
const ink = { text: '#1b1f24', soft: '#57606a', rule: '#d8dee4', ground: '#ffffff', panel: '#f6f8fa', band: '#eae4f2' }
const colour = { blue: '#0072b2', orange: '#e69f00', red: '#d55e00', grey: '#8c959f', fault: '#e0c4d7' }

const width = 900
const left = 96
const right = 20
const step = (width - left - right) / (flown.rounds.length + 1)
/** The middle of a round's column; round 0 is before any training. */
const x = (round: number): number => left + (round + 0.5) * step
const { put, text, rect, line, elements } = brush(ink.text)

type Look = 'used' | 'late' | 'lost' | 'cut short' | 'away' | 'crashed'
const lookOf = (lot: Lot): Look => {
  switch (lot) {
    case 'used': case 'late': case 'lost': case 'away': case 'crashed':
      return lot
    case 'surplus': case 'aborted':
      return 'late'
    case 'interrupted': case 'abandoned': case 'unresolved':
      return 'cut short'
    case 'no model': case 'unsent': case 'rejected':
      return 'lost'
  }
}
const meaning: Readonly<Record<Look, string>> = {
  used: 'trained and used',
  late: 'trained, too late',
  lost: 'trained, update lost',
  'cut short': 'left in training',
  away: 'away',
  crashed: 'crashed',
}

const cell = 18
/** One visit: full blue for used, half as high where the client stopped early; other fates by colour and by shape. */
const draw = (look: Look, cx: number, cy: number, share: number): void => {
  const h = cell * (share < 0.75 ? 0.5 : 1)
  const box = (fill: string, more = ''): void => rect(cx - cell / 2, cy + cell / 2 - h, cell, h, fill, `rx="2" ${more}`)
  switch (look) {
    case 'used':
      return box(colour.blue)
    case 'late':
      return box(ink.ground, `stroke="${colour.blue}" stroke-width="2"`)
    case 'lost':
      box(ink.ground, `stroke="${colour.red}" stroke-width="2"`)
      return line(cx - cell / 2, cy + cell / 2, cx + cell / 2, cy + cell / 2 - h, colour.red, 'stroke-width="2"')
    case 'cut short':
      return put(`<path d="M${n(cx - 9)} ${n(cy - 9)}l18 9l-18 9Z" fill="${colour.orange}"/>`)
    case 'away':
      return line(cx - 5, cy, cx + 5, cy, colour.grey, 'stroke-width="2"')
    case 'crashed':
      put(`<circle cx="${n(cx)}" cy="${n(cy)}" r="7" fill="${ink.ground}" stroke="${ink.text}" stroke-width="1.5"/>`)
      line(cx - 3, cy - 3, cx + 3, cy + 3, ink.text, 'stroke-width="2" stroke-linecap="round"')
      return line(cx - 3, cy + 3, cx + 3, cy - 3, ink.text, 'stroke-width="2" stroke-linecap="round"')
  }
}

/** Virtual time in a few characters: `5:00`, `1.6 s`. */
const span = (micros: number): string => {
  const seconds = micros / 1e6
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`
}

const faultAt = (i: number): Fault => (flown.manifest.specification.faults as readonly Fault[])[i]

const windowOf = (i: number): readonly [number, number] => {
  const fault = faultAt(i)
  if ('when' in fault && fault.when !== undefined && 'after' in fault.when) return [fault.when.round, fault.when.round]
  return ('rounds' in fault ? fault.rounds : undefined) ?? [1, flown.rounds.length]
}

const percent = (share: number): string => `${n(share * 100)} %`
const chance = (probability: number | undefined): string =>
  probability === undefined || probability === 1 ? '' : ` (${percent(probability)})`

/** A fault in few words: who, what, how often it struck. */
const wordsOf = (report: FaultReport, fault: Fault): string => {
  const whom = report.targets.map((name) => name.replace(/^client-/, '')).join(', ')
  const coin = 'probability' in fault ? chance(fault.probability) : ''
  const said = ((): string => {
    switch (fault.kind) {
      case 'away':
        return `${whom} leave${fault.phase ? ` in ${fault.phase}` : ''}`
      case 'slow':
        return `${whom} ${fault.by} times slower`
      case 'partial':
        return `${whom} stop after ${typeof fault.epochs === 'number' ? percent(fault.epochs) : 'a part'} of their rows${coin}`
      case 'delay':
        return `experts’ models ${span(fault.by)} to ${span(fault.by + (fault.jitter ?? 0))} later${coin}`
      case 'lose':
        return `trunk updates lost${coin}`
      case 'duplicate':
        return `${fault.link.message ?? 'message'}s arrive ${fault.times + 1} times${coin}`
      case 'crash':
        return `${whom} crashes${fault.restartAfter ? `, back after ${span(fault.restartAfter)} min` : ''}`
      case 'narrow':
        return `${whom}: ${fault.direction ?? ''}link divided by ${fault.by}`
      default:
        return report.text
    }
  })()
  return `${said}: ${report.fired === 1 ? 'once' : `${report.fired} times`}`
}

const small = { anchor: 'middle', size: 11, fill: ink.soft } as const

const title = (y: number, what: string, more: string): void => {
  put(
    `<text x="${left}" y="${n(y)}" font-size="13" fill="${ink.text}">` +
      `<tspan font-weight="600">${escaped(what)}</tspan>` +
      `<tspan fill="${ink.soft}" dx="8" font-size="12">${escaped(more)}</tspan></text>`,
  )
}

/** Where every visit ended, a row per client. Returns its lower edge. */
const clients = (top: number): number => {
  const height = 25
  title(top, 'What became of each client, round by round', 'a low square: it stopped after half of its rows')
  const first = top + 28
  const { rounds } = flown
  text(left - 8, first - 5, 'round', { anchor: 'end', size: 11, fill: ink.soft })
  for (const { round } of rounds) text(x(round), first - 5, String(round), small)
  flown.clients.forEach((client, i) => {
    const cy = first + (i + 0.5) * height
    rect(left, cy - height / 2 + 1, width - left - right, height - 2, ink.panel)
    text(left - 8, cy + 4, client, { anchor: 'end' })
    for (const { round } of rounds) {
      const { lot, share } = flown.visit(client, round)
      draw(lookOf(lot), x(round), cy, share)
    }
  })
  for (const { client, round, what } of flown.lives) {
    if (what !== 'crash') continue
    const cy = first + (flown.clients.indexOf(client) + 0.5) * height
    draw('crashed', x(round) + 8, cy - 5, 1)
  }
  const end = first + flown.clients.length * height
  text(left - 8, end + 15, 'round lasted', { anchor: 'end', size: 11, fill: ink.soft })
  for (const { round, opened, closed } of rounds) {
    text(x(round), end + 15, span(closed - opened), small)
  }
  return end + 22
}

const legend = (y: number): void => {
  const seen = new Set(flown.clients.flatMap((c) => flown.rounds.map(({ round }) => lookOf(flown.visit(c, round).lot))))
  if (flown.lives.length > 0) seen.add('crashed')
  let at = left
  for (const look of (Object.keys(meaning) as Look[]).filter((one) => seen.has(one))) {
    draw(look, at + cell / 2, y, 1)
    text(at + cell + 7, y + 4, meaning[look])
    at += cell + 7 + meaning[look].length * 6.6 + 24
  }
}

const faults = (top: number): number => {
  const height = 20
  title(top, 'Faults', 'in which rounds, whom, with which chance, and how often they struck')
  flown.manifest.faults?.forEach((fault, i) => {
    const [from, to] = windowOf(i)
    const y = top + 10 + i * height
    rect(x(from) - step / 2 + 1, y, (to - from + 1) * step - 2, height - 4, colour.fault, 'rx="2"')
    const words = wordsOf(fault, faultAt(i))
    const long = words.length * 6
    if (long < (to - from + 1) * step) text(x(from) - step / 2 + 8, y + 12, words, { size: 11.5 })
    else if (x(to) + step / 2 + long < width - right) text(x(to) + step / 2 + 5, y + 12, words, { size: 11.5 })
    else text(x(from) - step / 2 - 5, y + 12, words, { size: 11.5, anchor: 'end' })
  })
  return top + 10 + (flown.manifest.faults?.length ?? 0) * height
}

const score = (top: number): number => {
  const height = 170
  const first = top + 14
  const values = flown.auc.map(({ value }) => value)
  const low = Math.floor(Math.min(0.5, ...values) * 20) / 20
  const high = Math.ceil(Math.max(...values) * 20 + 0.5) / 20
  const y = (value: number): number => first + height * (1 - (value - low) / (high - low))
  const { scenarios, tasks } = flown.manifest.world
  const over = `over ${scenarios.length} scenarios and ${tasks.length} tasks; everyone is scored, absent or not`
  title(top, 'Mean validation AUC', over)
  rect(left, first, width - left - right, height, ink.panel)
  const away = flown.manifest.faults?.findIndex(({ kind }) => kind === 'away') ?? -1
  if (away >= 0) {
    const [from, to] = windowOf(away)
    rect(x(from) - step / 2, first, (to - from + 1) * step, height, ink.band)
    const many = flown.manifest.faults![away].targets.length
    text(x(from) - step / 2 + 6, first + height - 8, `${many} clients leave`, { size: 11.5 })
  }
  for (let tick = low; tick <= high + 1e-9; tick += 0.05) {
    const even = Math.abs(tick - 0.5) < 1e-9
    line(left, y(tick), width - right, y(tick), even ? ink.soft : ink.rule, even ? 'stroke-dasharray="4 3"' : '')
    text(left - 8, y(tick) + 4, tick.toFixed(2), { anchor: 'end' })
  }
  text(width - right - 5, y(0.5) - 5, 'chance', { anchor: 'end', size: 11.5, fill: ink.soft })
  for (const { client, round, what } of flown.lives) {
    if (what !== 'crash') continue
    line(x(round), first, x(round), first + height, ink.text, 'stroke-dasharray="2 3"')
    text(x(round) + 5, first + height - 8, `${client} crashes`, { size: 11.5 })
  }
  const points = flown.auc.map(({ round, value }) => `${n(x(round))},${n(y(value))}`).join(' ')
  put(`<polyline fill="none" stroke="${colour.blue}" stroke-width="2.5" points="${points}"/>`)
  for (const at of flown.auc) put(`<circle cx="${n(x(at.round))}" cy="${n(y(at.value))}" r="3" fill="${colour.blue}"/>`)
  const last = flown.auc[flown.auc.length - 1]
  text(x(last.round) + 5, y(last.value) - 9, last.value.toFixed(3), { anchor: 'end', bold: true, fill: colour.blue })
  const end = first + height
  for (const { round } of [{ round: 0 }, ...flown.rounds]) {
    text(x(round), end + 15, String(round), { anchor: 'middle', size: 11 })
    const lost = round === 0 ? 0 : flown.lost(round)
    if (lost > 0) {
      const where = `M${n(x(round) - 4)} ${n(first + 4)}h8l-4 7z`
      put(`<path d="${where}" fill="${colour.red}"/>`)
    }
  }
  const about = 'round (0: before training) · ▼ an update of that round was lost'
  text(left + (width - left - right) / 2, end + 32, about, { anchor: 'middle', fill: ink.soft })
  return end + 40
}

const heading = (): void => {
  const { name, seed, virtualTime = 0 } = flown.manifest
  text(left, 30, `${name}, seed ${seed}`, { size: 17, bold: true })
  text(left, 49, `${flown.rounds.length} rounds in ${span(virtualTime)} (min:s) of virtual time`, { fill: ink.soft })
}

heading()
const afterClients = clients(78)
legend(afterClients + 18)
const afterFaults = faults(afterClients + 58)
const height = score(afterFaults + 32) + 6

const head =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${n(height)}" ` +
  `width="${width}" height="${n(height)}" ` +
  'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif" role="img" ' +
  `aria-label="${escaped(flown.manifest.name)}: clients, faults and mean validation AUC by round">`
const ground = `<rect width="${width}" height="${n(height)}" rx="8" fill="${ink.ground}" stroke="${ink.rule}"/>`
writeFileSync(file, `${head}\n${ground}\n${elements()}\n</svg>\n`)
