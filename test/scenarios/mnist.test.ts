import { existsSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

import { loadWorld, mnist, type Mnist } from '../../scenarios/index.js'
import type { World } from '../../src/data/world.js'
import { scratch } from '../data/files.js'

const { dir, write } = scratch()

const idx = (shape: readonly number[], value: (i: number) => number): Buffer => {
  const size = shape.reduce((product, extent) => product * extent, 1)
  const bytes = Buffer.alloc(4 + 4 * shape.length + size)
  bytes.writeUInt32BE(0x0800 + shape.length, 0)
  shape.forEach((extent, axis) => bytes.writeUInt32BE(extent, 4 + 4 * axis))
  for (let i = 0; i < size; i++) bytes[4 + 4 * shape.length + i] = value(i)
  return bytes
}

/** Image i is of digit i mod 10, and its first two pixels say which it is. */
const put = (folder: string, part: string, count: number): void => {
  const pixel = (i: number): number => {
    const [image, place] = [Math.floor(i / 784), i % 784]
    return place === 0 ? image % 256 : place === 1 ? Math.floor(image / 256) : 0
  }
  write(`${folder}/${part}-images-idx3-ubyte.gz`, gzipSync(idx([count, 28, 28], pixel)))
  write(`${folder}/${part}-labels-idx1-ubyte`, idx([count], (i) => i % 10))
}

put('m', 'train', 600)
put('m', 't10k', 57)

const load = (options: Mnist = {}, seed = '1', folder = 'm'): Promise<World> =>
  loadWorld(mnist({ clients: 10, ...options }), { seed, dataDir: `${dir}/${folder}`, cwd: '.' })

const imageOf = (numeric: Float32Array, row: number): number =>
  Math.round(numeric[row * 784] * 255) + 256 * Math.round(numeric[row * 784 + 1] * 255)

const trained = ({ scenarios }: World): number[][] =>
  scenarios.map(({ train }) => Array.from({ length: train.rows }, (_, row) => imageOf(train.numeric, row)))

describe('MNIST', () => {
  it('is dealt out evenly, every image once, with its digit', async () => {
    const world = await load()
    const images = trained(world)
    expect(images.map(({ length }) => length)).toEqual(Array(10).fill(60))
    expect(images.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, i) => i))
    for (const [k, { train: { labels } }] of world.scenarios.entries()) {
      expect([...labels]).toEqual(images[k].map((image) => image % 10))
    }
    expect(trained(await load({}, '2'))).not.toEqual(images)
    expect(world.tasks).toEqual([{ name: 'digit', kind: 'multiclass', classes: 10 }])
    expect(world.origins).toHaveLength(4)
  })

  it('has every test image at one client', async () => {
    const { scenarios } = await load()
    const tested = scenarios.flatMap(({ test }) => Array.from({ length: test.rows }, (_, row) => imageOf(test.numeric, row)))
    expect(tested).toEqual(Array.from({ length: 57 }, (_, i) => i))
  })

  it('in shards has two digits a client, at most', async () => {
    const { scenarios } = await load({ partition: 'shards' })
    const digits = scenarios.map(({ train: { labels } }) => new Set(labels).size)
    expect(Math.max(...digits)).toBe(2)
    expect(scenarios.map(({ train }) => train.rows)).toEqual(Array(10).fill(60))
  })

  it('keeps a share for validation', async () => {
    const { scenarios } = await load({ validation: 0.1 })
    expect(scenarios.map(({ train, validation }) => [train.rows, validation.rows])).toEqual(Array(10).fill([54, 6]))
  })

  it('says what is wrong with a file', async () => {
    write('short/train-images-idx3-ubyte', idx([2, 28, 28], () => 0).subarray(0, 100))
    await expect(load({}, '1', 'short')).rejects.toThrow('has 84 bytes of data where its head says 1568')
    write('none/x', '')
    await expect(load({}, '1', 'none')).rejects.toThrow('no train-images-idx3-ubyte in')
  })

  const real = '../shared/data/mnist'
  it.skipIf(!existsSync(real))('of the real files: 600 images a client, their digits as published', async () => {
    const { scenarios } = await loadWorld(mnist(), { seed: '1', dataDir: real, cwd: '.' })
    expect(new Set(scenarios.map(({ train }) => train.rows))).toEqual(new Set([600]))
    const counts = Array.from({ length: 10 }, (_, digit) =>
      scenarios.reduce((sum, { train: { labels } }) => sum + labels.filter((label) => label === digit).length, 0))
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
  })
})

if (!existsSync('../shared/data/mnist')) console.log('skipped: MNIST is not beside the checkout')
