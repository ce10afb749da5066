import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import ownChoice from '../../simulations/own-choice.js'
import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { exitCodes, NondeterminismError } from '../../src/errors.js'
import type { Candidate, Choose } from '../../src/federation/choice.js'
import { realDisk } from '../../src/runs/disk.js'
import { loadSpecification } from '../../src/runs/load.js'
import { manifestText, readManifest, type Manifest } from '../../src/runs/manifest.js'
import { replay } from '../../src/runs/replay/replay.js'
import { sealed } from '../../src/runs/seal.js'
import { type Run, simulate, type SimulateOptions } from '../../src/runs/simulate.js'
import {
  asynchronous, away, buffered, crash, deadline, defineStrategy, fedAvg, fraction, mlp, one, quorum, roundMachine, seconds, sgd, slow,
  synchronous, type Specification,
} from '../../src/simulation/script.js'
import { say } from '../cli/console.js'
import { calm } from './calm.js'
import { clients, flown, local, loss } from './strategies/plain-numbers.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-choice-'))

const plain = {
  name: 'plain',
  world: storefronts({ scenarios: 5, impressions: 60, users: 20, items: 10 }),
  model: mlp({ hidden: [3], embedding: 2 }),
  local: { batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 4, select: 2 }),
  evaluate: { start: false, final: false, every: 100 },
} satisfies Specification

const fly = (changes: Partial<Specification>, options: SimulateOptions = {}): Promise<Run> =>
  simulate({ ...plain, ...changes }, { seed: 3, engine: 'surrogate', workers: 1, cwd, ...options })

const usual: Choose = (candidates, { wanted }) => candidates.slice(0, wanted).map(({ name }) => name)

describe('a choice of one’s own', () => {
  const hard = [away(fraction(0.4), { rounds: [2, 3] }), slow(one(), { by: 9 }), crash(one(), { at: seconds(1), restartAfter: seconds(2), keeps: 'nothing' })]

  it.each<[string, Specification['rounds']]>([
    ['synchronous', plain.rounds],
    ['deadline, over-selecting', deadline({ count: 4, after: seconds(20), select: 2, overSelect: 0.5 })],
    ['quorum', quorum({ count: 4, quorum: 2, select: 3, after: seconds(20) })],
    ['asynchronous', asynchronous({ count: 8, concurrency: 2, timeout: seconds(5) })],
    ['buffered', buffered({ count: 5, buffer: 2, concurrency: 3, timeout: seconds(5) })],
    ['by the round', (round) => quorum({ count: 4, quorum: 1, select: 1 + (round % 3), after: seconds(20) })],
  ])('that takes the first gives the flight that there is without it, to the digest: %s', async (kind, rounds) => {
    const faults = kind === 'synchronous' ? [] : hard
    const [with_, without] = [await fly({ rounds, faults, choose: usual }), await fly({ rounds, faults })]
    expect(with_.digest).toBe(without.digest)
  })

  it('sees who is there and free, in the drawn order, and decides who is asked', async () => {
    const seen: { candidates: readonly Candidate[]; about: number[] }[] = []
    const choose: Choose = (candidates, choice) => {
      const { round, wanted, clients: all, past } = choice
      seen.push({ candidates, about: [round, wanted, all, past.length] })
      return candidates.toSorted((a, b) => b.asked - a.asked || b.examples - a.examples).slice(0, choice.wanted).map(({ name }) => name)
    }
    const run = await fly({ choose, faults: [away(one(), { rounds: [1, 4] })], rounds: deadline({ count: 4, select: 2, after: seconds(20) }) })
    const [gone] = run.faults[0].targets
    for (const { candidates } of seen) expect(candidates.map(({ name }) => name)).not.toContain(gone)
    expect(seen.map(({ about }) => about)).toEqual([[1, 2, 5, 0], [2, 2, 5, 1], [3, 2, 5, 2], [4, 2, 5, 3]])
    expect(new Set(seen.map(({ candidates }) => candidates.map(({ name }) => name).join())).size).toBeGreaterThan(1)
    const favourites = run.rounds[0].selected
    for (const { selected } of run.rounds) expect(selected).toEqual(favourites)
    const known = seen[3].candidates.map(({ name, asked, answered, last }) => [favourites.includes(name), asked, answered, last?.round])
    expect(new Set(known.map((row) => row.join()))).toEqual(new Set(['true,3,3,3', 'false,0,0,']))
  })

  it('of rounds that overlap never sees whom it cannot ask', async () => {
    const at = new Set<string>()
    const choose: Choose = (candidates, choice) => {
      for (const { name } of candidates) expect(at.has(name)).toBe(false)
      const names = usual(candidates, choice)
      for (const name of names) at.add(name)
      return names
    }
    const flight = simulate({ ...plain, choose, rounds: buffered({ count: 6, buffer: 2, concurrency: 3 }), faults: [slow(one(), { by: 50 })] }, { seed: 3, engine: 'surrogate', workers: 1 })
    flight.events$.subscribe((event) => {
      if (event.kind === 'admit' && event.message === 'update') at.delete(event.from)
    })
    const run = await flight
    expect(run.rounds).toHaveLength(6)
  })

  it('sees nobody who was asked in the round already, however often its machine asks', async () => {
    const asked: string[][] = []
    const choose: Choose = (candidates) => {
      asked.push(candidates.map(({ name }) => name))
      return [candidates[0].name]
    }
    const rounds = roundMachine((_, moment, { answers, asked: so }) => {
      if (moment.kind === 'begin') return { state: null, ask: { clients: 1 } }
      if (moment.kind !== 'answered' || answers < so) return { state: null }
      return so < 3 ? { state: null, ask: { clients: 1 } } : { state: null, close: { outcome: 'closed', reason: 'three', after: 'late' }, done: true }
    })
    const run = await fly({ rounds, choose })
    expect(asked.map(({ length }) => length)).toEqual([5, 4, 3])
    expect(new Set(run.rounds[0].selected).size).toBe(3)
    const other = await fly({ rounds })
    expect(new Set(other.rounds[0].selected).size).toBe(3)
  })

  it('may take fewer, and nobody where enough are not there', async () => {
    const choose: Choose = (candidates) => candidates.slice(0, 1).map(({ name }) => name)
    expect((await fly({ choose })).rounds.map(({ selected }) => selected.length)).toEqual([1, 1, 1, 1])
    const short = await fly({ choose: () => [], rounds: deadline({ count: 2, after: seconds(5) }) })
    expect(short.rounds.every(({ outcome }) => outcome === 'aborted')).toBe(true)
  })

  it.each<[string, unknown, RegExp]>([
    ['no list', 'client-a', /choose: in round 1 it gave no list\. Return a list of at most 2 of the candidates' names, each once\./],
    ['a promise', Promise.resolve([]), /it gave a promise/],
    ['too many', ['a', 'b', 'c'], /it gave 3 names where 2 are wanted/],
    ['a stranger', ['client-nobody'], /it gave 'client-nobody', which is no candidate/],
    ['candidates', [{ name: 'client-a' }], /it gave a object, which is no candidate/],
  ])('that gives %s ends the flight, and is told', async (_, names, words) => {
    await expect(fly({ choose: () => names as string[] })).rejects.toThrow(words)
    await expect(fly({ choose: ([first]) => [first.name, first.name] })).rejects.toThrow('it gave a name twice')
  })

  it('may not look at a clock', async () => {
    await expect(fly({ choose: (candidates, choice) => (Date.now() > 0 ? usual(candidates, choice) : []) })).rejects.toThrow(/Date\.now/)
  })
})

describe('what a choice reads, in plain numbers', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ engine: 'tfjs' })
  })
  afterAll(() => engine.close())

  it('is how far the trunk moved, how long the answer took, and what the strategy has clients send', async () => {
    const telling = defineStrategy({
      name: 'telling', extras: { up: [{ name: 'losses', length: 'tasks' }] },
      finish: ({ made, losses }) => ({ sent: made.train, extras: { losses: losses.train } }),
    })
    const seen: (readonly Candidate[])[] = []
    const choose: Choose = (candidates, choice) => {
      seen.push(candidates)
      return usual(candidates, choice)
    }
    const { initial } = await flown(engine, telling, 2, clients, { choose, weather: calm() })
    const second = new Map(seen[1].map((one) => [one.name, one]))
    for (const client of clients) {
      const { last, examples } = second.get(client.name)!
      const moved = local(client, initial)
      expect(examples).toBe(client.x.length)
      expect(last).toMatchObject({ round: 1, steps: client.epochs, took: 1000 * client.epochs })
      expect(last!.change).toBeCloseTo(Math.hypot(...moved.map((value, i) => value - initial[i])), 5)
      const steps = Array.from({ length: client.epochs }, (_, s) => loss(client, local(client, initial, { steps: s })))
      expect(last!.extras.losses[0]).toBeCloseTo(steps.reduce((sum, each) => sum + each, 0) / client.epochs, 5)
    }
  })
})

describe('a run whose events depend on numbers', () => {
  const script = join(cwd, 'steered.mjs')
  const folder = join(cwd, 'steered')
  let run: Run

  /** A copy whose events part from those of the flight, and whose manifest says that it flew elsewhere. */
  const parted = (name: string, change: (manifest: Manifest) => Partial<Manifest>): string => {
    const to = join(cwd, name)
    realDisk.makeFolder(to)
    for (const file of realDisk.list(folder)) {
      const text = readFileSync(join(folder, file), 'utf8')
      const manifest = () => {
        const changed = { ...(JSON.parse(text) as Manifest), ...change(readManifest(folder, realDisk)) }
        return manifestText(sealed(changed, changed.files!))
      }
      const events = () => {
        const at = text.lastIndexOf('"event":"train"')
        return text.slice(0, at) + text.slice(at).replace(/"examples":\d+/, '"examples":1')
      }
      writeFileSync(join(to, file), file === 'manifest.json' ? manifest() : file === 'events.ndjson' ? events() : text)
    }
    return to
  }

  beforeAll(async () => {
    writeFileSync(script, `
      import { simulation, mlp, fedAvg, synchronous, sgd } from '@windtunnel/windtunnel'
      import { storefronts } from '@windtunnel/windtunnel/scenarios'
      export default simulation({
        world: storefronts({ scenarios: 4, impressions: 60, users: 20, items: 10 }), model: mlp({ hidden: [3], embedding: 2 }),
        local: { batch: 32, optimizer: sgd(0.1) }, strategy: fedAvg(), rounds: synchronous({ count: 3, select: 2 }),
        choose: (candidates, { wanted }) => candidates
          .toSorted((a, b) => (b.last?.change ?? 9) - (a.last?.change ?? 9)).slice(0, wanted).map(({ name }) => name),
      })`)
    const loaded = await loadSpecification('steered.mjs', cwd)
    run = await simulate(loaded.specification, { seed: 2, engine: 'onnx', workers: 1, cwd, out: folder, script: loaded.script })
  })

  it('says so in its manifest, and is replayed from its script', async () => {
    expect(run.manifest).toMatchObject({ functions: ['choose'], readsNumbers: ['choose'] })
    expect(await replay(folder, { workers: 2, cwd })).toMatchObject({ numbers: 'same', entire: true })
    const until = await fly({ evaluate: { until: 'auc 2' } })
    expect(until.manifest.readsNumbers).toEqual(['evaluate.until'])
    expect((await fly({})).manifest).not.toHaveProperty('readsNumbers')
  })

  it('parts from it on another processor for a reason, here it is an error', async () => {
    const elsewhere = { processor: { kind: 'pdp-11', model: 'PDP-11' } }
    const steered = parted('elsewhere', () => elsewhere)
    const told = await replay(steered, { workers: 1, cwd })
    expect(told).toMatchObject({ numbers: 'not compared', entire: false })
    expect(told.notes).toEqual([
      expect.stringContaining('the run flew on pdp-11'), expect.stringMatching(/^numbers steer the events of this run \(choose\)[^]*The first event that differs is number/),
    ])
    expect(told.events).toBeGreaterThan(10)
    expect(await say(['replay', steered], cwd)).toMatchObject({ code: exitCodes.partly })
    await expect(replay(parted('here', () => ({})), { workers: 1, cwd })).rejects.toThrow(NondeterminismError)
  })

  it('cannot be a file, and is told apart from a misspelt field', async () => {
    writeFileSync(join(cwd, 'plan.yaml'), 'world: { kind: storefronts }\nmodel: { kind: mlp }\nstrategy: { kind: fedavg }\nrounds: { kind: synchronous, count: 1 }\nchoose: all\n')
    const { code, err } = await say(['run', 'plan.yaml'], cwd)
    expect([code, err]).toEqual([exitCodes.specification, expect.stringMatching(/plan\.yaml:5:1: choose must be a function, which files cannot hold/)])
    await expect(fly({ chose: usual } as Partial<Specification>)).rejects.toThrow('Did you mean "choose"?')
  })
})

it('the example asks those that are unheard, then those that move most', async () => {
  const small = { world: storefronts({ scenarios: 6, impressions: 100, users: 30, items: 12 }), evaluate: plain.evaluate }
  const { rounds } = await simulate({ ...ownChoice, ...small }, { engine: 'tfjs', workers: 1 })
  expect(rounds).toHaveLength(8)
  expect(new Set(rounds.slice(0, 3).flatMap(({ selected }) => selected)).size).toBe(6)
})
