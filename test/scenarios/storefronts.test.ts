import { describe, expect, it } from 'vitest'
import { loadWorld, storefronts, type Storefronts } from '../../scenarios/index.js'
import { dot, drawPreference } from '../../scenarios/storefronts/preference.js'
import { intercept, sigmoid } from '../../scenarios/storefronts/rates.js'
import type { World } from '../../src/data/world.js'
import { SpecificationError } from '../../src/errors.js'
import { streams } from '../../src/random/streams.js'
import { aucOf, fitLogistic } from './logistic.js'

const load = (options: Storefronts, seed = '1'): Promise<World> => loadWorld(storefronts(options), { seed, cwd: '.' })
const small = { scenarios: 2, impressions: 400, users: 100, items: 50 }
const rate = (labels: Float32Array, task: number): number =>
  labels.reduce((sum, label, i) => sum + (i % 2 === task ? label : 0), 0) / (labels.length / 2)

describe('storefronts', () => {
  it('is plain data until it is loaded', () => {
    expect(storefronts({ scenarios: 6, divergence: 0.5 }))
      .toEqual({ kind: 'storefronts', scenarios: 6, divergence: 0.5 })
    expect(structuredClone(storefronts())).toEqual({ kind: 'storefronts' })
  })

  it('splits by time into 70, 10 and 20 % of ten days', async () => {
    const world = await load(small)
    for (const { train, validation, test } of world.scenarios) {
      expect([train.rows, validation.rows, test.rows]).toEqual([280, 40, 80])
      const time = [train, validation, test].map((table) => Array.from(table.time ?? []))
      expect(Math.max(...time[0])).toBeLessThan(Math.min(...time[1]))
      expect(Math.max(...time[1])).toBeLessThan(Math.min(...time[2]))
      expect(Math.max(...time[2]) - Math.min(...time[0])).toBeLessThanOrEqual(10 * 86_400_000)
    }
  })

  it('gives ids within their fields, numbers on one scale, and conversions only after clicks', async () => {
    const world = await load({ ...small, ids: 16 })
    const sizes = world.features.categorical.map(({ size }) => size)
    expect(sizes).toEqual([13, 7, 5, 25, 61, 25, 7, 17, 17])
    for (const { train } of world.scenarios) {
      train.categorical.forEach((id, i) => {
        expect(id).toBeGreaterThan(0)
        expect(id).toBeLessThan(sizes[i % sizes.length])
      })
      const width = world.features.numeric.length
      for (let n = 0; n < width; n++) {
        const column = train.numeric.filter((_, i) => i % width === n)
        expect(column.reduce((a, b) => a + b, 0) / column.length).toBeCloseTo(0, 5)
        expect(column.reduce((a, b) => a + b * b, 0) / column.length).toBeCloseTo(1, 5)
      }
      for (let row = 0; row < train.rows; row++) expect(train.labels[2 * row + 1])
        .toBeLessThanOrEqual(train.labels[2 * row])
    }
  })

  it('is the same world for the same seed, and another for another', async () => {
    const [a, b, c] = [await load(small, '1'), await load(small, '1'), await load(small, '2')]
    expect(b).toEqual(a)
    expect(c.scenarios[0].train.labels).not.toEqual(a.scenarios[0].train.labels)
  })

  it('does not change a scenario when another is added or another one grows', async () => {
    const two = await load(small)
    const three = await load({ ...small, scenarios: 3, impressions: [400, 400, 900] })
    expect(three.scenarios.slice(0, 2)).toEqual(two.scenarios)
    expect(three.features).toEqual(two.features)
  })

  it('draws the same people in the same places at any divergence and rate', async () => {
    const near = await load({ ...small, divergence: 0 })
    const far = await load({ ...small, divergence: 1, rates: { ctr: 0.5, ctcvr: 0.1 } })
    near.scenarios.forEach(({ train }, s) => {
      expect(far.scenarios[s].train.categorical).toEqual(train.categorical)
      expect(far.scenarios[s].train.numeric).toEqual(train.numeric)
      expect(far.scenarios[s].train.labels).not.toEqual(train.labels)
    })
  })

  it('hits the rates that were asked for, within what coin flips allow', async () => {
    const dense = await load({ scenarios: 2, impressions: 20_000 })
    for (const { train } of dense.scenarios) {
      expect(Math.abs(rate(train.labels, 0) - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / 14_000))
      expect(Math.abs(rate(train.labels, 1) - 0.08)).toBeLessThan(5 * Math.sqrt((0.08 * 0.92) / 14_000))
    }
    const express = await load({ scenarios: 2, impressions: 40_000, rates: 'aliexpress' })
    for (const [s, ctr, ctcvr] of [[0, 0.025, 0.00089], [1, 0.029, 0.00066]] as const) {
      const { labels } = express.scenarios[s].train
      expect(Math.abs(rate(labels, 0) - ctr)).toBeLessThan(5 * Math.sqrt(ctr / 28_000))
      expect(Math.abs(rate(labels, 1) - ctcvr)).toBeLessThan(5 * Math.sqrt(ctcvr / 28_000))
    }
  })

  it('finds an intercept by bisection', () => {
    const scores = [-3, 0.5, 2, 7]
    const mean = (b: number): number => scores.reduce((sum, y) => sum + sigmoid(b + y), 0) / scores.length
    expect(mean(intercept(0.003, mean))).toBeCloseTo(0.003, 10)
  })

  it('has the cosines that the dials say', () => {
    const named = streams('1')
    for (const correlation of [-1, 0, 0.7, 1]) {
      for (const divergence of [0, 0.3, 1]) {
        const [a, b] = drawPreference(3, { divergence, correlation }, named).weights
        expect([dot(a, a), dot(b, b), dot(a, b)].map((x) => Number(x.toFixed(9)) + 0)).toEqual([1, 1, correlation + 0])
      }
    }
    const cosines = (divergence: number): number => {
      const all = Array.from({ length: 40 }, (_, s) => drawPreference(s, { divergence, correlation: 0 },
        named).weights[0])
      let sum = 0
      for (let i = 0; i < 40; i++) for (let j = 0; j < i; j++) sum += dot(all[i], all[j])
      return sum / 780
    }
    expect(cosines(0)).toBeCloseTo(1, 9)
    expect(Math.abs(cosines(0.4) - 0.6)).toBeLessThan(0.03)
    expect(Math.abs(cosines(1))).toBeLessThan(0.03)
  })

  it.each([
    [{ divergence: 2 }, /world\.divergence/],
    [{ impressions: [100, 100] }, /world\.impressions: the list needs one number per scenario/],
    [{ rates: { ctr: 0.1, ctcvr: 0.2 } }, /world\.rates/],
    [{ divergance: 1 } as Storefronts, /divergance/],
  ])('refuses %j with its path', async (options, message) => {
    const loading = load(options)
    await expect(loading).rejects.toThrow(SpecificationError)
    await expect(loading).rejects.toThrow(message)
  })

  it.each([
    [0, 'a global model beats local ones', 1],
    [1, 'local models beat a global one', -1],
  ])('at divergence %d %s, over five seeds', async (divergence, _, sign) => {
    const gains: number[] = []
    for (const seed of ['1', '2', '3', '4', '5']) {
      const world = await load({ scenarios: 6, impressions: 2000, divergence }, seed)
      const global = fitLogistic(world.features, world.scenarios.map(({ train }) => train), { task: 0, epochs: 4 })
      const gain = world.scenarios.map(({ train, test }) =>
        aucOf(global, test, 0) - aucOf(fitLogistic(world.features, [train], { task: 0, epochs: 8 }), test, 0))
      gains.push(sign * (gain.reduce((a, b) => a + b) / gain.length))
    }
    const mean = gains.reduce((a, b) => a + b) / gains.length
    const deviation = Math.sqrt(gains.reduce((sum, g) => sum + (g - mean) ** 2, 0) / (gains.length - 1))
    // Student's t for 95 % with four degrees of freedom: the interval of the paired gain stays clear of 0.
    expect(mean - (2.776 * deviation) / Math.sqrt(gains.length)).toBeGreaterThan(0.005)
  })
})
