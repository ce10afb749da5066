import { readdir, readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'

import { listing } from '../src/data/bytes.js'
import { sharedFloats, sharedInts, type Table } from '../src/data/table.js'
import type { Origin, World } from '../src/data/world.js'
import { DataError } from '../src/errors.js'
import { permutation, streams } from '../src/random/streams.js'
import { worldKind } from './kind.js'

const schema = z.strictObject({
  kind: z.literal('mnist'),
  dir: z.string().optional().describe('folder of the data, relative to the specification; --data goes before it'),
  clients: z.int().min(1).max(100_000).default(100).describe('clients, among whom the training images are dealt out evenly'),
  partition: z
    .enum(['iid', 'shards'])
    .default('iid')
    .describe('`iid`: shuffled; `shards`: sorted by digit and cut into twice as many shards as clients, two for each'),
  validation: z.number().min(0).lt(1).default(0).describe('share of each client’s training images that validate'),
})

export type Mnist = Partial<Omit<z.input<typeof schema>, 'kind'>>

/**
 * MNIST as McMahan et al. cut it for FedAvg (AISTATS 2017, section 3): 100 clients of 600 images, either shuffled or two
 * shards of one digit each. Pixels are 0 to 1. The test images are dealt out to the clients in order, so that the mean over
 * test rows is the accuracy on the whole test set.
 */
export const mnist = (options: Mnist = {}): { kind: 'mnist' } & Mnist => ({ kind: 'mnist', ...options })

export const mnistKind = worldKind({
  kind: 'mnist',
  sentence: 'MNIST dealt out to clients as in the first paper on FedAvg: shuffled, or two digits each.',
  source: 'LeCun, Cortes and Burges, The MNIST database; partitions of McMahan et al., AISTATS 2017, section 3',
  schema,
  sign: {
    what: 'MNIST (train-images-idx3-ubyte and three more)',
    fits: (names) => names.some((name) => /(^|\/)train-images[-.]idx3-ubyte(\.gz)?$/.test(name)),
  },
  load: async (spec, { seed, dataDir, cwd }) => cut(await readMnist(dataDir ?? resolve(cwd, spec.dir ?? '.')), spec, seed),
})

type Spec = z.output<typeof schema>

/** Images and their digits. */
interface Images {
  readonly count: number
  /** [count, 784], a byte a pixel. */
  readonly pixels: Uint8Array
  readonly digits: Uint8Array
}

interface MnistFiles {
  readonly train: Images
  readonly test: Images
  readonly origins: readonly Origin[]
}

const PIXELS = 28 * 28
const DIGITS = 10

/** An IDX file's numbers of each axis and its bytes (http://yann.lecun.com/exdb/mnist, as bytes of big-endian u32). */
const idx = (bytes: Buffer, axes: number, file: string): { readonly shape: readonly number[]; readonly data: Uint8Array } => {
  const start = 4 + 4 * axes
  if (bytes.length < start || bytes.readUInt32BE(0) !== 0x0800 + axes) {
    throw new DataError(`${file} is no IDX file of bytes with ${axes} axes. Download it again.`)
  }
  const shape = Array.from({ length: axes }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis))
  const size = shape.reduce((product, extent) => product * extent, 1)
  if (bytes.length !== start + size) {
    throw new DataError(`${file} has ${bytes.length - start} bytes of data where its head says ${size}. Download it again.`)
  }
  return { shape, data: bytes.subarray(start) }
}

const unzipped = (stored: Buffer, file: string): Buffer => {
  try {
    return gunzipSync(stored)
  } catch (cause) {
    throw new DataError(`${file}: not a complete gzip file (${(cause as Error).message}). Download it again.`, { cause })
  }
}

const readMnist = async (dir: string): Promise<MnistFiles> => {
  const names = await readdir(dir).catch((): string[] => [])
  const origins: Origin[] = []
  const read = async (what: string, axes: number) => {
    const found = [`${what}-ubyte`, `${what}-ubyte.gz`, what.replace('-idx', '.idx')].find((name) => names.includes(name))
    if (found === undefined) {
      throw new DataError(`no ${what}-ubyte in ${dir}: ${await listing(dir)}. Point --data at the folder that holds it`)
    }
    const file = join(dir, found)
    const stored = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
      throw new DataError(`${file} cannot be read (${cause.code ?? cause.message}). Download it again.`, { cause })
    })
    origins.push({ file, bytes: stored.length, sha256: createHash('sha256').update(stored).digest('hex') })
    return idx(found.endsWith('.gz') ? unzipped(stored, file) : stored, axes, file)
  }
  const images = async (part: 'train' | 't10k' | 't3k'): Promise<Images> => {
    const [pictures, labels] = [await read(`${part}-images-idx3`, 3), await read(`${part}-labels-idx1`, 1)]
    const [count, height, width] = pictures.shape
    if (height * width !== PIXELS) throw new DataError(`images of ${part} are ${height} by ${width}, and not 28 by 28`)
    if (labels.shape[0] !== count) throw new DataError(`${part} has ${count} images and ${labels.shape[0]} labels`)
    return { count, pixels: pictures.data, digits: labels.data }
  }
  const test = names.some((name) => name.startsWith('t10k')) ? 't10k' : 't3k'
  return { train: await images('train'), test: await images(test), origins }
}

/** Shuffled, or sorted by digit and dealt out in shards. */
const dealt = ({ train: { count, digits } }: MnistFiles, { clients, partition }: Spec, seed: string): Int32Array[] => {
  const drawn = streams(seed)
  const shuffled = permutation(count, drawn('mnist', 'images'))
  if (partition === 'iid') {
    const each = Math.floor(count / clients)
    return Array.from({ length: clients }, (_, k) => shuffled.slice(k * each, (k + 1) * each))
  }
  const sorted = shuffled.toSorted((a, b) => digits[a] - digits[b])
  const shards = 2 * clients
  const each = Math.floor(count / shards)
  const order = permutation(shards, drawn('mnist', 'shards'))
  return Array.from({ length: clients }, (_, k) => {
    const own = [order[2 * k], order[2 * k + 1]].map((shard) => sorted.subarray(shard * each, (shard + 1) * each))
    return Int32Array.from([...own[0], ...own[1]])
  })
}

const tableOf = ({ pixels, digits }: Images, rows: Int32Array): Table => {
  const numeric = sharedFloats(rows.length * PIXELS)
  const labels = sharedFloats(rows.length)
  rows.forEach((image, row) => {
    for (let pixel = 0; pixel < PIXELS; pixel++) numeric[row * PIXELS + pixel] = pixels[image * PIXELS + pixel] / 255
    labels[row] = digits[image]
  })
  return { rows: rows.length, categorical: sharedInts(0), numeric, labels }
}

const cut = (files: MnistFiles, spec: Spec, seed: string): World => {
  const { train, test, origins } = files
  const { clients, partition, validation } = spec
  const shares = dealt(files, spec, seed)
  const tested = (k: number): Int32Array => {
    const [from, until] = [Math.floor((k * test.count) / clients), Math.floor(((k + 1) * test.count) / clients)]
    return Int32Array.from({ length: until - from }, (_, i) => from + i)
  }
  return {
    name: `mnist ${partition}`,
    features: { categorical: [], numeric: Array.from({ length: PIXELS }, (_, pixel) => `pixel ${pixel + 1}`) },
    tasks: [{ name: 'digit', kind: 'multiclass', classes: DIGITS }],
    scenarios: shares.map((own, k) => {
      const held = Math.floor(own.length * validation)
      const shuffled = own.toSorted()
      const order = permutation(own.length, streams(seed)('mnist', 'validation', k))
      const rows = Int32Array.from(order, (place) => shuffled[place])
      return {
        name: String(k + 1).padStart(String(clients).length, '0'),
        train: tableOf(train, rows.slice(held)),
        validation: tableOf(train, rows.slice(0, held)),
        test: tableOf(test, tested(k)),
      }
    }),
    origins,
    split: `${test.count} test images dealt out to the clients in order; of each client’s training images ${100 * validation} % validate`,
    notes: [],
  }
}
