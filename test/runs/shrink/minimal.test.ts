import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { drawFault, drawnKinds } from '../../../src/faults/turn.js'
import type { FaultInput } from '../../../src/faults/registry.js'
import { drawnRounds, drawRounds } from '../../../src/federation/rounds/turn.js'
import { streams } from '../../../src/random/streams.js'
import { minimalFile } from '../../../src/runs/shrink/minimal.js'
import type { Explanation } from '../../../src/lab/shrink/explain.js'
import type { Specification } from '../../../src/simulation/script.js'
import firstFlight from '../../../simulations/first-flight.js'
import { compile } from '../../face/compile.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = `${root}runs/somewhere`
const scene = { clients: ['client-1', 'client-2', 'client-3'], experts: ['expert-1', 'expert-2'], rounds: 6, round: 100_000 }
const nothing: Explanation = { free: [], alone: [], together: 0, flights: 0 }
const about = { base: firstFlight, script: `${root}simulations/first-flight.ts`, folder, head: ['It fails so:'], explanation: nothing }

it('names what is other than in the script, and nothing that means the same', () => {
  const faults: FaultInput[] = [{ kind: 'crash', who: { select: 'named', names: ['client-1'] }, when: { round: 2, after: 1 }, restartAfter: 80_000, keeps: 'checkpoint', id: 'f1' }]
  const specification: Specification = { ...firstFlight, network: { up: 5_000_000, down: 20_000_000, latency: 40_000 }, rounds: { kind: 'deadline', count: 3, after: 300_000_000, quorum: 3 }, faults, seeds: { faults: '1/17/faults' } }
  const free = [
    { part: 'f1.restartAfter', fault: 'f1', words: 'any restartAfter >= 80 ms (up to 2 s)', variants: 30 }, { part: 'f1.who', fault: 'f1', words: 'any client', variants: 5 },
    { part: 'rounds.count', fault: undefined, words: 'any number of rounds >= 3 (up to 9)', variants: 9 }, { part: 'chance', fault: undefined, words: 'any chance', variants: 30 },
  ]
  expect(minimalFile({ ...about, specification, explanation: { ...nothing, free } })).toEqual({
    name: 'minimal.ts',
    text: `/*
 * It fails so:
 */
import { crash, simulation } from '@windtunnel/windtunnel'
import base from '../../simulations/first-flight.js'

export default simulation({
  ...base,
  rounds: { kind: 'deadline', count: 3, after: '5 min', quorum: 3 },  // any number of rounds >= 3 (up to 9)
  seeds: { faults: '1/17/faults' },  // any chance
  faults: [
    crash('client-1', { when: { round: 2, after: 1 }, restartAfter: '80 ms', keeps: 'checkpoint', id: 'f1' }),  // any restartAfter >= 80 ms (up to 2 s), any client
  ],
})
`,
  })
})

it('keeps what others wrote within its comments', () => {
  const words = 'a check of src/*/x.ts: wrong\nthrow'
  const free = [{ part: 'rounds.count', fault: undefined, words, variants: 1 }]
  const specification = { ...firstFlight, rounds: { kind: 'synchronous', count: 3 } } as Specification
  const { text } = minimalFile({ ...about, head: [words], specification, explanation: { ...nothing, free } })
  expect(text).toContain('/*\n * a check of src/* /x.ts: wrong throw\n */\nimport')
  expect(text).toContain('count: 3 },  // a check of src/* /x.ts: wrong throw\n')
})

it('is no script where it was made from a document: then it holds all of it', () => {
  const { name, text } = minimalFile({ ...about, script: 'first-flight.yaml', specification: { ...firstFlight, faults: [] } })
  expect(name).toBe('minimal.yaml')
  expect(text).toContain('# It fails so:')
  expect(text).toContain('faults: []')
})

it('compiles, with faults of every kind and every kind of rounds', { timeout: 60_000 }, () => {
  const toss = streams('minimal')('toss')
  const files = drawnRounds.map((kind, i): [string, string] => {
    const faults = drawnKinds.map((fault, j) => ({ ...drawFault(fault, streams('minimal')(fault, i), (i + 1) / drawnRounds.length, scene), id: `f${j}` }) as FaultInput)
    const rounds = drawRounds(kind, toss, 0.7, scene)
    const { text } = minimalFile({ ...about, specification: { ...firstFlight, faults, ...(rounds && { rounds }) } as Specification })
    return [`${folder}/minimal-${i}.ts`, text]
  })
  for (const [path, errors] of compile(new Map(files))) expect([path, errors]).toEqual([path, []])
})
