import { codecEntries, type Stage, stageSchema, type StageInput } from '../../codecs/registry.js'
import { countedBy, type Formula, sparseTernary } from './formulas.js'

/** Codecs one after the other that have a row in the table; without any, floats travel as they are, in a safetensors block. */
export interface NamedChain {
  readonly name: string
  readonly chain: readonly Stage[]
  /** Of a chain that is counted as one; else that of its stages. */
  readonly formula?: Formula
}

const named = (name: string, chain: readonly StageInput[], formula?: Formula): NamedChain => ({
  name, chain: chain.map((stage) => stageSchema.parse(stage)), ...(formula && { formula }),
})

const known = new Set<string>(codecEntries.map(({ kind }) => kind))
const sparse = { kind: 'topK', share: 0.01 } as const

/** Chains that papers and services use, of kinds that are there. */
const combined: readonly { readonly name: string; readonly chain: readonly { readonly kind: string }[]; readonly formula?: Formula }[] = [
  { name: 'topK, fp16', chain: [sparse, { kind: 'fp16' }] },
  { name: 'topK, sign', chain: [sparse, { kind: 'sign', feedback: false } as { kind: string }], formula: sparseTernary },
  { name: 'rows, int8', chain: [{ kind: 'rows' }, { kind: 'int8' }] },
  { name: 'delta, fp16', chain: [{ kind: 'delta' }, { kind: 'fp16' }] },
  { name: 'delta, int8', chain: [{ kind: 'delta' }, { kind: 'int8' }] },
  { name: 'int8, zstd', chain: [{ kind: 'int8' }, { kind: 'zstd' }] },
  ...[1, 2, 3].map((bits) => ({ name: `eden, ${bits} bit${bits === 1 ? '' : 's'}`, chain: [{ kind: 'eden', bits } as { kind: string }] })),
]

/** What the table is of: floats as they are, every codec of the library with its default options, and some chains. */
export const namedChains = (): readonly NamedChain[] => [
  { name: 'none', chain: [], formula: (countedBy.fp32 as { readonly formulas: readonly [Formula] }).formulas[0] },
  ...codecEntries.map(({ kind }) => named(kind, [{ kind } as StageInput])),
  ...combined
    .filter(({ chain }) => chain.every(({ kind }) => known.has(kind)))
    .map(({ name, chain, formula }) => named(name, chain as readonly StageInput[], formula)),
]
