import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

import { root } from './pages.js'

const page = readFileSync(join(root, 'docs/house.md'), 'utf8')
/** Rooms in the order of the page, from the cellar up. */
const rooms = [...page.slice(0, page.indexOf('## What comes')).matchAll(/^\| `(\w+)`/gm)].map(([, room]) => room)

it('every folder is on the page, and the page has no other', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  expect(rooms.toSorted()).toEqual([...folders, 'scenarios'].toSorted())
})

interface Override {
  readonly files: readonly string[]
  readonly rules: { readonly 'no-restricted-imports'?: readonly [string, { readonly patterns: readonly { readonly group: readonly string[] }[] }] }
}

it('the lint rule keeps each room from importing what is above it', () => {
  const { overrides } = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')) as { readonly overrides: readonly Override[] }
  const forbidden = (files: string) =>
    overrides.find((one) => one.files.includes(files))?.rules['no-restricted-imports']?.[1].patterns[0].group
  rooms.slice(0, -1).forEach((room, floor) => {
    const above = [...rooms.slice(floor + 1).map((one) => `**/${one}/**`), '**/src/index.js']
    expect(forbidden(room === 'scenarios' ? 'scenarios/**/*.ts' : `src/${room}/**/*.ts`), room).toEqual(above)
  })
  expect(forbidden('src/shares.ts')).toEqual([...rooms.map((one) => `**/${one}/**`), '**/src/index.js'])
})
