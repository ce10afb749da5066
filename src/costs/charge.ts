import type { Fate } from '../record/message.js'
import type { LedgerRow, TrainingRow } from '../record/rows.js'
import { type Name, roleOfName } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { Allowance } from './allowance.js'
import { endsOf } from './ends.js'
import type { Prices } from './prices.js'
import { tailsOf } from './tails.js'

/** What something was spent on. */
export const purposes = ['training', 'sent', 'received', 'tail', 'infrastructure', 'egress', 'among servers', 'running'] as const
export type Purpose = (typeof purposes)[number]

/** One thing that was paid for. */
export interface Charge {
  readonly payer: Name
  readonly role: 'client' | 'server'
  readonly purpose: Purpose
  /** Of the message, of the training; `running`: of a server, for being there. */
  readonly outcome: Fate | TrainingRow['outcome'] | 'running'
  /** Whether anything came of it. */
  readonly useful: boolean
  readonly round: number
  /** When: the end of a training, the sending of a message. */
  readonly at: Micros
  readonly joules: number
  readonly money: number
}

/** The rows of a flight, and how long it was. */
export interface Priced {
  readonly ledger: readonly LedgerRow[]
  readonly trainings: readonly TrainingRow[]
  /** Undefined: it has not come to its end; then it is the last moment of which the rows tell. */
  readonly virtualTime?: Micros | undefined
}

/** Messages of which something came: what was folded, what it was made from, and what kept the rounds going. */
export const useful: ReadonlySet<Fate> = new Set(['used', 'control'])

/** Whether anything came of a message. */
export const isUseful = (fate: Fate): boolean => useful.has(fate)

const lastOf = ({ ledger, trainings }: Priced): Micros =>
  trainings.reduce((last, { end }) => Math.max(last, end), ledger.reduce((last, { sent, delivered }) => Math.max(last, delivered ?? sent), 0))

const inOrder = (ledger: readonly LedgerRow[]): readonly LedgerRow[] => {
  const order = (a: LedgerRow, b: LedgerRow): number => a.sent - b.sent || a.id - b.id
  // As it is written at the end; while a run is flown, rows are in the order in which they got their fates.
  return ledger.every((row, i) => i === 0 || order(ledger[i - 1], row) < 0) ? ledger : ledger.toSorted(order)
}

/**
 * Everything that a flight is to pay for, in no order that means anything. Every copy counts, and every time that it was sent
 * again, with the bytes that travelled: of a message that was lost, those that had passed by then. So a client pays for what
 * was sent to it and lost on its way, as totals of bytes count it. Between peers both pay, one for sending and one for receiving.
 *
 *     training   watts in training x (end - start)
 *     bytes      joules per million bytes x travelled
 *     tail       watts x time for which the radio is on after bytes, each moment once (`tailsOf`)
 *     money      price of 10^9 bytes x what of `travelled` is beyond the allowance (`Allowance`)
 *     servers    (watts x duration of the flight + joules per million bytes among them) x PUE
 */
export const charge = (flight: Priced, prices: Prices, pay: (charge: Charge) => void): void => {
  const { trainings } = flight
  const ledger = inOrder(flight.ledger)
  for (const { client, round, start, end, outcome } of trainings) {
    const joules = (prices.of(client).training * (end - start)) / 1e6
    pay({ payer: client, role: 'client', purpose: 'training', outcome, useful: outcome === 'used', round, at: end, joules, money: 0 })
  }
  const allowance = new Allowance()
  const servers = new Set<Name>()
  for (const row of ledger) {
    const { from, to, direction, round, sent: at, travelled, fate: outcome } = row
    if (direction !== 'up') servers.add(from)
    if (direction !== 'down' && roleOfName(to) !== 'client') servers.add(to)
    const about = { outcome, useful: useful.has(outcome), round, at }
    if (direction === 'inside') {
      if (prices.servers === undefined) continue
      const { bytes, pue } = prices.servers
      pay({ payer: from, role: 'server', purpose: 'among servers', ...about, joules: (bytes * pue * travelled) / 1e6, money: 0 })
      continue
    }
    for (const { client, way } of endsOf(row)) {
      const own = prices.of(client)
      const paid = allowance.beyond(client, own.tariff, at, travelled)
      const [purpose, perMillion, perGiga] = way === 'up'
        ? (['sent', own.sent, own.tariff?.up ?? 0] as const)
        : (['received', own.received, own.tariff?.down ?? 0] as const)
      pay({ payer: client, role: 'client', purpose, ...about, joules: (perMillion * travelled) / 1e6, money: (perGiga * paid) / 1e9 })
      if (own.infrastructure > 0) {
        pay({ payer: client, role: 'client', purpose: 'infrastructure', ...about, joules: (own.infrastructure * travelled) / 1e6, money: 0 })
      }
    }
    if (direction === 'down' && prices.servers !== undefined && prices.servers.egress > 0) {
      pay({ payer: from, role: 'server', purpose: 'egress', ...about, joules: 0, money: (prices.servers.egress * travelled) / 1e9 })
    }
  }
  for (const { row: { fate: outcome, round, sent: at }, client, joules } of tailsOf(ledger, prices)) {
    pay({ payer: client, role: 'client', purpose: 'tail', outcome, useful: useful.has(outcome), round, at, joules, money: 0 })
  }
  if (prices.servers === undefined) return
  const { watts, pue } = prices.servers
  const until = flight.virtualTime ?? lastOf(flight)
  for (const payer of [...servers].sort()) {
    pay({ payer, role: 'server', purpose: 'running', outcome: 'running', useful: true, round: 0, at: until, joules: (watts * pue * until) / 1e6, money: 0 })
  }
}
