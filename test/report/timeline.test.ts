import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { away, crash, deadline, fedAvg, hierarchical, lose, mmoe, ms, seconds, sgd } from '../../src/index.js'
import { TraceWriter } from '../../src/report/timeline/trace-writer.js'
import { simulate, type Run } from '../../src/runs/simulate.js'
import { say } from '../cli/console.js'
import { hasReaders, read } from '../readers/readers.js'

interface Slice {
  readonly name: string
  readonly track: string
  readonly at: number
  readonly until: number
  readonly round: number
  readonly id?: number
  readonly fate?: string
  readonly travelled?: number
}

interface Trace {
  readonly packets: number
  readonly tracks: readonly string[]
  readonly slices: readonly Slice[]
  readonly instants: readonly (Omit<Slice, 'until'> & { readonly from: string })[]
  readonly counters: Readonly<Record<string, readonly (readonly [number, number])[]>>
  /** Names of the events of each flow, in the order of time; how many there are. */
  readonly flows: Readonly<Record<string, number>>
  readonly deepest: number
}

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-timeline-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

describe.runIf(hasReaders())('a timeline, read by Perfetto’s own schema', () => {
  let run: Run
  let trace: Trace
  beforeAll(async () => {
    run = await simulate({
      world: storefronts({ scenarios: 4, impressions: 200, users: 20 }),
      model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }),
      local: { epochs: 1, batch: 32, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: deadline({ count: 5, after: ms(300), quorum: 1 }),
      faults: [
        lose({ from: 'client', to: 'aggregator' }, { probability: 0.4, rounds: [2, 3] }),
        crash('client-store-2', { at: ms(60), restartAfter: ms(500) }),
        away('client-store-3', { rounds: [4, 4], phase: 'training' }),
      ],
    }, { seed: 5, engine: 'surrogate', workers: 1, out: at('run') })
    expect(run.faults.map(({ fired }) => fired > 0)).toEqual([true, true, true])
    expect((await say(['timeline', at('run')])).code).toBe(0)
    trace = read<Trace>('read_trace', at('run.pftrace'))
  }, 60_000)

  it('has every message with its times and bytes, on a row of its sender where nothing overlaps', () => {
    const sent = trace.slices.filter(({ id }) => id !== undefined)
    expect(sent.length).toBe(run.ledger.length)
    const byId = new Map(sent.map((slice) => [slice.id, slice]))
    for (const row of run.ledger) {
      const slice = byId.get(row.id)!
      expect(slice).toMatchObject({ name: [row.kind, row.part].join(' ').trim(), at: row.sent, to: row.to, bytes: row.bytes, round: row.round })
      expect(slice.track).toContain(`/ ${row.from} / sends`)
      if (row.delivered !== null) expect(slice.until).toBe(row.delivered)
      else expect(slice).toMatchObject({ fate: 'lost', travelled: row.travelled })
    }
    expect(trace.deepest).toBe(1)
  })

  it('marks what came of a message where that was decided, unless it was used', () => {
    const odd = run.ledger.filter(({ fate, delivered }) => fate !== 'used' && fate !== 'control' && delivered !== null)
    const marks = trace.instants.filter(({ fate }) => fate !== undefined)
    expect(marks.map(({ id, fate }) => `${id} ${fate}`).toSorted()).toEqual(odd.map(({ id, fate }) => `${id} ${fate}`).toSorted())
    expect(odd.length).toBeGreaterThan(0)
    expect(marks.every(({ name, fate }) => name.endsWith(`: ${fate}`))).toBe(true)
  })

  it('has trainings, deaths, rounds and faults where they were', () => {
    const trains = trace.slices.filter(({ name }) => name === 'trains').map(({ track, at: begin, until, round }) => [track.split(' / ')[1], begin, until, round])
    const charged = run.trainings.map(({ client, start, end, round }) => [client, start, end, round])
    expect(trains.toSorted()).toEqual(charged.toSorted())
    const dead = trace.slices.filter(({ name }) => name === 'dead')
    expect(dead).toEqual([expect.objectContaining({ track: 'clients / client-store-2 / away', at: 60_000, until: 560_000 })])
    const rounds = trace.slices.filter(({ track }) => track.endsWith('/ rounds'))
    expect(rounds).toEqual(run.rounds.map(({ round, opened, closed, outcome, reason }) => expect.objectContaining({ name: `round ${round}`, at: opened, until: closed, outcome, reason })))
    const bands = trace.slices.filter(({ track }) => track.includes('/ faults /'))
    const [lost, died, left] = run.faults.map(({ text }) => text)
    expect(Object.fromEntries(bands.map(({ name, at: from, until }) => [name, [from, until]]))).toEqual({
      [lost]: [run.rounds[1].opened, run.rounds[2].closed],
      [died]: [60_000, 560_000],
      [left]: [run.rounds[3].opened, run.rounds[3].closed],
    })
  })

  it('has arrows from a model to its arrival and the training, and from that to each part of the answer', () => {
    const { flows } = trace
    const updates = run.ledger.filter(({ kind, part }) => kind === 'update' && part === 'trunk')
    const there = updates.filter(({ delivered }) => delivered !== null).length
    expect(flows['trains > update trunk']).toBe(updates.length)
    expect(flows['trains > update expert-1']).toBe(run.ledger.filter(({ kind, part }) => kind === 'update' && part === 'expert-1').length)
    expect(flows['update trunk > update trunk arrives']).toBe(there)
    expect(flows['model trunk > model trunk arrives > trains']).toBeGreaterThan(10)
    // Nothing is joined that does not belong together.
    expect(Object.keys(flows).filter((flow) => flow.split(' > ').length > 3)).toEqual([])
  })

  it('counts bytes on their way and clients at work to nothing, and has the scores of every round', () => {
    const ends = (name: string) => trace.counters[`flight ${run.resolved.name}, seed 5 / ${name}`]
    expect(ends('bytes on their way').at(-1)![1]).toBe(0)
    expect(Math.max(...ends('bytes on their way').map(([, bytes]) => bytes))).toBeGreaterThan(10_000)
    expect(ends('clients training').at(-1)![1]).toBe(0)
    const told = readFileSync(join(at('run'), 'rounds.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { closed: number; scores: { validation: { auc: number } } })
    expect(ends('auc on validation')).toEqual(told.map(({ closed, scores }) => [closed, scores.validation.auc]))
  })

  it('has the rounds of regions, those that a death broke off among them', async () => {
    const flown = await simulate({
      world: storefronts({ scenarios: 4, impressions: 200, users: 20 }),
      model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }),
      strategy: fedAvg(),
      topology: hierarchical({ regions: 2, every: 2, rounds: { kind: 'deadline', after: ms(200) } }),
      rounds: deadline({ count: 3, after: seconds(2), quorum: 1 }),
      faults: [crash('regional-1', { at: ms(120), restartAfter: ms(30) })],
    }, { seed: 5, engine: 'surrogate', workers: 1, out: at('regions') })
    expect((await say(['timeline', at('regions')])).code).toBe(0)
    const { slices, deepest } = read<Trace>('read_trace', at('regions.pftrace'))
    const told = readFileSync(join(at('regions'), 'events.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { at: number; event: string; actor: string; round: number })
    const opened = told.filter(({ event }) => event === 'region-open').map(({ at: time, actor, round }) => `${actor} ${round} ${time}`)
    const drawn = slices.filter(({ track }) => track.endsWith('rounds of its region')).map(({ track, name, at: time }) => `${track.split(' / ')[1]} ${name.slice(6)} ${time}`)
    expect(drawn.toSorted()).toEqual(opened.toSorted())
    expect([flown.rounds.length, deepest]).toEqual([3, 1])
  }, 60_000)

  it('has times of centuries to the nanosecond', () => {
    const chunks: Uint8Array[] = []
    const writer = new TraceWriter((chunk) => chunks.push(chunk))
    const track = writer.track({ name: 'long' })
    const times = [0, 1, 2 ** 32 / 1000, 4_294_968, 104 * 86_400e6, 36_500 * 86_400e6 + 1].map(Math.floor)
    times.forEach((time, i) => writer.count(track, time, i / 2))
    writer.close()
    writeFileSync(at('long.pftrace'), Buffer.concat(chunks))
    expect(read<Trace>('read_trace', at('long.pftrace')).counters['long']).toEqual(times.map((time, i) => [time, i / 2]))
  })
})

describe('windtunnel timeline', () => {
  it('refuses what is no run, what has changed, and a file that is there', async () => {
    await simulate({
      world: storefronts({ scenarios: 2, impressions: 60 }), model: mmoe({ experts: 2, expert: [2], tower: [2], embedding: 1 }),
      strategy: fedAvg(), rounds: deadline({ count: 1, after: seconds(9) }),
    }, { seed: 1, engine: 'surrogate', workers: 1, out: at('small') })
    expect(await say(['timeline', at('nowhere')])).toMatchObject({ code: 7, err: expect.stringContaining('does not exist') })
    const out = at('there.pftrace')
    writeFileSync(out, 'mine')
    expect(await say(['timeline', at('small'), '--out', out])).toMatchObject({ code: 7, err: expect.stringContaining('is there already') })
    expect(readFileSync(out, 'utf8')).toBe('mine')
    expect((await say(['timeline', at('small'), '--out', out, '--force', '--json'])).out).toContain('"events":')
    const events = join(at('small'), 'events.ndjson')
    const text = readFileSync(events, 'utf8')
    writeFileSync(events, text.replace('"bytes":', '"bytes":1'))
    expect(await say(['timeline', at('small'), '--out', at('no.pftrace')])).toMatchObject({ code: 7, err: expect.stringContaining('is not what the run wrote') })
    writeFileSync(events, `${text}nonsense\n`)
    expect(await say(['timeline', at('small'), '--out', at('no.pftrace')])).toMatchObject({ code: 7, err: expect.stringMatching(/events.ndjson:\d+ is not JSON/) })
    expect(() => readFileSync(at('no.pftrace'))).toThrow('ENOENT')
    expect(() => readFileSync(at('no.pftrace.new'))).toThrow('ENOENT')
  }, 60_000)
})
