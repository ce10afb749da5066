import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { census, kuairand, loadWorld, storefronts, worldList, type WorldSpec } from '../../scenarios/index.js'
import type { Table } from '../../src/data/table.js'
import { scratch } from '../data/files.js'
import { censusText } from './census-lookalike.js'

const { dir, write } = scratch()
write('census/census-income.data', censusText('data', 100))
write('census/census-income.test', censusText('test', 600))
const published = new URL('../../../shared/data/kuairand_pure', import.meta.url).pathname

type Clip = 'range' | 'none' | number
const worlds: Readonly<Record<string, (clip?: Clip) => WorldSpec>> = {
  storefronts: (clip) => storefronts({ scenarios: 2, impressions: 400, ...(clip && { clip }) }),
  census: (clip) => census({ dir: `${dir}/census`, scenario: 'sex', ...(clip && { clip }) }),
  kuairand: (clip) => kuairand({ dir: published, tabs: [6], ...(clip && { clip }) }),
}

/** Least and largest value of each column. */
const rangesOf = ({ numeric, rows }: Table): number[][] => {
  const width = numeric.length / rows
  return Array.from({ length: width }, (_, n) => {
    const column = numeric.filter((_value, i) => i % width === n)
    return [Math.min(...column), Math.max(...column)]
  })
}

const outside = (inner: Table, outer: Table): number => {
  const bounds = rangesOf(outer)
  return rangesOf(inner).filter(([low, high], n) => low < bounds[n][0] || high > bounds[n][1]).length
}

const there = Object.keys(worlds).filter((name) => name !== 'kuairand' || existsSync(published))

it.each(there)('%s: what training rows never had is clipped, and they stay as they are', async (name) => {
  const load = (clip?: Clip) => loadWorld(worlds[name](clip), { seed: '1', cwd: '.' })
  const [clipped, free, narrow] = [await load(), await load('none'), await load(1.5)]
  let strays = 0
  clipped.scenarios.forEach(({ train, validation, test }, s) => {
    for (const table of [validation, test]) expect(outside(table, train)).toBe(0)
    strays += outside(free.scenarios[s].test, free.scenarios[s].train)
    expect(free.scenarios[s].train.numeric).toEqual(train.numeric)
    for (const [low, high] of rangesOf(narrow.scenarios[s].train)) {
      expect(low).toBeGreaterThanOrEqual(-1.5)
      expect(high).toBeLessThanOrEqual(1.5)
    }
  })
  expect(strays).toBeGreaterThan(0)
}, 60_000)

it('every world that scales its columns can be told how to clip them', () => {
  const able = worldList.filter(({ schema }) => 'clip' in schema.shape).map(({ kind }) => kind)
  expect(able).toEqual(['storefronts', 'kuairand', 'folder', 'census'])
  const looked = worldList.flatMap((kind) => ('inspectedWith' in kind ? [[kind.kind, kind.inspectedWith]] : []))
  expect(looked).toMatchObject(['kuairand', 'folder', 'census'].map((kind) => [kind, { clip: 'none' }]))
})
