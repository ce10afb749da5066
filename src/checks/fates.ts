import type { EventOf } from '../record/event.js'
import type { LedgerRow } from '../record/rows.js'
import { ByOwner, check, Violation } from './check.js'

interface Memory {
  /** Rounds that ended at each owner, and whether it folds no more. */
  readonly ended: ByOwner<Set<number>>
  readonly over: ByOwner<true>
  /** By number of the envelope. */
  readonly settled: boolean[]
  /** What came before its turn, where messages are acknowledged. */
  readonly early: Set<number>
  /** Models of which there are copies, and whether one of them was used. (Of updates see the check `once`.) */
  readonly copied: Map<string, boolean>
}

const second = ({ at: time, fate, row: { id, kind, from, to, round, fate: first } }: EventOf<'settle'>): never => {
  const what = `the ${kind} of round ${round} from ${from} to ${to} is ${first} and becomes ${fate}`
  throw new Violation('fates', what, { time, round, actors: [from, to], envelopes: [id] })
}

const nameOf = ({ from, to, kind, round, part, attempt }: LedgerRow): string =>
  `${from} ${to} ${kind} ${round} ${part} ${attempt}`

const usedOnce = ({ at: time, row }: EventOf<'settle'>, copied: Map<string, boolean>): void => {
  const name = nameOf(row)
  const used = copied.get(name)
  if (used === undefined) return
  copied.set(name, true)
  if (!used) return
  const { id, kind, from, to, round } = row
  const what = `two copies of the ${kind} of round ${round} from ${from} to ${to} are used`
  throw new Violation('fates', what, { time, round, actors: [from, to], envelopes: [id] })
}

export const fates = check<Memory>({
  name: 'fates',
  promise:
    'A copy of a message gets one fate, and at most one copy of a model is used. Every copy that arrived has its fate at ' +
    'the end, but for what waits at an owner that never heard of the end of its round, or for its turn.',
  kinds: ['copy', 'settle', 'part-close', 'early', 'taken'],
  begin: () => ({ ended: new ByOwner(), over: new ByOwner(), settled: [], early: new Set(), copied: new Map() }),
  see: (event, { ledger }, { ended, over, settled, early, copied }) => {
    if (event.kind === 'early') early.add(event.envelope)
    if (event.kind === 'taken') early.delete(event.envelope)
    if (event.kind === 'copy' && event.message === 'model') copied.set(nameOf(ledger.row(event.envelope)), false)
    if (event.kind === 'settle') {
      if (settled[event.envelope]) second(event)
      settled[event.envelope] = true
      if (copied.size > 0 && event.fate === 'used') usedOnce(event, copied)
    }
    if (event.kind !== 'part-close') return
    const { actor, part, round, ends } = event
    const rounds = ended.get(actor, part) ?? ended.set(actor, part, new Set())
    rounds.add(round)
    if (ends === 'all') over.set(actor, part, true)
  },
  end: ({ ledger, now: time, rounds: { overlapping } }, { ended, over, early }) => {
    const waits = ({ id, kind, from, to, part, round }: LedgerRow): boolean => {
      if (early.has(id)) return true
      if (kind !== 'model' && kind !== 'update') return false
      const owner = kind === 'model' ? from : to
      return overlapping ? over.get(owner, part) !== true : ended.get(owner, part)?.has(round) !== true
    }
    for (let copy = 0; copy < ledger.length; copy++) {
      if (!ledger.isOpen(copy)) continue
      const row = ledger.row(copy)
      if (waits(row)) continue
      const { id, kind, part, round, from, to } = row
      const what = `the ${kind} ${part} of round ${round} from ${from} reached ${to} and has no fate`
      throw new Violation('fates', what, { time, round, actors: [from, to], envelopes: [id] })
    }
  },
})
