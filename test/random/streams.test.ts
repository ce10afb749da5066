import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeKey, normal, permutation, streams, type KeyPart } from '../../src/random/streams.js'

/** Parts that try to forge the encoding's own marks. */
const part: fc.Arbitrary<KeyPart> = fc.oneof(
  fc.stringMatching(/^[ns:0-9]{0,6}$/),
  fc.string(),
  fc.integer().map((n) => n),
  fc.double({ noNaN: true }).map((x) => (x === 0 ? 0 : x)),
)
const key = fc.array(part, { maxLength: 5 })
const same = (a: readonly KeyPart[], b: readonly KeyPart[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i])

test('no two keys share an encoding', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(encodeKey(a) === encodeKey(b)).toBe(same(a, b))
    }),
    { numRuns: 2000 },
  )
})

test('no two ways of cutting one text into parts share an encoding', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ns:0-9]{2,12}$/), fc.nat(12), fc.nat(12), (text, i, j) => {
      fc.pre(i % text.length !== j % text.length)
      const cut = (at: number): readonly string[] => [text.slice(0, at % text.length), text.slice(at % text.length)]
      expect(encodeKey(cut(i))).not.toBe(encodeKey(cut(j)))
    }),
  )
})

test('a number and its digits are different parts, and the order of parts counts', () => {
  const [a] = [streams('7')]
  const first = (...k: readonly KeyPart[]): number => a(...k)()
  expect(new Set([first(12), first('12'), first(1, 2), first(2, 1), first('1', 2), first(), first('')]).size).toBe(7)
})

test('the end of a seed does not run into the beginning of a key', () => {
  expect(streams('1')('2')()).not.toBe(streams('12')()())
  expect(streams('a')(1)()).not.toBe(streams(`a${encodeKey([1])}`)()())
})

test('a stream is the same whatever else was drawn, before or in between', () => {
  fc.assert(
    fc.property(key, fc.array(fc.tuple(key, fc.nat(5)), { maxLength: 8 }), fc.string(), (mine, others, seed) => {
      const quiet = streams(seed)(...mine)
      const alone = [quiet(), quiet(), quiet()]
      const all = streams(seed)
      const stream = all(...mine)
      const busy = [0, 1, 2].map(() => {
        for (const [other, draws] of others) {
          const noise = all(...other)
          for (let i = 0; i < draws; i++) noise()
        }
        return stream()
      })
      expect(busy).toEqual(alone)
    }),
  )
})

/** Alea and the hash again, from their definitions, with integers of unlimited size where products overflow. */
const reference = (text: string): (() => number) => {
  const mod = 2n ** 32n
  const times = (x: bigint, y: bigint): bigint => (x * y) % mod
  const f = [597399067n, 2869860233n, 951274213n, 2716044179n] as const
  let [a, b, c, d] = [0x6a09e667n, 0xbb67ae85n, 0x3c6ef372n, 0xa54ff53an]
  for (const unit of Array.from({ length: text.length }, (_, i) => BigInt(text.charCodeAt(i)))) {
    a = b ^ times(a ^ unit, f[0])
    b = c ^ times(b ^ unit, f[1])
    c = d ^ times(c ^ unit, f[2])
    d = a ^ times(d ^ unit, f[3])
  }
  a = times(c ^ (a >> 18n), f[0])
  b = times(d ^ (b >> 22n), f[1])
  c = times(a ^ (c >> 17n), f[2])
  d = times(b ^ (d >> 19n), f[3])
  a ^= b ^ c ^ d
  b ^= a
  c ^= a
  const s = [a, b, c].map((word) => Number(word) / 2 ** 32)
  let carry = 1
  return () => {
    const t = 2091639 * s.shift()! + carry / 2 ** 32
    carry = Math.floor(t)
    s.push(t - carry)
    return s[2]
  }
}

test('a stream is Alea, started from the hash of seed and key', () => {
  fc.assert(
    fc.property(fc.string(), key, (seed, k) => {
      const expected = reference(`${seed.length}:${seed}${encodeKey(k)}`)
      const stream = streams(seed)(...k)
      for (let i = 0; i < 5; i++) expect(stream()).toBe(expected())
    }),
  )
})

test('draws of neighbouring keys are uniform and know nothing of each other', () => {
  const all = streams('uniform')
  const [draws, bins] = [20_000, 50]
  for (const nth of [1, 2, 3]) {
    const counts = new Float64Array(bins)
    let product = 0
    let before = 0.5
    for (let i = 0; i < draws; i++) {
      const stream = all('lost', i, 'client-1')
      let u = 0
      for (let n = 0; n < nth; n++) u = stream()
      counts[Math.floor(u * bins)]++
      product += (u - 0.5) * (before - 0.5)
      before = u
    }
    const chi = counts.reduce((sum, n) => sum + (n - draws / bins) ** 2 / (draws / bins), 0)
    // 49 degrees of freedom: 99.99 % of uniform draws lie below 95. The correlation is a standard normal: 4 is rare.
    expect(chi).toBeLessThan(95)
    expect(Math.abs((12 * product) / Math.sqrt(draws))).toBeLessThan(4)
  }
})

test('a permutation holds every number once', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.string(), (n, seed) => {
      const order = permutation(n, streams(seed)('order'))
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
    }),
  )
})

test('all six permutations of three are equally likely', () => {
  const stream = streams('six')('order')
  const counts = new Map<string, number>()
  for (let i = 0; i < 6000; i++) {
    const order = permutation(3, stream).join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  expect(counts.size).toBe(6)
  // Each count is binomial with mean 1000 and deviation 29.
  for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(4 * 29)
})

test('normal draws have the moments of a standard normal', () => {
  const stream = streams('moments')('noise')
  const n = 40_000
  const power = [0, 0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    const x = normal(stream)
    for (let p = 1; p <= 4; p++) power[p] += x ** p / n
  }
  // Moments 0, 1, 0, 3; the bounds are four standard errors: sqrt of 1, 2, 15 and 96 over n.
  expect(Math.abs(power[1])).toBeLessThan(4 * Math.sqrt(1 / n))
  expect(Math.abs(power[2] - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
  expect(Math.abs(power[3])).toBeLessThan(4 * Math.sqrt(15 / n))
  expect(Math.abs(power[4] - 3)).toBeLessThan(4 * Math.sqrt(96 / n))
})

test('a normal draw is finite even when the stream gives its extremes', () => {
  expect(Math.abs(normal(() => 0))).toBe(0)
  expect(Number.isFinite(normal(() => 1 - 2 ** -32))).toBe(true)
})
