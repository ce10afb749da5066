import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

import { constants, infrastructure, radios, type Sourced } from '../../src/costs/constants.js'
import { costsSchema } from '../../src/costs/schema.js'
import { pageText, root } from './pages.js'

const page = pageText('docs/costs.md')

it('every constant of costs is on the page with what it rests on and its source, and no other', () => {
  const rows = page.split('| constant | value | rests on | source |')[1].split('\n\n')[0].split('\n').slice(2)
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
  const written = rows.map(([name, value, basis, source]) => [name, { value: Number(value.split(' ')[0]), basis, source }] as const)
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(Object.entries<Sourced>(constants).map(([name, { value, basis, source }]) => [name, { value, basis, source }])))
  expect(rows.map(([name]) => name)).toEqual(Object.keys(constants))
  const units: Record<string, RegExp> = { W: /^device|watts$/, s: /lasts$/, 'J/MB': /(sent|received|bytes|^infrastructure)$/, J: /capacity$/, '': /(pue|resume)$/ }
  for (const [name, value] of rows) expect(name).toMatch(units[value.split(' ')[1] ?? ''])
})

it('a constant that was measured, or follows from what was, names a year; no other number of joules or watts stands in the code', () => {
  for (const [name, { basis, source }] of Object.entries<Sourced>(constants)) expect(source, name).toMatch(basis === 'estimate' ? /\S/ : /20\d\d/)
  const sources = ['faults/battery.ts', 'costs/schema.ts', 'costs/prices.ts', 'costs/charge.ts', 'costs/tails.ts', 'costs/allowance.ts'].map((file) => readFileSync(join(root, 'src', file), 'utf8'))
  const values = Object.values<Sourced>(constants).map(({ value }) => value).filter((value) => !Number.isInteger(value))
  for (const value of values) for (const text of sources) expect(text).not.toMatch(new RegExp(`(?<![\\d.])${String(value).replace('.', '\\.')}(?!\\d)`))
})

it('the energy of one packet that a study gives is what its tail comes to', () => {
  for (const [radio, joules] of [['wifi', 0.04], ['3g', 7.38]] as const) {
    const { watts, seconds } = radios[radio].tail
    expect(Math.abs(watts.value * seconds.value - joules) / joules).toBeLessThan(0.01)
  }
  // LTE: 12.76 J with its promotion, which is not in the tail.
  const { watts, seconds } = radios.lte.tail
  expect(watts.value * seconds.value).toBeGreaterThan(0.95 * 12.76)
  expect(watts.value * seconds.value).toBeLessThan(12.76)
  // 0.06 kWh for 10^9 bytes.
  expect((0.06 * 3.6e6) / 1e3).toBe(infrastructure.value)
})

it('every field of costs is on the page', () => {
  const fields = Object.keys(costsSchema.shape)
  for (const field of fields) expect(page, field).toMatch(new RegExp(`^\\|.*\`${field}\\??\`.*\\|`, 'm'))
})
