import { describe, expect, it } from 'vitest'

import type { FaultReport } from '../../src/faults/report.js'
import { consequencesOf } from '../../src/report/consequences.js'
import { stretchesOf, troublesIn } from '../../src/report/troubles.js'
import { ledger, ledgerRow, rounds, trainings } from '../runs/flights.js'

const fault = (own: Partial<FaultReport>): FaultReport => ({ id: 'lose-1', kind: 'lose', text: 'losses', targets: [], fired: 1, outcome: '1 message lost', ...own })

const round = (number: number, opened: number, closed: number) => ({ ...rounds[0], round: number, opened, closed })

describe('what fell into the time of a fault', () => {
  const many = [round(1, 0, 10), round(2, 10, 30), round(3, 30, 42), round(4, 42, 50)]

  it('are trainings and bytes of whom it is about, and rounds that took longer than calm ones', () => {
    const { faults: [about, all], calm } = consequencesOf({
      faults: [fault({ targets: ['client-b', 'aggregator'] }), fault({ fired: 0 })], rounds: many, trainings, ledger,
      bands: [{ fault: 'losses', from: 11, until: 29, fired: 1 }, { fault: 'losses', from: 0, until: 50, fired: 0 }],
    })
    // Rounds 1, 3 and 4 take 10, 12 and 8; a fault that never struck disturbs nobody.
    expect(calm).toBe(10)
    // Of b one training ends at 25, and 40 bytes are lost; what a is sent and sends is not what the fault is about.
    expect(about).toMatchObject({ trainings: { lost: 1, all: 1 }, wasted: 40, longer: { rounds: 1, of: 1 } })
    expect(all).toMatchObject({ trainings: { lost: 2, all: 4 }, wasted: 140, longer: { rounds: 2, of: 4 } })
  })

  it('says of no round that it took longer where none was calm', () => {
    const { faults: [one], calm } = consequencesOf({ faults: [fault({})], rounds: many, trainings, ledger, bands: [{ fault: 'losses', from: 0, until: 50, fired: 1 }] })
    expect([calm, one.longer]).toEqual([undefined, undefined])
  })
})

describe('what went wrong', () => {
  const aways = [{ actor: 'client-b', what: 'dead', from: 38, until: 50, back: false }] as const

  it('is told in the order of time, with whom it befell', () => {
    const found = troublesIn({ ledger: [...ledger, ledgerRow({ id: 7, sent: 3, delivered: 33, from: 'client-a', to: 'aggregator', direction: 'up', kind: 'update', fate: 'late' })], trainings: [...trainings, { ...trainings[0], start: 60, end: 62, examples: 32 }], rounds, aways })
    expect(found.map(({ at, what, actor }) => [at, what, actor])).toEqual([
      [25, 'lost', 'client-b'], [33, 'late', 'client-a'], [38, 'cut short', 'client-b'], [38, 'crash', 'client-b'], [62, 'partial', 'client-a'], [60e6, 'aborted', 'rounds'],
    ])
  })

  it('has parts that move together as one stretch, and what is sent later as another', () => {
    const more = [
      ledgerRow({ id: 1, sent: 0, delivered: 10 }), ledgerRow({ id: 2, sent: 4, delivered: 20, from: 'expert-1', part: 'expert-1' }), ledgerRow({ id: 3, sent: 50, delivered: 60, attempt: 1 }),
      // Of a region, whose rounds have numbers of their own.
      ledgerRow({ id: 4, sent: 5, delivered: 15, to: 'regional-north' }), ledgerRow({ id: 5, sent: 30, delivered: 40, from: 'regional-north', to: 'client-c' }),
    ]
    const moves = stretchesOf({ ledger: more, trainings: [], rounds: [], aways: [] }).map(({ actor, from, until }) => [actor, from, until])
    expect(moves.filter(([actor]) => actor === 'client-a')).toEqual([['client-a', 0, 20], ['client-a', 50, 60]])
    expect(moves.filter(([actor]) => actor === 'regional-north')).toEqual([['regional-north', 5, 15], ['regional-north', 30, 40]])
  })
})
