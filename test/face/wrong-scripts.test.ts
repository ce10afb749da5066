import { fileURLToPath } from 'node:url'

import { beforeAll, expect, test } from 'vitest'

import { compile } from './compile.js'

/** A script with one part written as given: all else in it is right. */
const script = (parts: Readonly<Record<string, string>>): string => {
  const right = {
    world: 'storefronts()',
    model: 'mmoe({ embedding: 8, experts: 2, expert: [16], tower: [8] })',
    strategy: 'fedAvg()',
    rounds: 'deadline({ count: 2, after: minutes(5) })',
  }
  const fields = Object.entries({ ...right, ...parts }).map(([name, value]) => `  ${name}: ${value},`)
  return `import * as windtunnel from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'
const { adam, asynchronous, away, check, crash, deadline, fedAvg, fedProx, fraction, lose, mbps, minutes, mmoe, ms, one } = windtunnel
const { delay, fedBn, narrow, slow } = windtunnel
const { roundMachine, simulation, Lab, simulate } = windtunnel
void [adam, asynchronous, away, check, crash, fedProx, fraction, lose, mbps, ms, one, delay, fedBn, narrow, slow, roundMachine, Lab, simulate]
export default simulation({
${fields.join('\n')}
})
`
}

/** By what is wrong: the parts that say so, and the word that the compiler must name. */
const mistakes: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string]>> = {
  'a field that there is not': [{ weather: '[]' }, 'weather'],
  'a misspelt field of rounds': [{ rounds: 'deadline({ count: 2, afterwards: minutes(5) })' }, 'afterwards'],
  'rounds without a count': [{ rounds: 'deadline({ after: minutes(5) })' }, 'count'],
  'a misspelt field of the model': [{ model: 'mmoe({ embeding: 8, experts: 2, expert: [16], tower: [8] })' }, 'embeding'],
  'a misspelt field of the strategy': [{ strategy: 'fedProx({ nu: 0.1 })' }, 'nu'],
  'a misspelt field of local training': [{ local: '{ epoch: 1 }' }, 'epoch'],
  'an optimizer that there is not': [{ local: '{ optimizer: { kind: "lion", learningRate: 1 } }' }, 'lion'],
  'a misspelt field of the network': [{ network: '{ upp: mbps(5) }' }, 'upp'],
  'a device of words': [{ devices: '{ gflops: "fast" }' }, 'gflops'],
  'a misspelt field of a fault': [{ faults: '[lose({ from: "client", to: "aggregator" }, { probabilty: 0.1 })]' }, 'probabilty'],
  'a message that there is not': [{ faults: '[lose({ from: "client", message: "models" }, { probability: 0.1 })]' }, 'models'],
  'a phase that there is not': [{ faults: '[away(one(), { phase: "uploading" })]' }, 'uploading'],
  'a crash that keeps what cannot be kept': [{ faults: '[crash(one(), { when: { round: 1, after: 1 }, keeps: "all" })]' }, 'all'],
  'a straggler that is not told how slow': [{ faults: '[slow(one(), {})]' }, 'by'],
  'a straggler that is told twice': [{ faults: '[slow(one(), { by: 2, profile: [[0, 2]] })]' }, 'profile'],
  'a crash at no time': [{ faults: '[crash(one(), { keeps: "nothing" })]' }, 'when'],
  'a line that is narrower by nothing': [{ faults: '[narrow(one(), { rounds: [1, 2] })]' }, 'to'],
  'a line that many share, and that there is not': [{ faults: '[narrow({ line: "server" }, { by: 2 })]' }, 'server'],
  'a line in place of whom, of a fault that has none': [{ faults: '[slow({ line: "servers" }, { by: 2 })]' }, 'line'],
  'a delay by nothing': [{ faults: '[delay({ message: "model" }, {})]' }, 'by'],
  'a strategy without options that is given one': [{ strategy: 'fedBn({ mu: 1 })' }, 'mu'],
  'a misspelt field of the evaluation': [{ evaluate: '{ evry: 2 }' }, 'evry'],
  'a purpose that has no seed': [{ seeds: '{ training: 1 }' }, 'training'],
  'a check of a kind of event that there is not': [
    { checks: '[check({ name: "c", promise: "p", kinds: ["sent"], see: () => {} })]' }, 'sent',
  ],
  'a check that reads what its event has not': [
    { checks: '[check({ name: "c", promise: "p", see: (event) => { if (event.kind === "arrive") void event.bytes } })]' }, 'bytes',
  ],
  'a check that sees nothing': [{ checks: '[check({ name: "c", promise: "p" })]' }, 'see'],
  'a decision that there is not': [
    { rounds: 'roundMachine(() => ({ state: null, close: { outcome: "ended", reason: "so", after: "late" } }))' }, 'ended',
  ],
}

const pathOf = (name: string): string => fileURLToPath(new URL(`./${name.replaceAll(' ', '-')}.ts`, import.meta.url))

let said: ReadonlyMap<string, readonly string[]>
beforeAll(() => {
  const files = Object.entries(mistakes).map(([name, [parts]]) => [pathOf(name), script(parts)] as const)
  said = compile(new Map([[pathOf('nothing wrong'), script({})], ...files]))
})

test('a right script compiles', () => {
  expect(said.get(pathOf('nothing wrong'))).toEqual([])
})

test.each(Object.entries(mistakes))('%s is a compile error that names it', (name, [, word]) => {
  const errors = said.get(pathOf(name))!
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatch(new RegExp(`['"\`]${word}['"\`]`))
})
