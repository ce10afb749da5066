import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { describe as inWords, faultSchema } from '../../src/faults/registry.js'
import { Lab } from '../../src/lab/lab.js'
import { catalogue } from '../../src/runs/catalogue.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, fedAvg, mbps, mlp, ms, seconds, sgd } from '../../src/simulation/script.js'
import { readDocument } from '../../src/documents/source.js'
import { jsonSchema, type Specification } from '../../src/simulation/specification.js'
import { blocksOf, root } from '../docs/pages.js'
import { doze } from './doze.js'

// The one line: `export { doze } from './doze.js'`.
vi.mock('../../src/faults/all.js', async (original) => ({
  ...(await original<object>()), doze: (await import('./doze.js')).doze,
}))

const nap = doze('client-store-2', { from: ms(20), until: ms(900), id: 'nap' })
const script: Specification = {
  world: storefronts({ scenarios: 3, impressions: 100, users: 40, items: 20 }),
  model: mlp({ hidden: [4] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 2, after: seconds(2) }),
  network: { up: mbps(8), down: mbps(8), latency: ms(30) },
  // The compiler does not know of the mocked line.
  faults: [nap as never],
  evaluate: { start: false, every: 100, final: false },
}

it('a fault of one’s own is on the page as it is here', () => {
  const here = readFileSync(join(root, 'test/faults/doze.ts'), 'utf8')
  const there = here.replaceAll("'../../src/faults/", "'./").replaceAll("'../../src/", "'../")
  const shown = blocksOf('docs/faults.md').map(({ text }) => `${text}\n`)
  expect(shown).toContain(there)
})

it('is known to scripts, YAML, the schema and the list', () => {
  expect(nap).toEqual({ kind: 'doze', who: 'client-store-2', from: 20_000, until: 900_000, id: 'nap' })
  const yaml = readDocument('faults:\n  - { kind: doze, who: client-store-2, from: 20 ms, until: 900 ms, id: nap }\n', 'plan.yaml')
  const settled = resolve({ ...script, ...(yaml.value as object) }).faults
  expect(settled).toEqual(resolve(script).faults)
  expect(() => faultSchema.parse({ kind: 'doze', who: 'client', until: 'noon' })).toThrow()
  expect(JSON.stringify(jsonSchema())).toContain('"const":"doze"')
  const listed = catalogue().faults.find(({ kind }) => kind === 'doze')
  expect(listed).toMatchObject({ sentence: doze.sentence, source: doze.source })
})

it('is drawn, flown and reported', async () => {
  const lab = await Lab.open(script, { seed: 7, workers: 1 })
  const plan = await lab.plan()
  expect(plan.faults.map((planned) => [planned.targets, inWords(planned)])).toEqual([
    [['client-store-2'], 'client-store-2 doze, from 0.020 s, until 0.900 s'],
  ])
  const { ledger, faults, rounds } = await lab.fly()
  await lab.close()
  const model = (client: string) => ledger.find(({ to, kind }) => to === client && kind === 'model')!.delivered
  expect([model('client-store-1')! < ms(100), model('client-store-2')]).toEqual([true, ms(900)])
  expect(rounds[0].folded).toHaveLength(3)
  expect(faults).toEqual([
    { id: 'nap', kind: 'doze', text: 'client-store-2 doze, from 0.020 s, until 0.900 s', targets: ['client-store-2'], fired: 1, outcome: '1 message kept waiting' },
  ])
})
