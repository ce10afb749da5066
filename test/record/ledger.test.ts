import { expect, it } from 'vitest'

import { FlightRecorder } from '../../src/record/flight-recorder.js'
import { Ledger } from '../../src/record/ledger.js'

const sent = {
  kind: 'send', envelope: 0, to: 'b', message: 'update', round: 1, part: 'trunk', roles: [], direction: 'up',
  attempt: 0, copy: 0, bytes: 10,
} as const

it('the first fate is final, and an event of a fate holds the row', () => {
  const record = new FlightRecorder(() => 5)
  const ledger = new Ledger(record)
  const seen: unknown[] = []
  record.read(ledger, { kinds: ['settle'], see: (event) => seen.push(event.kind === 'settle' && event.row) })
  record.tell('a', { ...sent })
  record.tell('b', { kind: 'settle', envelope: 0, fate: 'used' })
  record.tell('b', { kind: 'settle', envelope: 0, fate: 'late' })
  expect(seen).toEqual([ledger.row(0), ledger.row(0)])
  expect(ledger.row(0).fate).toBe('used')
})

it('what readers tell comes when all have seen what it follows from, with that event for a cause', () => {
  const record = new FlightRecorder(() => 5)
  const ledger = new Ledger(record)
  const seen: (readonly [number, string, number])[] = []
  record.read(ledger, { see: ({ id, kind, cause }) => seen.push([id, kind, cause]) })
  record.tell('a', { ...sent })
  record.tell('b', { kind: 'drop', envelope: 0, from: 'a', round: 1, travelled: 4, fault: undefined })
  expect(seen).toEqual([[0, 'send', -1], [1, 'drop', -1], [2, 'settle', 1]])
  expect(ledger.row(0)).toMatchObject({ fate: 'lost', travelled: 4, delivered: null })
})

it('an error of a reader ends the flight, whoever acted', () => {
  const failed: unknown[] = []
  const record = new FlightRecorder(() => 5, (error) => failed.push(error))
  const error = new Error('no')
  record.read({
    see: () => {
      throw error
    },
  })
  expect(() => record.tell('a', { ...sent })).toThrow(error)
  expect(failed).toEqual([error])
})
