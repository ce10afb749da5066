import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

import { planTable, planTimeline } from '../../src/cli/plan-text.js'
import type { Plan } from '../../src/faults/plan.js'
import { drawPlan } from '../../src/faults/plan.js'
import { Lab } from '../../src/lab/lab.js'
import { away, crash, delay, lose, minutes, ms, named, narrow, pause, seconds, slow, type Specification } from '../../src/simulation/script.js'
import { say } from './console.js'

const specification = {
  world: { kind: 'storefronts', scenarios: 3, impressions: 120, users: 40, items: 20 },
  model: { kind: 'mlp', hidden: [4], embedding: 2 },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'deadline', count: 3, after: '5 min', quorum: 1 },
  faults: [
    { kind: 'away', who: { select: 'fraction', of: 0.5 }, phase: 'training', rounds: [2, 2], id: 'leavers' },
    { kind: 'lose', link: { from: 'client' }, probability: 0.3, id: 'losses' },
  ],
  evaluate: { start: false, every: 100, final: false },
} as unknown as Specification

let cwd: string
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'windtunnel-plan-'))
  writeFileSync(join(cwd, 'flight.json'), JSON.stringify(specification))
})

const manifestOf = (folder: string) => JSON.parse(readFileSync(join(cwd, folder, 'manifest.json'), 'utf8')) as Record<string, unknown>

const actors = ['aggregator', 'expert-1', 'client-DE', 'client-a-scenario-with-a-long-name']
const roles = { a: 'aggregator', e: 'expert', c: 'client' } as const
const participants = actors.map((name) => ({ name, role: roles[name[0] as 'a'] }))
const drawn = drawPlan([
  slow(named('client-DE'), { by: 4, rounds: [2, 4], id: 'slow' }),
  narrow(named('client-DE', 'client-a-scenario-with-a-long-name'), { by: 4, rounds: [4, 6], id: 'narrow' }),
  lose({}, { probability: 0.1, id: 'anywhere' }),
  crash('expert-1', { at: minutes(1), restartAfter: seconds(30), keeps: 'checkpoint', id: 'dies' }),
  pause('aggregator', { at: seconds(10), for: seconds(5), repeat: { times: 3, every: seconds(40) }, id: 'sleeps' }),
  away(named('client-DE'), { from: seconds(50), id: 'gone' }),
  delay({ to: 'aggregator' }, { by: ms(3), from: 0, until: seconds(20), id: 'lag' }),
  crash('expert-1', { when: { event: 'folded', nth: 2 }, id: 'waits' }),
], participants, '7')

describe('a plan as text', () => {
  it('shows who is hit in which rounds, and at what time', () => {
    const [byRound] = planTimeline(drawn, { actors, rounds: 8, width: 60 })
    expect(byRound).toBe(`\
rounds 1 to 8
                     1      8
(everyone)           CCCCCCCC
client-DE            .AA2BB..
client-a-scenario-w… ...BBB..`)
    const [, byTime, waiting] = planTimeline(drawn, { actors, rounds: 8, width: 60 })
    const rows = Object.fromEntries(byTime.split('\n').slice(2).map((line) => line.split(/ +/) as [string, string]))
    expect(Object.keys(rows)).toEqual(['aggregator', 'expert-1', 'client-DE'])
    expect(rows['expert-1']).toMatch(/^\.+D+\.+$/)
    expect(rows['client-DE']).toMatch(/^\.+F+$/)
    expect(rows.aggregator).toMatch(/^G+2+G*\.*E+\.+E+\.*$/)
    expect(waiting).toBe('set off by an event: H (1 fault)')
    const stops = drawPlan([lose({ to: 'expert-1' }, { until: { event: 'folded', nth: 2 }, id: 'x' })], participants, '1')
    expect(planTable(stops, 120)).toMatch(/, until the 2nd `folded`$/)
    expect(planTimeline(stops, { actors, rounds: 4, width: 80 })).toEqual([
      'rounds 1 to 4\n         1  4\nexpert-1 AAAA', 'shown to the end, and stopped by an event: A',
    ])
    expect(planTimeline(drawn, { actors, rounds: 6, width: 80, calm: { round: 5 } }).slice(-2)).toEqual([
      'a number: so many faults at once; a +: ten or more', 'calm from round 5 on: none of them strikes',
    ])
  })

  it('has a row for a line that many share', () => {
    const plan = drawPlan([
      narrow({ line: 'servers' }, { by: 4, direction: 'up', rounds: [2, 3], id: 'servers' }), narrow({ line: { region: 'eu' } }, { to: '1 Mbps', probability: 0.5, id: 'region' }),
      narrow({ line: { host: 'expert-1' } }, { by: 2, id: 'host' }), narrow({ line: 'backbone' }, { by: 2, rounds: [4, 4], id: 'backbone' }),
    ], participants, '1')
    expect(planTable(plan, 100)).toBe(`\
A servers   the line of the servers: uplink bandwidth divided by 4, rounds 2-3
B region    the line of region eu: bandwidth at most 1 Mbit/s, with 50 % probability
C host      the line of expert-1’s host: bandwidth divided by 2
D backbone  the backbone: bandwidth divided by 2, round 4`)
    expect(planTimeline(plan, { actors, rounds: 4, width: 60 })).toEqual([`\
rounds 1 to 4
                1  4
(servers)       .AA.
(region eu)     BBBB
(host expert-1) CCCC
(backbone)      ...D`])
  })

  it.each([60, 80])('fits %i columns, however many rounds and actors there are', (width) => {
    const many = Array.from({ length: 100 }, (_, i) => `client-number-${i}-of-a-hundred`)
    const crowd = drawPlan([slow('all', { by: 2, rounds: [100, 900] }), lose({}, { probability: 0.1 }), crash('all', { at: minutes(90) })],
      many.map((name) => ({ name, role: 'client' })), '1')
    for (const [plan, rounds] of [[drawn, 8], [crowd, 1000], [crowd, undefined]] as const) {
      const text = [planTable(plan, width), ...planTimeline(plan, { actors: plan === drawn ? actors : many, rounds, width })].join('\n')
      for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(width)
    }
    expect(planTimeline(crowd, { actors: many, rounds: 1000, width })[0]).toMatch(/^rounds 1 to 1000, \d+ to a column\n/)
    expect(planTimeline(crowd, { actors: many, rounds: 1000, width })[0]).toContain('... and 53 more')
  })

  it('shows a fault that was injected and healed from there to there', () => {
    const [first] = drawPlan([lose({ to: 'expert-1' }, { id: 'x' })], participants, '1').faults
    const plan: Plan = { seed: '1', faults: [{ ...first, injected: { at: seconds(10), event: 5 }, healed: { at: seconds(20), event: 50 } }] }
    expect(planTable(plan, 100)).toContain('injected at 10.000 s, healed at 20.000 s')
    expect(planTimeline(plan, { actors, rounds: 8, width: 60 })[0]).toMatch(/\nexpert-1 \.+A+\.+$/)
  })
})

describe('windtunnel plan', () => {
  it('prints what lab.plan draws, as text and as JSON', async () => {
    const shown = await say(['plan', 'flight.json', '--seed', '7'], cwd)
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toMatch(/^flight, seed 7: 2 faults\n\nA leavers {2}client-store-\d/)
    const json = await say(['plan', 'flight.json', '--seed', '7', '--json'], cwd)
    const lab = await Lab.open(specification, { seed: 7, workers: 1, engine: 'tfjs' })
    expect(JSON.parse(json.out)).toEqual(JSON.parse(JSON.stringify(await lab.plan())))
    await lab.close()
    expect((await say(['plan', 'flight.json', '--seed', '8', '--json'], cwd)).out).not.toBe(json.out)
    expect((await say(['plan', 'flight.json', '--set', 'faults=[]'], cwd)).out).toBe('flight, seed 1: no faults\n')
    expect((await say(['plan', 'flight.json', '--set', 'faults.0.rounds=[3, 2]'], cwd)).code).toBe(2)
  })
})

const engine = ['--engine', 'tfjs', '--workers', '1', '--json']

describe('run --plan', () => {
  it('flies a plan as it was drawn, and as it was edited; replay flies it again', async () => {
    const fly = async (out: string, ...more: string[]) =>
      JSON.parse((await say(['run', 'flight.json', '--seed', '7', '--out', join(cwd, out), ...engine, ...more], cwd)).out) as { digest: string; faults: { id: string }[] }
    const plain = await fly('plain')
    const text = (await say(['plan', 'flight.json', '--seed', '7', '--json'], cwd)).out
    writeFileSync(join(cwd, 'plan.json'), text)
    expect((await fly('same', '--plan', 'plan.json')).digest).toBe(plain.digest)
    const plan = JSON.parse(text) as Plan
    writeFileSync(join(cwd, 'fewer.json'), JSON.stringify({ ...plan, faults: plan.faults.slice(1) }))
    const fewer = await fly('fewer', '--plan', 'fewer.json')
    expect(fewer.faults.map(({ id }) => id)).toEqual(['losses'])
    expect(fewer.digest).not.toBe(plain.digest)
    expect(manifestOf('fewer').plan).toMatchObject({ faults: [{ id: 'losses' }] })
    expect(manifestOf('plain')).not.toHaveProperty('plan')
    expect(await say(['replay', join(cwd, 'fewer'), '--workers', '1'], cwd)).toMatchObject({ code: 0 })
    // Another plan is another flight.
    expect((await say(['run', 'flight.json', '--seed', '7', '--out', join(cwd, 'fewer'), ...engine], cwd)).err).toMatch(/fewer holds another flight \(plan is .* there and absent here\)/)
  })

  it('flies what was done by hand, and replays it', async () => {
    const lab = await Lab.open(specification, { seed: 7, workers: 1, engine: 'tfjs' })
    const flight = await lab.start()
    await flight.step('round')
    const { id } = flight.inject(lose({ to: 'aggregator' }))
    await flight.until(flight.now + seconds(1))
    flight.heal(id)
    flight.heal('leavers')
    const { digest, plan } = await flight.finish()
    await lab.close()
    writeFileSync(join(cwd, 'by-hand.json'), JSON.stringify(plan))
    const said = await say(['run', 'flight.json', '--seed', '7', '--plan', 'by-hand.json', '--out', join(cwd, 'by-hand'), ...engine], cwd)
    expect(JSON.parse(said.out)).toMatchObject({ digest })
    expect(manifestOf('by-hand').plan).toMatchObject({ faults: [{ healed: {} }, {}, { id, injected: {}, healed: {} }] })
    expect(await say(['replay', join(cwd, 'by-hand'), '--workers', '1'], cwd)).toMatchObject({ code: 0 })
  })

  it('says where a plan is none, and whom nobody knows', async () => {
    const plan = JSON.parse((await say(['plan', 'flight.json', '--json'], cwd)).out) as Plan
    const fly = async (value: unknown) => {
      writeFileSync(join(cwd, 'wrong.json'), JSON.stringify(value, null, 2))
      return say(['run', 'flight.json', '--plan', 'wrong.json', ...engine], cwd)
    }
    const [first, ...rest] = plan.faults
    const stranger = await fly({ ...plan, faults: [...rest, { ...first, targets: ['client-store-1', 'client-stoer-2'] }] })
    expect(stranger.code).toBe(2)
    expect(stranger.err).toMatch(/wrong\.json:\d+:\d+: plan\.faults\[1\]: nobody is called 'client-stoer-2'\. Did you mean 'client-store-2'\? There are aggregator/)
    expect(stranger.err).toContain('"client-stoer-2"\n')
    const kind = await fly({ ...plan, faults: [{ ...first, fault: { kind: 'awya' } }] })
    expect([kind.code, kind.err]).toEqual([2, expect.stringMatching(/wrong\.json:\d+:\d+: faults\.0\.fault\.kind cannot be "awya"/)])
    expect((await fly({ ...plan, faults: [first, first] })).err).toContain("plan.faults[1].id: 'leavers' names another fault already")
    const none = await say(['run', 'flight.json', '--plan', 'nowhere.json'], cwd)
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('--plan: nowhere.json does not exist')])
    writeFileSync(join(cwd, 'broken.json'), '{ "seed": ')
    expect(await say(['run', 'flight.json', '--plan', 'broken.json'], cwd)).toMatchObject({ code: 2 })
  })
})

describe('run --check', () => {
  it('watches what is named, and the manifest says so', async () => {
    const fly = async (out: string, ...names: string[]) => {
      const said = await say(['run', 'flight.json', '--out', join(cwd, out), ...engine, ...names.flatMap((name) => ['--check', name])], cwd)
      return { ...said, digest: (JSON.parse(said.out || '{}') as { digest?: string }).digest }
    }
    const [all, some, none] = [await fly('all'), await fly('some', 'rounds', 'once'), await fly('none', 'none')]
    expect(new Set([all.digest, some.digest, none.digest]).size).toBe(1)
    expect(manifestOf('all').checks).toContain('conservation')
    expect(manifestOf('some').checks).toEqual(['once', 'rounds'])
    expect(manifestOf('none').checks).toEqual([])
    for (const folder of ['some', 'none']) expect((await say(['replay', join(cwd, folder), '--workers', '1'], cwd)).code).toBe(0)
    const wrong = await fly('wrong', 'onse')
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('there is no check \'onse\'. Did you mean "once"? Known: all, none, causality')])
    expect((await fly('wrong', 'none', 'once')).err).toContain("'none' goes with no other")
  })
})
