import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { type Cut, type Formula, Pool, smallestCuts } from '../../../../src/lab/explore/backward/formula.js'

/** A formula as people would write it, evaluated by the book. */
type Tree = { readonly atom: number } | { readonly least: number; readonly of: readonly Tree[] }

const atoms = 6

const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ atom: fc.nat(atoms - 1) }),
    fc.array(tie('tree'), { minLength: 1, maxLength: 4 }).chain((of) => fc.record({ least: fc.integer({ min: 0, max: of.length }), of: fc.constant(of) })),
  ),
})).tree

const isTrue = (tree: Tree, without: Cut): boolean =>
  'atom' in tree ? !without.includes(tree.atom) : tree.of.filter((one) => isTrue(one, without)).length >= tree.least

const build = (pool: Pool, tree: Tree): Formula =>
  'atom' in tree ? pool.atom(String(tree.atom)) : pool.some(tree.least, tree.of.map((one) => build(pool, one)))

/** Every set of atoms, the smallest first. */
const sets = Array.from({ length: 2 ** atoms }, (_, mask) => Array.from({ length: atoms }, (__, i) => i).filter((i) => ((mask >> i) & 1) === 1))
  .sort((a, b) => a.length - b.length)

const byHand = (tree: Tree, upTo: number): readonly Cut[] => {
  const found: Cut[] = []
  for (const set of sets) {
    if (set.length === 0 || set.length > upTo || isTrue(tree, set)) continue
    if (!found.some((smaller) => smaller.every((atom) => set.includes(atom)))) found.push(set)
  }
  return found
}

const pooled = (tree: Tree): { readonly pool: Pool; readonly formula: Formula } => {
  const pool = new Pool()
  for (let i = 0; i < atoms; i++) pool.number(String(i))
  return { pool, formula: build(pool, tree) }
}

const sorted = (cuts: readonly Cut[]): string[] => cuts.map((cut) => cut.join()).sort()

describe('a formula', () => {
  it('holds without what it can do without', () => {
    fc.assert(fc.property(trees, fc.subarray([0, 1, 2, 3, 4, 5]), (tree, without) => {
      const { pool, formula } = pooled(tree)
      expect(pool.holds(formula, without)).toBe(isTrue(tree, without))
    }), { numRuns: 500 })
  })

  it('is enough for itself with its witness alone', () => {
    fc.assert(fc.property(trees, fc.subarray([0, 1, 2, 3, 4, 5]), (tree, without) => {
      const { pool, formula } = pooled(tree)
      if (!isTrue(tree, without)) return
      const witness = pool.witness(formula, without)
      expect([...witness].some((atom) => without.includes(atom))).toBe(false)
      expect(isTrue(tree, sets.at(-1)!.filter((atom) => !witness.has(atom)))).toBe(true)
    }), { numRuns: 500 })
  })

  it('is cut by what trying all sets finds, and by nothing else', () => {
    fc.assert(fc.property(trees, fc.integer({ min: 1, max: 4 }), (tree, upTo) => {
      const { pool, formula } = pooled(tree)
      expect(sorted(smallestCuts(pool, formula, upTo))).toEqual(sorted(byHand(tree, upTo)))
    }), { numRuns: 500 })
  })

  it('says the same where it is sent, but for what is granted there', () => {
    fc.assert(fc.property(trees, fc.subarray([0, 1, 2, 3, 4, 5]), fc.subarray([0, 1, 2, 3, 4, 5]), (tree, granted, without) => {
      const { pool, formula } = pooled(tree)
      const support = JSON.parse(JSON.stringify(pool.give(new Map([['goal', formula]]), () => pool.true))) as ReturnType<Pool['give']>
      const other = new Pool()
      const taken = other.take(support, new Set(granted.map(String))).goals.get('goal')!
      const gone = without.filter((atom) => !granted.includes(atom))
      expect(other.holds(taken, gone.map((atom) => other.number(String(atom))))).toBe(isTrue(tree, gone))
    }), { numRuns: 500 })
  })
})
