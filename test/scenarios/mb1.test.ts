import { expect, it } from 'vitest'
import { loadWorld, mb1, worldKinds } from '../../scenarios/index.js'
import { SpecificationError } from '../../src/errors.js'
import { z } from 'zod'

it('makes 200 clients with 64 rows of 32 features in 4 learnable classes', async () => {
  const world = await loadWorld(mb1({ test: 8 }), { seed: '1', cwd: '.' })
  expect(world.scenarios.length).toBe(200)
  expect(world.tasks).toEqual([{ name: 'class', kind: 'multiclass', classes: 4 }])
  const counts = [0, 0, 0, 0]
  for (const { train, validation, test } of world.scenarios) {
    expect([train.rows, train.numeric.length, train.categorical.length, validation.rows, test.rows])
      .toEqual([64, 2048, 0, 0, 8])
    train.labels.forEach((label) => counts[label]++)
  }
  expect(counts.reduce((a, b) => a + b)).toBe(12_800)
  expect(Math.min(...counts)).toBeGreaterThan(1000)
  const again = await loadWorld(mb1({ clients: 3 }), { seed: '1', cwd: '.' })
  expect(again.scenarios[2].train).toEqual(world.scenarios[2].train)
})

it('labels by the largest score: without noise a class is decided by x W alone', async () => {
  const spec = mb1({ clients: 1, rows: 400, columns: 2, classes: 2, noise: 0 })
  const world = await loadWorld(spec, { seed: '3', cwd: '.' })
  const { numeric, labels } = world.scenarios[0].train
  // Two classes are cut by a line through the origin: opposite points have opposite classes, so that
  // some direction splits them.
  const splits = Array.from({ length: 3600 }, (_, k) => (k * Math.PI) / 1800).some((angle) =>
    labels.every((label, row) =>
      (numeric[2 * row] * Math.cos(angle) + numeric[2 * row + 1] * Math.sin(angle) > 0) === (label === 1)))
  expect(splits).toBe(true)
})

it('names every kind of world with a sentence, a source and a schema that exports', async () => {
  for (const [name, kind] of Object.entries(worldKinds)) {
    expect(kind.sentence).toMatch(/^[A-Z].*\.$/)
    expect(kind.source.length).toBeGreaterThan(5)
    expect(kind.schema.parse({ kind: name })).toMatchObject({ kind: name })
    expect(z.toJSONSchema(kind.schema, { io: 'input' })).toMatchObject({ properties: { kind: { const: name } } })
  }
  await expect(loadWorld({ kind: 'shops' } as never, { seed: '1', cwd: '.' })).rejects.toThrow(SpecificationError)
  await expect(loadWorld({ kind: 'toString' } as never, { seed: '1', cwd: '.' }))
    .rejects.toThrow(/expected one of storefronts/)
})
