import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { parse, stringify } from 'yaml'
import { describe, expect, it } from 'vitest'
import { folder, loadWorld } from '../../scenarios/index.js'
import type { World } from '../../src/data/world.js'
import { DataError, printable, WindtunnelError } from '../../src/errors.js'
import { scratch } from '../data/files.js'
import { blocksOf } from '../docs/pages.js'
import { campaignTable, ratingLog } from '../scenarios/public-lookalikes.js'
import { settings } from './cases.js'
import { drawsOf, mutatedBytes, mutatedData, type Draws } from './draws.js'

type Files = Record<string, string | Uint8Array>
const { dir, write } = scratch()
const { seed, cases } = settings(300)

const schemaOf = (name: string): string =>
  blocksOf('docs/worlds.md').find(({ text, language }) => language === 'yaml' && text.startsWith(`name: ${name}\n`))!.text
const shop = blocksOf('docs/worlds.md').find(({ text }) => text.startsWith('name: shop\n'))!.text

const shopRows = Array.from({ length: 60 }, (_, i) => ({
  country: i % 2 === 0 ? 'NL' : 'ES', segment: 'abc'[i % 3], item: `i${i % 7}`, age: 20 + (i % 30), price: 1 + i / 8,
  clicked: i % 3 === 0 ? 1 : 0, bought: i % 9 === 0 ? 1 : 0, user_id: `u${i % 11}`, shown_at: 1_700_000_000_000 + 60_000 * i,
}))
const shopColumns = Object.keys(shopRows[0]) as (keyof (typeof shopRows)[number])[]
const shopCsv = [shopColumns.join(','), ...shopRows.map((row) => shopColumns.map((name) => row[name]).join(',')), ''].join('\n')
const shopParquet = new Uint8Array(parquetWriteBuffer({
  columnData: shopColumns.map((name) => ({ name, data: shopRows.map((row) => (name === 'shown_at' ? BigInt(row[name]) : row[name])) })), codec: 'UNCOMPRESSED',
}))

/** Folders that can be read: what is mutated. */
const sound: readonly Files[] = [
  { ...ratingLog(60), 'schema.yaml': schemaOf('ratings') },
  { ...campaignTable(60), 'schema.yaml': schemaOf('campaign') },
  { 'impressions.csv': shopCsv, 'schema.yaml': shop },
  { 'impressions.csv.gz': gzipSync(shopCsv), 'schema.json': JSON.stringify({ ...(parse(shop) as object), files: ['impressions.csv.gz'] }) },
  { 'impressions.parquet': shopParquet, 'schema.yaml': shop.replace('impressions.csv', 'impressions.parquet') },
]

const isSchema = (file: string): boolean => file.startsWith('schema.')
const words = [
  'item', 'user', 'rating', 'age', 'clicked', 'kind', 'split', 'columns', 'from', 'atLeast', 'equals', 'joins', 'table', 'sequence',
  'binary', 'random', 'time', 'date', 'latin1', 'utf-16le', 'tab', 'multiclass', 'u.item',
]

const mutated = (files: Files, draws: Draws): Files => {
  const names = Object.keys(files)
  const own = names.find(isSchema)!
  const way = draws.below(4)
  if (way === 0) return { ...files, [own]: mutatedBytes(Buffer.from(files[own]), draws) }
  if (way === 1) {
    const schema = mutatedData(parse(String(files[own])), draws, words)
    return { ...files, [own]: own.endsWith('json') ? JSON.stringify(schema) : stringify(schema) }
  }
  const name = draws.one(names.filter((file) => !isSchema(file)))
  return { ...files, [name]: mutatedBytes(Buffer.from(files[name]), draws) }
}

/** Every row is somewhere, every label and id is one that the world declares. */
const checkWorld = ({ tasks, features, scenarios }: World): void => {
  expect(scenarios.length).toBeGreaterThan(0)
  for (const { name, train, validation, test } of scenarios) {
    expect(printable(name)).toBe(name)
    expect(train.rows).toBeGreaterThan(0)
    for (const table of [train, validation, test]) {
      expect(table.labels).toHaveLength(table.rows * tasks.length)
      expect(table.numeric.every((value) => Number.isFinite(value))).toBe(true)
      table.categorical.forEach((id, i) => {
        if (!(id >= 0 && id < features.categorical[i % features.categorical.length].size)) throw new Error(`id ${id} of ${i}`)
      })
      table.labels.forEach((label, i) => {
        const task = tasks[i % tasks.length]
        const fits = Number.isNaN(label) || (task.kind === 'regression' ? Number.isFinite(label)
          : Number.isInteger(label) && label >= 0 && label < (task.kind === 'multiclass' ? task.classes : 2))
        if (!fits) throw new Error(`label ${label} of ${task.name}`)
      })
    }
  }
}

/** A failure that a person can act on: it says where, on a terminal that it leaves as it is, and shows no value whole. */
const checkFailure = (error: unknown, folderName: string, files: Files): void => {
  if (!(error instanceof WindtunnelError)) throw error
  expect(error).toBeInstanceOf(DataError)
  const { message } = error
  expect(printable(message)).toBe(message)
  expect(message).not.toMatch(/\bat .*\.[jt]s:\d+/)
  expect(message).not.toMatch(/x{201}/)
  expect(message.length).toBeLessThan(8_000)
  const places = [folderName, ...Object.keys(files), 'column', 'scenario', 'row', 'task', 'files.']
  expect(places.some((place) => message.includes(place)), message).toBe(true)
}

describe(`${cases} mutated folders, drawn from seed ${seed} (FUZZ_SEED, FUZZ_CASES)`, () => {
  it('are sound before they are mutated', async () => {
    for (const [i, files] of sound.entries()) {
      for (const [file, content] of Object.entries(files)) write(`sound-${i}/${file}`, content)
      checkWorld(await loadWorld(folder({ dir: `sound-${i}` }), { seed: String(seed), cwd: dir }))
    }
  })

  it('are worlds, or errors that name file and place', async () => {
    const seen = { worlds: 0, errors: 0 }
    for (let i = 0; i < cases; i++) {
      const draws = drawsOf(seed, 'folders', i)
      const files = mutated(draws.one(sound), draws)
      const name = `case-${i}`
      for (const [file, content] of Object.entries(files)) write(`${name}/${file}`, content)
      try {
        const world = await loadWorld(folder({ dir: name }), { seed: String(seed), cwd: dir }).catch((error: Error) => error)
        if (world instanceof Error) {
          seen.errors++
          checkFailure(world, name, files)
        } else {
          seen.worlds++
          checkWorld(world)
        }
      } catch (cause) {
        throw new Error(`case ${i} of seed ${seed}: FUZZ_SEED=${seed} FUZZ_CASES=${i + 1} npx vitest run test/fuzz/folders.test.ts`, { cause })
      }
    }
    // A fuzzer that finds nothing but errors, or none, has lost its way.
    expect(seen.worlds).toBeGreaterThan(cases / 20)
    expect(seen.errors).toBeGreaterThan(cases / 5)
    // A case takes milliseconds: whatever takes minutes hangs, and is the case after the last folder that was written.
  }, 300_000)
})
