import { expect, it } from 'vitest'

import { regions } from '../../src/checks/all.js'
import type { View } from '../../src/checks/check.js'
import { frameOf } from '../../src/network/frame.js'
import type { Told } from '../../src/record/flight-recorder.js'
import { folds, played } from './played.js'

const part = { length: 2, extras: [] }
const parts: View['parts'] = new Map([['trunk', part], ['expert-1', part], ['whole', part]])

const row = (round: number) => ({ round, opened: 0, closed: 1, selected: ['client-a'], folded: ['client-a'], outcome: 'closed', reason: 'all answered' }) as const
const opens = (round: number): Told => ({ kind: 'region-open', round, selected: ['client-a'] })
const closes = (round: number): Told => ({ kind: 'region-close', row: row(round) })
const admits = (envelope: number, from: string, round: number, message: 'model' | 'update', of = 'whole'): Told => ({ kind: 'admit', envelope, message, from, round, part: of })

/** A regional aggregator gathers the model of round 1, takes 30 and 12 examples in, and folds them in round 1 of its region. */
const flown = (damages = false) => {
  const examples = [30, 12]
  const flight = played(regions, {
    parts, damages, clients: new Set(['client-a', 'client-b']),
    bytes: (id) => frameOf({ kind: 'update', round: 1, examples: examples[id], steps: 1 }, new Uint8Array(8)),
  })
  flight.tell('regional-x', admits(99, 'aggregator', 1, 'model', 'trunk'))
  flight.tell('regional-x', opens(1))
  for (const [id, client] of ['client-a', 'client-b'].entries()) {
    flight.send(id, { from: client, to: 'regional-x', part: 'whole' })
    flight.arrive(id)
    flight.tell('regional-x', admits(id, client, 1, 'update'))
  }
  flight.tell('regional-x', { ...folds({ updates: [['client-a', 1, 0], ['client-b', 1, 0]] }), part: 'whole' } as Told)
  const answers = (says: number, of = 'trunk', round = 1): void => {
    const id = examples.push(says) - 1
    flight.send(id, { from: 'regional-x', part: of, round, to: of === 'trunk' ? 'aggregator' : of })
    flight.arrive(id)
  }
  return { flight, answers }
}

it('accepts an answer for those whose updates were folded last, at every owner, and again', () => {
  const { answers } = flown()
  answers(42, 'expert-1')
  answers(42)
  answers(42)
})

it('catches an answer for others, or for nobody, to any owner', () => {
  expect(() => flown().answers(43)).toThrow('regional-x answers for round 1 with 43 examples, and its region has folded 42 (client-a, client-b)')
  const { flight, answers } = flown()
  answers(42)
  expect(() => answers(30, 'expert-1')).toThrow('with 30 examples')
  flight.tell('regional-x', admits(98, 'aggregator', 2, 'model', 'trunk'))
  expect(() => answers(42, 'trunk', 2)).toThrow('regional-x answers for round 2, and its region has folded nothing for it')
})

it('says nothing of what was damaged and not found out, and of what a life before had answered', () => {
  flown(true).answers(7)
  const { flight, answers } = flown()
  answers(42)
  flight.tell('regional-x', { kind: 'life', what: 'crash', fault: 'f', keeps: 'checkpoint', back: 9 })
  flight.tell('regional-x', admits(98, 'aggregator', 2, 'model', 'trunk'))
  answers(42)
})

it('catches a client of two regions, and rounds of a region out of their order', () => {
  const { flight } = flown()
  expect(() => flight.tell('regional-y', admits(0, 'client-a', 1, 'update'))).toThrow('regional-y takes an update of client-a in, who is of the region of regional-x')
  expect(() => flown().flight.tell('regional-x', opens(2))).toThrow('regional-x opens round 2 of its region while round 1 is open')
  const closed = flown().flight
  closed.tell('regional-x', closes(1))
  expect(() => closed.tell('regional-x', opens(1))).toThrow('regional-x opens round 1 of its region after round 1')
  expect(() => closed.tell('regional-x', closes(1))).toThrow('regional-x closes round 1 of its region after round 1')
  // Each region has its own.
  closed.tell('regional-y', opens(1))
})
