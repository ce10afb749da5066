import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import { SurrogateEngine } from '../../../src/engine/surrogate/surrogate-engine.js'
import type { TrainJob } from '../../../src/engine/engine.js'
import { check, Violation } from '../../../src/checks/check.js'
import type { Case } from '../../../src/lab/explore/case.js'
import { CaseLab } from '../../../src/lab/explore/case-lab.js'
import { Explorer } from '../../../src/lab/explore/explorer.js'
import { named } from '../../../src/lab/explore/mutate-case.js'
import type { FaultInput } from '../../../src/faults/registry.js'
import { Tally } from '../../../src/lab/explore/tally.js'
import { explore } from '../../../src/runs/explore/explore.js'
import { failingCase } from '../../../src/runs/shrink/failing.js'
import { shorten } from '../../../src/runs/shrink/shorten.js'
import { deadline, fedAvg, mbps, minutes, mmoe, ms, sgd, type Specification } from '../../../src/simulation/script.js'

const specification: Specification = {
  world: { kind: 'storefronts', scenarios: 4, impressions: 200 },
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 6, after: minutes(1) }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
}

const options = { rounds: 6, cwd: process.cwd(), chance: '7', vary: ['rounds', 'delivery', 'checkpoint', 'selection', 'calm'] as const }

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-explore-'))
const script = join(folder, 'explored.yaml')
writeFileSync(script, JSON.stringify({ ...specification, rounds: { kind: 'deadline', count: 6, after: '1 min' }, network: { up: '2 Mbps', down: '4 Mbps', latency: '10 ms' } }))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a case', () => {
  it('is the same for its number, whatever was flown before, and another for another', async () => {
    const [one, other] = [new Explorer(specification, options), new Explorer(specification, options)]
    const first = await one.draw({ nth: 5 })
    await other.fly({ nth: 3 })
    expect(await other.draw({ nth: 5 })).toEqual(first)
    expect(await other.draw({ nth: 6 })).not.toEqual(first)
    expect(JSON.parse(JSON.stringify(first))).toEqual(first)
  })

  it('may be of another size, and those whom its faults name take part', async () => {
    const explorer = new Explorer(specification, { ...options, vary: ['shape'] })
    const sizes = new Set<string>()
    for (let nth = 0; nth < 12; nth++) {
      const { outcome, of } = await explorer.fly({ nth })
      sizes.add(JSON.stringify(of.shape))
      expect(outcome.failed).toBe(false)
    }
    expect(sizes.size).toBeGreaterThan(1)
  })

  it('flies as it would alone, whatever was flown before it or flies beside it', async () => {
    const explorer = new Explorer(specification, options)
    const lab = explorer.lab
    // Other labels are other rows of the same client, on both engines.
    const mislabelled = { ...(await explorer.draw({ nth: 1 })), faults: [{ kind: 'mislabel', who: { select: 'all' }, flip: 1, id: 'm' }] } as Case
    const cases = await Promise.all(Array.from({ length: 6 }, (_, nth) => explorer.draw({ nth })))
    const alone = await Promise.all(cases.map((of) => new Explorer(specification, options).lab.fly(of)))
    expect((await lab.flyTwice(mislabelled)).failed).toBe(false)
    for (const [i, of] of cases.entries()) expect(await lab.flyTwice(of)).toEqual(alone[i])
    const beside = await Promise.all([lab.flyTwice(mislabelled), ...cases.map((of) => lab.fly(of))])
    expect(beside.slice(1)).toEqual(alone)
  })

  it('that is made of another, again and again, has faults of different names', () => {
    const fault = (id?: string) => ({ kind: 'forget', who: 'client-A', ...(id && { id }) }) as unknown as FaultInput
    fc.assert(fc.property(fc.array(fc.constantFrom(undefined, 'f1', 'f2', 'm1', 'm2', 'm3', 'm6'), { maxLength: 12 }), (ids) => {
      const names = named(ids.map(fault)).map(({ id }) => id)
      expect(new Set(names).size).toBe(ids.length)
      // The first of a name keeps it.
      for (const [i, id] of ids.entries()) if (id !== undefined && ids.indexOf(id) === i) expect(names[i]).toBe(id)
    }))
  })

  it('that is made of another flies', async () => {
    const explorer = new Explorer(specification, options)
    const parent = await explorer.draw({ nth: 1 })
    const children = await Promise.all(Array.from({ length: 10 }, (_, i) => explorer.draw({ nth: 100 + i, from: parent })))
    expect(new Set(children.map((child) => JSON.stringify(child))).size).toBeGreaterThan(5)
    for (const child of children.slice(0, 4)) expect((await explorer.lab.fly(child)).failed).toBe(false)
  })
})

describe('a flight that fails', () => {
  it('by a check is found, with the name of the check and where', async () => {
    const twice = check({
      name: 'no duplicate',
      promise: 'Nothing comes twice.',
      kinds: ['settle'],
      see: (event) => {
        if (event.kind !== 'settle' || event.fate !== 'duplicate') return
        throw new Violation('no duplicate', 'one came twice', { time: event.at, actors: [event.actor], envelopes: [event.envelope] })
      },
    })
    const explorer = new Explorer({ ...specification, checks: [twice] }, { ...options, kinds: ['duplicate'] })
    const tally = new Tally({ peers: false, masks: false, regions: false })
    for (let nth = 0; nth < 8; nth++) tally.add(await explorer.fly({ nth }))
    const [first] = tally.result('7').found
    expect(first.failure).toMatchObject({ kind: 'safety', what: 'no duplicate' })
    expect(first.failure.envelopes).toHaveLength(1)
  })

  it('by not being the same when it is flown again is found', async () => {
    // One that trains otherwise for whoever comes second.
    class Odd extends SurrogateEngine {
      #jobs = 0
      override train(jobs: readonly TrainJob[]) {
        return super.train(jobs.map((job) => ({ ...job, rate: this.#jobs++ % 7 === 3 ? 2 : 1 })))
      }
    }
    const lab = new CaseLab(specification, { rounds: 6, cwd: process.cwd(), engines: { first: new SurrogateEngine(), again: new Odd() } })
    expect(await lab.flyTwice({ faults: [], chance: 'x' })).toMatchObject({ failed: true, failure: { kind: 'nondeterminism', what: 'flown twice' } })
    const sound = new CaseLab(specification, { rounds: 6, cwd: process.cwd() })
    expect((await sound.flyTwice({ faults: [], chance: 'x' })).failed).toBe(false)
  })

  it('by never ending is found', async () => {
    const lab = new CaseLab(specification, { rounds: 6, cwd: process.cwd() })
    const outcome = await lab.fly({
      chance: 'x', faults: [{ kind: 'crash', who: 'client-store-1', at: 1000, id: 'f1' }], rounds: { kind: 'synchronous', count: 6 },
    })
    expect(outcome).toMatchObject({ failed: true, failure: { kind: 'liveness' } })
  })

  it('by an error of a script is told apart by its place', async () => {
    const broken = check({ name: 'broken', promise: 'None.', kinds: ['fold'], see: () => { throw new TypeError('oh') } })
    const lab = new CaseLab({ ...specification, checks: [broken] }, { rounds: 6, cwd: process.cwd() })
    const outcome = await lab.fly({ chance: 'x', faults: [] })
    expect(outcome).toMatchObject({ failed: true, failure: { kind: 'crash' } })
    expect(outcome.failed && outcome.failure.what).toMatch(/^TypeError at test\/lab\/explore\/explore\.test\.ts:\d+:\d+$/)
  })
})

it('comes to the same on one worker and on two, directed or not', async () => {
  const task = { ...options, script, plans: 72, collect: true, directed: true }
  const alone = await explore({ ...task, workers: 1 })
  expect(await explore({ ...task, workers: 2 })).toEqual(alone)
  expect(alone.flown).toBe(72)
  expect(alone.found).toEqual([])
})

it('ends in the simplest case that fails so, with what of it is only an example', async () => {
  const own = join(folder, 'own.mjs')
  const see = `(event) => { if (event.kind === 'settle' && event.fate === 'duplicate') throw new RangeError('came twice') }`
  writeFileSync(own, `export default { ...${JSON.stringify({ ...specification, rounds: { kind: 'deadline', count: 6, after: '1 min' }, network: { up: '2 Mbps', down: '4 Mbps', latency: '10 ms' } })}, checks: [{ name: 'once', promise: 'Once.', kinds: ['settle'], see: ${see} }].map((one) => ({ ...one, name: 'no copy' })) }`)
  const task = { ...options, vary: [], kinds: ['duplicate', 'slow', 'delay'], script: own }
  const about = await explore({ ...task, plans: 64, workers: 1 })
  expect(about.found).toHaveLength(1)
  const shortest = await shorten((await failingCase(about, task))!)
  expect(shortest!.shrunk.case.faults.map(({ kind }) => kind)).toEqual(['duplicate'])
  expect(shortest!.shrunk.failure).toMatchObject({ kind: 'crash' })
  expect(shortest!.shrunk.spent).toBe(false)
  expect(shortest!.explanation.flights).toBeGreaterThan(0)
}, 60_000)

it('that throws the same in two places of one function fails in two ways, and each is shrunk to itself', async () => {
  const own = join(folder, 'two-places.mjs')
  const line = "  if (event.fate === 'duplicate') throw new RangeError('refused'); if (event.kind === 'life') throw new RangeError('refused')"
  writeFileSync(own, [
    'const refuse = (event) => {', line, '}',
    'export default {',
    `  ...${JSON.stringify({ ...specification, rounds: { kind: 'deadline', count: 6, after: '1 min' }, network: { up: '2 Mbps', down: '4 Mbps', latency: '10 ms' } })},`,
    "  checks: [{ name: 'refuses', promise: 'None.', see: refuse }],",
    '}',
  ].join('\n'))
  const placeOf = (at: number): string => `RangeError at two-places.mjs:2:${at + 1}`
  const [early, late] = [placeOf(line.indexOf('new')), placeOf(line.lastIndexOf('new'))]
  const task = { ...options, cwd: folder, vary: [], kinds: ['duplicate', 'crash'], script: own }
  const about = await explore({ ...task, plans: 32, workers: 1, collect: true })
  const ways = new Map(about.found.map(({ nth, failure }) => [failure.what, nth]))
  expect(new Set(ways.keys())).toEqual(new Set([early, late]))
  for (const [what, nth] of ways) {
    const { shrunk } = await shorten((await failingCase(about, task, nth))!)
    expect(shrunk.failure.what).toBe(what)
    expect(shrunk.case.faults.map(({ kind }) => kind)).toEqual([what === early ? 'duplicate' : 'crash'])
  }
}, 60_000)
