import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import type { AtomKey } from '../../../../src/lab/explore/backward/atom.js'
import { Backward } from '../../../../src/lab/explore/backward/backward.js'
import { Pool, type Support } from '../../../../src/lab/explore/backward/formula.js'
import { explore } from '../../../../src/runs/explore/explore.js'
import { failingCase } from '../../../../src/runs/shrink/failing.js'
import { shorten } from '../../../../src/runs/shrink/shorten.js'

/**
 * A protocol in small: what it tries first comes to the goal, or else what it tries next, and so on. Each try needs all of its
 * atoms; what is tried later shows only in flights in which all before it was taken away.
 */
type Tries = readonly (readonly number[])[]

const atoms = 5
const keyOf = (atom: number): AtomKey => JSON.stringify({ kind: 'message', from: 'x', to: 'y', message: 'update', round: atom + 1, nth: 1 })
const numberOf = (key: AtomKey): number => (JSON.parse(key) as { round: number }).round - 1

const flown = (tries: Tries, cut: readonly number[]): Support | undefined => {
  const works = tries.find((needs) => needs.every((atom) => !cut.includes(atom)))
  if (works === undefined) return undefined
  const pool = new Pool()
  return pool.give(new Map([['["goal"]', pool.all(works.map((atom) => pool.atom(keyOf(atom))))]]), () => pool.true)
}

/** Every cut that breaks it, and no part of which does, by trying all there are. */
const byTryingAll = (tries: Tries, upTo: number): string[] => {
  const sets = Array.from({ length: 2 ** atoms }, (_, mask) => Array.from({ length: atoms }, (__, i) => i).filter((i) => ((mask >> i) & 1) === 1))
  const breaking = sets.filter((set) => flown(tries, set) === undefined)
  const isSmallest = (set: readonly number[]): boolean => !breaking.some((other) => other.length < set.length && other.every((atom) => set.includes(atom)))
  return breaking.filter((set) => set.length <= upTo && isSmallest(set)).map((set) => set.join()).sort()
}

const backward = (tries: Tries, upTo: number): { readonly broken: string[]; readonly flights: number } => {
  const search = new Backward(flown(tries, [])!, { upTo, alike: false })
  const broken: string[] = []
  let flights = 0
  for (let cuts = search.next(3); cuts.length > 0; cuts = search.next(3)) {
    for (const cut of cuts) {
      flights++
      const numbers = cut.map(numberOf).sort()
      const support = flown(tries, numbers)
      if (support === undefined) broken.push(numbers.join())
      search.learn(cut, support)
    }
  }
  return { broken: broken.sort(), flights }
}

const needs = fc.uniqueArray(fc.nat(atoms - 1), { minLength: 1, maxLength: 3 })

describe('a backward search', () => {
  it('finds every smallest cut that breaks what is tried again in other ways, and flies no more than there are', () => {
    fc.assert(fc.property(fc.array(needs, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 3 }), (tries, upTo) => {
      const { broken, flights } = backward(tries, upTo)
      expect(broken).toEqual(byTryingAll(tries, upTo))
      expect(flights).toBeLessThanOrEqual([5, 15, 25][upTo - 1])
    }), { numRuns: 1000 })
  })

  it('goes on from what another try shows, by hand', () => {
    // 0 and 1, or else 2, or else 1 and 3: without 1 and 2 nothing is left.
    expect(backward([[0, 1], [2], [1, 3]], 1)).toEqual({ broken: [], flights: 2 })
    expect(backward([[0, 1], [2], [1, 3]], 2)).toEqual({ broken: ['1,2'], flights: 4 })
    expect(backward([[0, 1], [2], [1, 3]], 3)).toEqual({ broken: ['0,2,3', '1,2'], flights: 5 })
  })
})

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-backward-'))
afterAll(() => rmSync(folder, { recursive: true }))

const specification = {
  world: { kind: 'storefronts', scenarios: 3, impressions: 200 },
  model: { kind: 'mmoe', embedding: 2, experts: 2, expert: [4], tower: [2] },
  local: { epochs: 1, batch: 32, optimizer: { kind: 'sgd', rate: 0.1 } },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'deadline', count: 3, after: '1 min' },
  network: { up: '2 Mbps', down: '4 Mbps', latency: '10 ms' },
}

const scriptOf = (name: string, over: object, checks = ''): string => {
  const path = join(folder, `${name}.mjs`)
  writeFileSync(path, `export default { ...${JSON.stringify({ ...specification, ...over })}${checks && `, checks: [${checks}]`} }`)
  return path
}

const task = { cwd: process.cwd(), chance: '1', seed: '1', rounds: 2, backward: true, workers: 1, plans: 400 }

describe('exploring backward', () => {
  it('ends when no single message or life that a good flight rests on breaks a promise, and says so', async () => {
    const { found, flown: flights, backward: report } = await explore({ ...task, script: scriptOf('calm', {}), cutsUpTo: 1 })
    expect(found).toEqual([])
    expect(report).toMatchObject({ done: true, upTo: 1, grounds: 1, alike: true })
    expect(flights).toBe(1 + report!.cuts[1])
    // Losing one of three updates takes no fold away; that of the notice to an expert does.
    expect(report!.missed.count).toBeGreaterThan(report!.missed.fold)
  }, 60_000)

  it('says of what is left that it is', async () => {
    const { backward: report } = await explore({ ...task, script: scriptOf('calm', {}), cutsUpTo: 2, plans: 30 })
    expect(report!.done).toBe(false)
  }, 60_000)

  it('finds in rounds that wait for ever that one message is enough, as what it is', async () => {
    const { found, flown: flights } = await explore({ ...task, script: scriptOf('waiting', { rounds: { kind: 'synchronous', count: 2 } }), cutsUpTo: 1 })
    expect(found[0].failure.kind).toBe('liveness')
    expect(found[0].of.faults).toHaveLength(1)
    expect(flights).toBeLessThan(10)
  }, 60_000)

  it('finds what takes a death and the loss of what follows from it, and shrinking keeps both', async () => {
    // The second, a message that there is only because of the first.
    const check = `{ name: 'asked in vain', promise: 'Whoever has come back is heard.', kinds: ['send', 'drop'],
      begin: () => new Set(),
      see: (event, view, asked) => {
        if (event.kind === 'send' && event.message === 'recover') asked.add(event.envelope)
        if (event.kind === 'drop' && asked.has(event.envelope)) throw new RangeError('in vain')
      } }`
    const own = { ...task, script: scriptOf('asking', {}, check), plans: 400 }
    const about = await explore(own)
    expect(about.found[0]?.of.faults.map(({ kind }) => kind).sort()).toEqual(['crash', 'lose'])
    const shortest = await shorten((await failingCase(about, own))!)
    expect(shortest!.shrunk.case.faults.map(({ kind }) => kind).sort()).toEqual(['crash', 'lose'])
  }, 120_000)

  it('comes to the same on two workers', async () => {
    const own = { ...task, script: scriptOf('calm', {}), plans: 60, collect: true }
    expect(await explore({ ...own, workers: 2 })).toEqual(await explore(own))
  }, 120_000)

  it('goes back from other good flights where the simulation is varied, each in its turn', async () => {
    const about = await explore({ ...task, script: scriptOf('calm', {}), plans: 120, vary: ['rounds', 'delivery'] })
    expect(about.backward!.grounds).toBe(3)
    expect(about.found).toEqual([])
  }, 120_000)
})
