import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fullRanking, isUndefined, itemsOf, meanRanking } from '../../src/metrics/full-ranking.js'
import { rankingScores } from '../../src/metrics/ranking-scores.js'
import { rankingAt, topK } from '../../src/metrics/ranking.js'

describe('topK', () => {
  it('orders by score, then by number, and leaves out what is excluded', () => {
    expect(topK([0.1, 0.9, 0.5, 0.9, -1], 3)).toEqual([1, 3, 2])
    expect(topK([0.1, 0.9, 0.5, 0.9, -1], 3, new Set([1, 2]))).toEqual([3, 0, 4])
    expect(topK([0.1, 0.9], 5, new Set([1]))).toEqual([0])
    expect(() => topK([0, NaN], 1)).toThrow('item 1 has the score NaN')
    expect(topK([0, NaN], 1, new Set([1]))).toEqual([0])
  })

  it('is the head of a stable sort', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 })
    fc.assert(fc.property(scores, fc.integer({ min: 1, max: 12 }), (values, k) => {
      const sorted = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b)
      expect(topK(values, k)).toEqual(sorted.slice(0, k))
    }))
  })
})

describe('rankingAt', () => {
  it('agrees with a hand calculation', () => {
    // Found at places 2 and 4 of three relevant items, K = 4.
    const { recall, ndcg, hit } = rankingAt([7, 3, 8, 5], new Set([3, 5, 9]), 4)
    expect(recall).toBeCloseTo(2 / 3, 12)
    expect(hit).toBe(1)
    // (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / 2) = (0.6309298 + 0.4306766) / 2.1309298
    expect(ndcg).toBeCloseTo(0.4981892, 6)
    expect(rankingAt([7, 3, 8, 5], new Set([3, 5, 9]), 1)).toEqual({ recall: 0, ndcg: 0, hit: 0 })
    expect(rankingAt([3], new Set([3]), 5)).toEqual({ recall: 1, ndcg: 1, hit: 1 })
    expect(() => rankingAt([3], new Set(), 5)).toThrow('has no recall')
  })

  it('grows with K in recall and hits, and is 1 for a perfect ranking', () => {
    const items = fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 10 })
    fc.assert(fc.property(items, items, fc.integer({ min: 1, max: 9 }), (ranked, wanted, k) => {
      const [now, next] = [rankingAt(ranked, new Set(wanted), k), rankingAt(ranked, new Set(wanted), k + 1)]
      expect(next.recall).toBeGreaterThanOrEqual(now.recall)
      expect(next.hit).toBeGreaterThanOrEqual(now.hit)
      expect(now.ndcg).toBeLessThanOrEqual(1 + 1e-12)
      expect(rankingAt(wanted, new Set(wanted), k).ndcg).toBeCloseTo(1, 12)
    }))
  })
})

describe('full ranking', () => {
  // Width 1: user u scores item i with u * i, so users 1 and 2 prefer higher numbers and user 3 lower ones.
  const embeddings = { users: new Float32Array([0, 1, 2, -1]), items: new Float32Array([9, 1, 2, 3, 4]), width: 1 }
  const question = {
    known: itemsOf([1, 1, 3], [4, 1, 1]),
    relevant: itemsOf([1, 2, 2, 3], [2, 4, 1, 3]),
    cutoffs: [1, 2],
  }

  it('ranks the items that a user does not know, and never the unknown item', () => {
    const [first, second, third] = fullRanking(embeddings, question)
    // User 1 ranks 3, 2; user 2 ranks 4, 3, 2, 1; user 3 ranks 2, 3, 4.
    expect([first.user, second.user, third.user]).toEqual([1, 2, 3])
    expect(first.at.map(({ recall }) => recall)).toEqual([0, 1])
    expect(second.at.map(({ recall }) => recall)).toEqual([0.5, 0.5])
    expect(second.at[0].ndcg).toBe(1)
    expect(second.at[1].ndcg).toBeCloseTo(1 / (1 + 1 / Math.log2(3)), 12)
    expect(third.at.map(({ hit }) => hit)).toEqual([0, 1])
  })

  it('of vectors that are not finite is undefined, and so is a mean with it', () => {
    const lost = { ...embeddings, users: new Float32Array([0, 1, NaN, -1]) }
    const ranked = fullRanking(lost, question)
    expect(ranked.map(isUndefined)).toEqual([false, true, false])
    expect(meanRanking(ranked, 0)).toBeNull()
    const unknown = { ...embeddings, items: new Float32Array([9, 1, 2, 3, Infinity]) }
    // User 1 knows item 4 already: it is no candidate.
    expect(fullRanking(unknown, question).map(isUndefined)).toEqual([false, true, true])
    const tasks = [{ name: 'rank', kind: 'ranking', within: 'user' }] as const
    const scores = rankingScores(tasks, ranked)
    expect(scores.map(({ metric }) => metric)).toContain('ndcg@20')
    expect(scores.filter(({ value }) => value !== null)).toEqual([])
  })

  it('averages over users', () => {
    const ranked = fullRanking(embeddings, question)
    expect(meanRanking(ranked, 1)?.recall).toBeCloseTo((1 + 0.5 + 1) / 3, 12)
    expect(meanRanking([], 0)).toBeNull()
  })
})
