import type { LedgerRow } from '../record/rows.js'
import { check, Violation } from './check.js'

interface Memory {
  /** Rounds that ended at each owner, by part. */
  readonly ended: Map<string, Set<number>>
  readonly over: Set<string>
}

export const fates = check<Memory>({
  name: 'fates',
  promise:
    'Every copy of a message that arrived has its fate at the end, but for what waits at an owner that never heard of ' +
    'the end of its round.',
  kinds: ['part-close'],
  begin: () => ({ ended: new Map(), over: new Set() }),
  see: (event, _, { ended, over }) => {
    if (event.kind !== 'part-close') return
    const { part, round, ends } = event
    const rounds = ended.get(part)
    if (rounds === undefined) ended.set(part, new Set([round]))
    else rounds.add(round)
    if (ends === 'all') over.add(part)
  },
  end: ({ ledger, now: time, rounds: { overlapping } }, { ended, over }) => {
    const waits = ({ kind, part, round }: LedgerRow): boolean => {
      if (kind === 'open' || kind === 'close') return false
      return overlapping ? !over.has(part) : ended.get(part)?.has(round) !== true
    }
    for (const row of ledger.rows) {
      if (row.delivered === null || row.fate !== 'unresolved' || waits(row)) continue
      const { id, kind, part, round, from, to } = row
      const what = `the ${kind} ${part} of round ${round} from ${from} reached ${to} and has no fate`
      throw new Violation('fates', what, { time, round, actors: [from, to], envelopes: [id] })
    }
  },
})
