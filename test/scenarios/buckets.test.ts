import { describe, expect, it } from 'vitest'
import { aliexpress, census, folder, loadWorld, tenrec, worldList, type WorldSpec } from '../../scenarios/index.js'
import type { World } from '../../src/data/world.js'
import { scratch } from '../data/files.js'
import { aliexpressText } from './aliexpress-lookalike.js'
import { censusText } from './census-lookalike.js'
import { tenrecText } from './tenrec-lookalike.js'

const { dir, write } = scratch()
write('census/census-income.data', censusText('data', 30))
write('census/census-income.test', censusText('test', 200))
write('aliexpress/NL/train.csv', aliexpressText({ country: 'NL', which: 'train', rows: 200 }))
write('aliexpress/NL/test.csv', aliexpressText({ country: 'NL', which: 'test', rows: 200 }))
write('tenrec/QB-video.csv', tenrecText({ name: 'QB-video', history: true, users: 40, items: 150, rows: 400, clickRate: 0.5 }))
const about = (option: object): string => JSON.stringify({
  files: ['all.csv'], categorical: [{ name: 'item', ...option }], tasks: [{ name: 'y', kind: 'binary' }],
  split: { by: 'column', column: 'part' },
})
const rows = 'item,y,part\na,1,train\na,0,train\nb,1,train\nc,0,test\na,1,test\n'
for (const [name, option] of [['plain', { atLeast: 2 }], ['hashed', { atLeast: 2, buckets: 5 }]] as const) {
  write(`${name}/schema.json`, about(option))
  write(`${name}/all.csv`, rows)
}

type Option = { readonly atLeast: number; readonly buckets?: number }
const worlds: Readonly<Record<string, (option: Option) => WorldSpec>> = {
  aliexpress: (option) => aliexpress({ dir: 'aliexpress', countries: ['NL'], ...option }),
  tenrec: (option) => tenrec({ dir: 'tenrec', ...option }),
  census: (option) => census({ dir: 'census', ...option }),
  folder: ({ buckets }) => folder({ dir: buckets === undefined ? 'plain' : 'hashed' }),
}
const load = (spec: WorldSpec): Promise<World> => loadWorld(spec, { seed: '1', cwd: dir })

/** All categorical values, in the order of tables. */
const idsOf = ({ scenarios }: World): number[] =>
  scenarios.flatMap(({ train, validation, test }) => [train, validation, test].flatMap(({ categorical }) => [...categorical]))

describe.each(Object.keys(worlds))('%s', (name) => {
  it('gives words without an id of their own one of the ids after all others, and changes nothing else', async () => {
    const [plain, hashed] = await Promise.all([{ atLeast: 15 }, { atLeast: 15, buckets: 5 }].map((option) => load(worlds[name](option))))
    const columns = plain.features.categorical
    expect(hashed.features.categorical.map(({ size }) => size)).toEqual(columns.map(({ size }) => size + 5))
    const [before, after] = [idsOf(plain), idsOf(hashed)]
    let moved = 0
    before.forEach((id, i) => {
      if (after[i] === id) return
      const { size } = columns[i % columns.length]
      expect(id).toBe(0)
      expect(after[i]).toBeGreaterThanOrEqual(size)
      expect(after[i]).toBeLessThan(size + 5)
      moved++
    })
    expect(moved).toBeGreaterThan(0)
    expect(hashed.notes.join('\n')).toMatch(/words of \w+ share 5 hash buckets: in fewer than \d+ training rows/)
  })
})

it('every world that fits vocabularies has buckets', () => {
  const having = (option: string): string[] =>
    worldList.filter(({ schema }) => option in schema.shape).map(({ kind }) => kind)
  expect(having('buckets')).toEqual(having('atLeast'))
  expect(having('buckets')).toEqual(['kuairand', 'aliexpress', 'tenrec', 'census'])
})
