import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'

import { simulate } from '../../src/index.js'
import { flights } from './flights.js'

const file = new URL('digests.json', import.meta.url)
const digests = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>

/** `FREEZE=1 npx vitest run test/frozen` writes the file anew: for a commit that means to change what happens. */
const freeze = process.env.FREEZE === '1'

/** Crashes of clients that are dead already do nothing. Every other fault of these flights strikes. */
const ofTheDead = [
  'client-store-1 crashes at 0.120 s, back after 0.400 s, keeping nothing',
  'client-store-2 crashes in round 3 after 0 updates of expert-1, back after 0.010 s, keeping nothing',
]

it.each(Object.keys(flights))('%s: the same events as ever', async (name) => {
  const run = await simulate(flights[name], { seed: 11, workers: 1 })
  const idle = run.faults.flatMap(({ fired, text }) => (fired === 0 ? [text] : []))
  expect(idle).toEqual(name === 'crashes' ? ofTheDead : [])
  if (freeze) {
    digests[name] = run.digests.events
    const inOrder = Object.fromEntries(Object.keys(flights).map((each) => [each, digests[each]]))
    writeFileSync(file, `${JSON.stringify(inOrder, null, 2)}\n`)
  } else expect(run.digests.events).toBe(digests[name])
})

it('every digest belongs to a flight', () => {
  expect(Object.keys(digests)).toEqual(Object.keys(flights))
})
