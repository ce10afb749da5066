import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { SpecificationError } from '../../src/errors.js'
import { buildLayout } from '../../src/models/layout.js'
import type { Features, Model } from '../../src/models/model.js'
import { partNames, partRuns, runsLength } from '../../src/models/parts.js'
import {
  aitm, buildModel, crossStitch, mlp, mmoe, modelEntries, modelSchema, omoe, ple, sharedBottom, singleTask, type ModelSpec,
} from '../../src/models/registry.js'
import type { Task } from '../../src/tasks/task.js'

const both: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }]
const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
const layoutOf = (spec: ModelSpec, features: Features, tasks: readonly Task[]) =>
  buildLayout(buildModel(spec).segments(features, tasks))
const trainable = (spec: ModelSpec, features: Features): number =>
  layoutOf(spec, features, both).segments.reduce((sum, s) => sum + (s.trainable ? s.size : 0), 0)

/** The AliExpress table: 16 categorical fields of 144 values in all, 63 numeric columns. */
const sizes = [11, 4, 7, 2, 33, 7, 50, 8, 8, 2, 2, 2, 2, 2, 2, 2]
const aliExpress: Features = {
  categorical: sizes.map((size, i) => ({ name: `c${i}`, size })),
  numeric: names('n', 63),
}

describe('parameter counts', () => {
  const big = { embedding: 128, tower: [128, 64], dropout: 0.2, batchNorm: true }

  test("MTReclib's MMoE on AliExpress: 10,124,562", () => {
    // 8 experts of 2176-512-256 with batch normalisation, 2 gates, 2 towers of 256-128-64-1, 144 x 128, 63 -> 128
    const expert = 2176 * 512 + 512 + 2 * 512 + 512 * 256 + 256 + 2 * 256
    const tower = 256 * 128 + 3 * 128 + 128 * 64 + 3 * 64 + 64 + 1
    expect(8 * expert + 2 * (2176 * 8 + 8) + 2 * tower + 144 * 128 + 64 * 128).toBe(10_124_562)
    expect(trainable(mmoe({ ...big, experts: 8, expert: [512, 256] }), aliExpress)).toBe(10_124_562)
  })

  test("MTReclib's shared bottom: 1,357,314", () => {
    expect(trainable(sharedBottom({ ...big, bottom: [512, 256] }), aliExpress)).toBe(1_357_314)
  })

  test("MTReclib's OMoE and single-task networks", () => {
    // MMoE less one of two gates; twice all that the shared bottom has
    expect(trainable(omoe({ ...big, experts: 8, expert: [512, 256] }), aliExpress)).toBe(10_124_562 - (2176 * 8 + 8))
    expect(trainable(singleTask({ ...big, bottom: [512, 256] }), aliExpress)).toBe(2_631_426)
  })

  test("MTReclib's PLE, 15,155,002 with the shared gate of the last level that it never uses", () => {
    const spec = ple({ ...big, shared: 4, specific: 4, levels: [[512], [256]] })
    expect(trainable(spec, aliExpress)).toBe(15_155_002 - (512 * 12 + 12))
  })

  test("MTReclib's AITM: networks of their own, one linear layer between the steps, three of the transfer", () => {
    const linear = 256 * 256 + 256
    expect(trainable(aitm({ ...big, bottom: [512, 256] }), aliExpress)).toBe(2_631_426 - 26_624 + 4 * linear)
  })

  test('cross-stitch: networks of their own over common embeddings, and a unit per hidden unit', () => {
    const own = 2176 * 512 + 3 * 512 + 512 * 256 + 3 * 256 + 256 * 128 + 3 * 128 + 128 * 64 + 3 * 64 + 64 + 1
    const expected = 144 * 128 + 64 * 128 + 2 * own + 4 * (512 + 256)
    expect(trainable(crossStitch({ ...big, bottom: [512, 256] }), aliExpress)).toBe(expected)
  })

  test('MLP 32-64-4: 2,372 in 4 segments', () => {
    const features = { categorical: [], numeric: names('x', 32) }
    const layout = layoutOf(mlp({ hidden: [64] }), features, [{ name: 'y', kind: 'multiclass', classes: 4 }])
    expect([layout.size, layout.segments.length]).toEqual([2372, 4])
  })
})

describe('the MMoE layout', () => {
  const spec = mmoe({ embedding: 4, experts: 3, expert: [8, 5], tower: [6], batchNorm: true })
  const layout = layoutOf(spec, { categorical: [{ name: 'a', size: 7 }], numeric: ['x'] }, both)

  test('gives each expert its slice of every layer, and the trunk all else', () => {
    const expert = 8 * 8 + 8 + 4 * 8 + 8 * 5 + 5 + 4 * 5
    const held = (part: string) => partRuns(layout, part).reduce((sum, { runs }) => sum + runsLength(runs), 0)
    expect(partNames(layout)).toEqual(['trunk', 'expert-1', 'expert-2', 'expert-3'])
    expect(partNames(layout).slice(1).map(held)).toEqual([expert, expert, expert])
    expect(held('trunk')).toBe(layout.size - 3 * expert)
    const trunk = partRuns(layout, 'trunk').map(({ segment }) => segment.name.split('.')[0])
    expect([...new Set(trunk)]).toEqual(['embedding', 'numeric', 'gate', 'tower'])
  })

  test('batch normalisation is a role of its own in experts and towers; running statistics are not trained', () => {
    const statistics = ['scale', 'shift', 'mean', 'variance']
    const norm = layout.segments.filter((s) => s.role === 'batch-norm')
    expect(norm.map((s) => s.name.replace(/\.\d\./, '.'))).toEqual(
      ['expert', 'expert', 'tower'].flatMap((owner) => statistics.map((last) => `${owner}.${last}`)),
    )
    expect(norm.filter((s) => s.axes.includes('expert')).length).toBe(8)
    expect(layout.segments.filter((s) => !s.trainable).every((s) => /\.(mean|variance)$/.test(s.name))).toBe(true)
  })
})

test('towers of one width share stacked segments with a task axis; of different widths they have their own', () => {
  const features = { categorical: [], numeric: ['x', 'y'] }
  const spec = sharedBottom({ bottom: [3], tower: [2], numericFields: 0 })
  const tower = (tasks: readonly Task[]) =>
    layoutOf(spec, features, tasks).segments.filter((s) => s.role === 'tower').map((s) => [s.name, s.shape, s.task])
  const stacked = ['tower.1.weight', 'tower.1.bias', 'tower.2.weight', 'tower.2.bias']
  expect(tower(both).map(([name]) => name)).toEqual(stacked)
  expect(tower([both[0], { name: 'kind', kind: 'multiclass', classes: 3 }])).toEqual([
    ['tower.ctr.1.weight', [3, 2], 'ctr'], ['tower.ctr.1.bias', [1, 2], 'ctr'],
    ['tower.ctr.2.weight', [2, 1], 'ctr'], ['tower.ctr.2.bias', [1, 1], 'ctr'],
    ['tower.kind.1.weight', [3, 2], 'kind'], ['tower.kind.1.bias', [1, 2], 'kind'],
    ['tower.kind.2.weight', [2, 3], 'kind'], ['tower.kind.2.bias', [1, 3], 'kind'],
  ])
})

describe('specifications', () => {
  const good = { embedding: 4, experts: 2, expert: [4], tower: [4] }

  test.each<[object, RegExp]>([
    [{ ...good, kind: 'mmoe', expert: [] }, /model.expert of 'mmoe' is \[\]: it must be a list .*, and at least 1 of them/],
    [{ ...good, kind: 'mmoe', experts: 0 }, /model.experts of 'mmoe' is 0: it must be a positive whole number/],
    [{ ...good, kind: 'mmoe', tower: [2.5] }, /model.tower of 'mmoe' is \[2.5\]/],
    [{ ...good, kind: 'mmoe', dropout: 1 }, /model.dropout of 'mmoe' is 1: it must be a probability/],
    [{ ...good, kind: 'mmoe', experts: undefined }, /model.experts of 'mmoe' is missing: it must be a positive whole/],
    [{ ...good, kind: 'mmoe', batchNorm: 1 }, /model.batchNorm of 'mmoe' is 1: it must be true or false/],
    [{ ...good, kind: 'mmoe', exprt: [4] }, /model.exprt: 'mmoe' has no such option/],
    [{ kind: 'tower-of-babel' }, /model.kind is 'tower-of-babel': it must be one of aitm, cgc, cross-stitch, .*shared-bottom/],
  ])('%j is refused', (spec, message) => {
    expect(() => buildModel(spec as ModelSpec)).toThrow(SpecificationError)
    expect(() => buildModel(spec as ModelSpec)).toThrow(message)
  })

  test('a world that the input layer cannot read is refused', () => {
    const spec = sharedBottom({ bottom: [4], tower: [] })
    expect(() => layoutOf(spec, aliExpress, both)).toThrow(/needs `embedding` of at least 1, not undefined/)
    expect(() => layoutOf(mlp({ hidden: [2] }), { categorical: [], numeric: [] }, both)).toThrow(/without any feature/)
  })

  test('of every kind have a sentence, a source and a sentence for each option', () => {
    for (const { kind, sentence, source, schema } of modelEntries) {
      expect(sentence, kind).toMatch(/^[A-Z].{20,}\.$/)
      expect(source, kind).toMatch(/\d{4}/)
      const { kind: literal, ...options } = schema.shape as Record<string, z.ZodType>
      expect(literal.parse(kind)).toBe(kind)
      for (const [name, option] of Object.entries(options)) expect(option.description, `${kind}.${name}`).toMatch(/^[A-Z]/)
    }
    expect(new Set(modelEntries.map(({ kind }) => kind)).size).toBe(modelEntries.length)
  })

  test('are typed by their kind', () => {
    const spec: ModelSpec = modelSchema.parse(mmoe({ ...good, dropout: 0.5 }))
    expect(spec).toEqual({ ...good, kind: 'mmoe', dropout: 0.5 })
    // @ts-expect-error: a misspelt option
    expect(() => buildModel(mmoe({ ...good, droput: 0.5 }))).toThrow(/no such option/)
    // @ts-expect-error: an option of another kind
    expect(() => buildModel(mlp({ hidden: [3], tower: [2] }))).toThrow(/no such option/)
    // @ts-expect-error: a missing option
    expect(() => buildModel(mmoe({ embedding: 4 }))).toThrow(/missing/)
  })

  test('are plain data that survives JSON; a model passes through', () => {
    for (const spec of [mmoe(good), sharedBottom({ bottom: [3], tower: [] }), mlp({ hidden: [2] })]) {
      expect(JSON.parse(JSON.stringify(spec))).toEqual(spec)
      expect(buildModel(spec).name).toBe(spec.kind)
    }
    const own: Model = buildModel(mlp({ hidden: [2] }))
    expect(buildModel(own)).toBe(own)
  })
})
