import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import { byHand } from '../../simulations/by-hand.js'
import ownCheck, { moving } from '../../simulations/own-check.js'
import ownRounds from '../../simulations/own-rounds.js'
import { protocol } from '../../src/checks/coverage.js'
import { allMarks } from '../../src/checks/marks.js'
import { allChecks } from '../../src/checks/watch.js'
import type { CodecEntry } from '../../src/codecs/entry.js'
import { codecEntries } from '../../src/codecs/registry.js'
import { comparedChecks } from '../../src/lab/compared/all.js'
import { exitCodes } from '../../src/errors.js'
import type { RoundEntry } from '../../src/federation/rounds/round.js'
import { roundEntries } from '../../src/federation/rounds/registry.js'
import * as selections from '../../src/federation/selection/all.js'
import { type Decision, lose, roundMachine, simulate } from '../../src/index.js'
import { blocksOf, pageText, root } from './pages.js'

const small = { world: storefronts({ scenarios: 4, impressions: 200, users: 40, items: 20 }), evaluate: { start: false, final: false, every: 100 } }

it.each([['own-check', 'checks'], ['own-rounds', 'rounds'], ['own-choice', 'rounds'], ['by-hand', 'script']])('%s is on its page as it is flown', (name, page) => {
  const shown = blocksOf(`docs/${page}.md`).map(({ text }) => `${text}\n`)
  expect(shown).toContain(readFileSync(join(root, `simulations/${name}.ts`), 'utf8'))
})

it('the page of checks lists every check of the library, with its promise', () => {
  const rows = pageText('docs/checks.md').split('\n').filter((line) => line.startsWith('| `'))
  expect(rows).toEqual([...allChecks, ...comparedChecks].map(({ name, promise }) => `| \`${name}\` | ${promise} |`))
})

it('every kind of rounds is in the pages', () => {
  for (const { kind } of roundEntries as readonly RoundEntry[]) expect(pageText('docs/script.md')).toContain(`\`${kind}\``)
})

it('every rule of selection is in the pages, with its name in scripts', () => {
  for (const [name, { kind }] of Object.entries(selections)) {
    expect(pageText('docs/script.md')).toContain(`| \`${kind}\` | \`${name}(`)
  }
})

it('the page of codecs has each with what is true of it', () => {
  const mark = (yes: boolean): string => (yes ? 'yes' : '')
  const rows = pageText('docs/codecs.md').split('\n').filter((line) => /^\| `[a-zA-Z0-9]+` \| .* \| (numbers|choice|bytes) \|/.test(line))
  expect(rows).toEqual((codecEntries as unknown as readonly CodecEntry[]).map(({ kind, sentence, makes, schema, traits }) => {
    const { of, unbiased, remembers, readsNumbers, sums } = traits(schema.parse({ kind }))
    return `| \`${kind}\` | ${sentence} | ${makes} | ${of} | ${mark(unbiased)} | ${mark(remembers)} | ${mark(readsNumbers)} | ${mark(sums)} |`
  }))
})

it('the page of checks lists every mark, with its sentence, and every phase', () => {
  const page = pageText('docs/checks.md')
  const rows = page.slice(page.indexOf('## Marks'), page.indexOf('## Protocol coverage')).split('\n').filter((line) => /^\| [a-z]/.test(line)).slice(1)
  expect(rows).toEqual(allMarks.map(({ name, sentence }) => `| ${name} | ${sentence} |`))
  for (const [role, phases] of Object.entries(protocol)) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${role} |`))!
    for (const phase of Object.keys(phases)) expect(row).toContain(phase)
  }
})

it('a partition is healed by hand as its page says', async () => {
  const said: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line))
  const { digest, untouched, plan } = await byHand()
  log.mockRestore()
  expect(pageText('docs/script.md')).toContain(`\n${said.join('\n')}\n`)
  expect(untouched).not.toBe(digest)
  expect(plan.faults.map(({ fault, injected, healed }) => [fault.kind, injected !== undefined, healed !== undefined])).toEqual([
    ['partition', true, true], ['crash', true, false],
  ])
})

describe('a check of one’s own', () => {
  it('lets a flight pass that keeps the promise, and ends one that does not, with what it is about', async () => {
    await simulate({ ...ownCheck, ...small }, { workers: 1 })
    const lossy = { ...ownCheck, ...small, faults: [lose({ from: 'client', to: 'expert' })] }
    await expect(simulate(lossy, { workers: 1 })).rejects.toMatchObject({
      check: 'moving', exitCode: exitCodes.safety, round: 3, actors: ['aggregator'], what: 'expert-1 was folded last in round 0',
    })
    await simulate({ ...lossy, checks: [moving(9)] }, { workers: 1 })
  })
})

describe('a round machine of one’s own', () => {
  it('closes when all have answered, or nobody has for a while', async () => {
    const { rounds } = await simulate({ ...ownRounds, ...small }, { workers: 1 })
    expect(rounds.map(({ reason }) => reason)).toEqual([
      'all answered', 'quiet', 'all answered', 'all answered', 'all answered', 'all answered',
    ])
    expect(rounds[1].folded).toHaveLength(2)
    expect(rounds[1].closed - rounds[1].opened).toBeGreaterThan(20e6)
  })

  it.each([
    [{ state: null, open: { clients: 1 } }, /in round 1 the machine decided .*"open"/],
    [{ state: null, ask: { clients: 2.5 } }, /ask\.clients: .*int/],
    [{ state: null, timers: [{ name: 'late', at: Number.NaN }] }, /timers\.0\.at: /],
    [undefined, /expected object.*A decision is \{ state, ask\?/],
  ])('that decides %j ends the flight, and is told what is wrong with it', async (decision, words) => {
    const rounds = roundMachine(() => decision as Decision<null>)
    await expect(simulate({ ...ownRounds, ...small, rounds }, { workers: 1 })).rejects.toThrow(words)
  })
})
