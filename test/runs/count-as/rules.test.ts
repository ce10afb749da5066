import { describe, expect, it } from 'vitest'

import { stageSchema } from '../../../src/codecs/registry.js'
import type { ChainOf } from '../../../src/codecs/routes.js'
import { SpecificationError, StorageError } from '../../../src/errors.js'
import type { PartTemplate } from '../../../src/federation/parts.js'
import type { LedgerRow } from '../../../src/record/rows.js'
import * as all from '../../../src/runs/count-as/all.js'
import { fedjax } from '../../../src/runs/count-as/fedjax.js'
import { fedscale } from '../../../src/runs/count-as/fedscale.js'
import { flower } from '../../../src/runs/count-as/flower.js'
import type { Sent } from '../../../src/runs/count-as/rule.js'

const part = (name: string, shapes: readonly (readonly number[])[], extras: readonly number[] = []): PartTemplate => {
  const segments = shapes.map((shape, i) => ({ name: `${name}-${i}`, role: i === 0 ? 'embedding' : 'tower', shape, size: shape.reduce((a, b) => a * b, 1) }))
  const up = { extras: extras.map((length) => ({ length })) }
  return { name, segments, length: segments.reduce((sum, { size }) => sum + size, 0), up, down: { extras: [] } } as unknown as PartTemplate
}

/** 10 values in two tensors, and a further tensor of 7 that goes up; 5 values in one. */
const parts = [part('trunk', [[2, 3], [4]], [7]), part('expert-1', [[5]])]

let id = 0
const row = (about: Partial<LedgerRow>): LedgerRow => ({
  id: id++, sent: 0, delivered: 1, from: 'aggregator', to: 'client-A', direction: 'down', kind: 'model', round: 1, part: 'trunk', roles: [],
  attempt: 0, copy: 0, bytes: 1000, travelled: 1000, fate: 'used', ...about,
})
const up = (about: Partial<LedgerRow>): LedgerRow => row({ from: 'client-A', to: 'aggregator', direction: 'up', kind: 'update', ...about })

/** Two clients are asked; one answers with both parts, the other too late; around it all that nobody else counts. */
const ledger: readonly LedgerRow[] = [
  row({ kind: 'open', direction: 'inside', part: '', fate: 'control' }),
  row({}), row({ part: 'expert-1' }), row({ to: 'client-B', fate: 'fruitless' }), row({ to: 'client-B', part: 'expert-1', fate: 'lost' }),
  row({ to: 'client-B', part: 'expert-1', attempt: 1, fate: 'fruitless' }), row({ copy: 1, fate: 'duplicate' }),
  up({ attempt: 0, fate: 'lost' }), up({ attempt: 1 }), up({ part: 'expert-1' }), up({ from: 'client-B', fate: 'late' }),
  up({ copy: 1, fate: 'duplicate' }), row({ kind: 'ack', part: '', fate: 'control' }),
]
const rounds = [{ round: 1, folded: ['client-A'], outcome: 'closed' }, { round: 2, folded: ['client-A', 'client-B'], outcome: 'aborted' }] as const
const sent: Sent = { ledger, rounds, parts, chainOf: undefined }

const coded = (...kinds: readonly object[]): ChainOf => {
  const chain = kinds.map((stage) => stageSchema.parse(stage))
  return Object.assign((direction: 'up' | 'down') => (direction === 'up' ? chain : undefined), { varies: false })
}

describe('flower', () => {
  it('arrays of all instructions when they are made, and of the results that came back', () => {
    const trunk = 2 * 128 + 40
    const expert = 128 + 20
    expect(flower.count(sent)).toEqual({ down: 2 * (trunk + expert), up: trunk + 128 + 28 + expert })
  })

  it('a coded message is one array of its bytes without the frame', () => {
    const rows = [up({ bytes: 532, codecs: { int8: 490, names: 10, frame: 32 } })]
    expect(flower.count({ ...sent, ledger: rows })).toEqual({ down: 0, up: 128 + 500 })
  })
})

describe('fedscale', () => {
  it('the whole model down and up for each answer of a round that closed', () => {
    expect(fedscale.count(sent)).toEqual({ down: 15 * 4 + 33, up: 15 * 4 + 33 })
  })
})

describe('fedjax', () => {
  it('what was folded alone: 32 bits a value where nothing compresses', () => {
    expect(fedjax.count(sent)).toEqual({ down: 0, up: 15 * 4 })
  })

  it.each([
    [8 * 15 + 3 * 64, { kind: 'int8' }], [4 * 15 + 3 * 64, { kind: 'int4' }], [2 * 15 + 3 * 64, { kind: 'int2' }],
    [Math.log2(3) * 15 + 3 * 64, { kind: 'ternary' }], [15 + 3 * 64, { kind: 'eden', bits: 1 }], [32 * 15, { kind: 'fp32' }],
  ])('%s bits of %j', (bits, stage) => {
    expect(fedjax.count({ ...sent, chainOf: coded(stage) })).toEqual({ down: 0, up: Math.ceil(bits / 8) })
    expect(fedjax.count({ ...sent, chainOf: coded({ kind: 'delta' }, stage) })).toEqual({ down: 0, up: Math.ceil(bits / 8) })
  })

  it.each([[[{ kind: 'topK' }]], [[{ kind: 'fp16' }]], [[{ kind: 'eden' }]], [[{ kind: 'int8' }, { kind: 'zstd' }]]])('refuses %j', (chain) => {
    expect(() => fedjax.count({ ...sent, chainOf: coded(...chain) })).toThrow(SpecificationError)
  })
})

it('every rule says what it counts, what it leaves out and where it was read; a part that the model has not is refused', () => {
  for (const rule of Object.values(all)) {
    expect([rule.sentence, rule.source, ...rule.leavesOut]).not.toContain('')
    expect(rule.source).toMatch(/^[\w-]+\/[\w-]+ .*\.(py|tpl) \([0-9a-f]{7}\)/)
  }
  for (const rule of [flower, fedjax]) {
    expect(() => rule.count({ ...sent, ledger: [up({ part: 'expert-9' })] })).toThrow(StorageError)
  }
})
