import type { LedgerRow, RoundRow, TrainingRow } from '../record/rows.js'
import { type Name, roleOfName } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Away } from './lives.js'

/** What can go wrong at a moment. */
export const troubleKinds = ['late', 'lost', 'rejected', 'partial', 'cut short', 'crash', 'pause', 'aborted'] as const
export type TroubleKind = (typeof troubleKinds)[number]

/** Something that went wrong, and to whom. */
export interface Trouble {
  readonly what: TroubleKind
  readonly actor: Name
  readonly at: Micros
  readonly told: string
}

/** Ends of trainings of which nothing was sent. */
const cutShort: ReadonlySet<string> = new Set(['interrupted', 'abandoned', 'crashed', 'unsent'])

const kindOf: Readonly<Record<string, TroubleKind>> = { late: 'late', lost: 'lost', refused: 'lost', rejected: 'rejected' }

/** Whose row a message stands in: the client's that has sent it, or to whom it was sent. */
export const clientOf = ({ from, to, direction }: Pick<LedgerRow, 'from' | 'to' | 'direction'>): Name => (direction === 'down' ? to : from)

/** The most examples that each client trains on at once. */
const usual = (trainings: readonly TrainingRow[]): ReadonlyMap<Name, number> => {
  const most = new Map<Name, number>()
  for (const { client, examples } of trainings) most.set(client, Math.max(examples, most.get(client) ?? 0))
  return most
}

/**
 * All that went wrong in a flight, in the order of time: messages that were lost, late or rejected (of one that was lost, when it was
 * sent), trainings that were cut short or had fewer examples than that client’s most, deaths and sleeps, rounds that were aborted.
 */
export const troublesIn = (
  { ledger, trainings, rounds, aways }: { readonly ledger: readonly LedgerRow[]; readonly trainings: readonly TrainingRow[]; readonly rounds: readonly RoundRow[]; readonly aways: readonly Away[] },
): readonly Trouble[] => {
  const found: Trouble[] = []
  for (const row of ledger) {
    const what = kindOf[row.fate]
    if (what === undefined || row.direction === 'inside') continue
    const { kind, part, round, from, to, fate, sent, delivered } = row
    found.push({ what, actor: clientOf(row), at: delivered ?? sent, told: `${kind}${part === '' ? '' : ` ${part}`} of round ${round} from ${from} to ${to}: ${fate}` })
  }
  const most = usual(trainings)
  for (const { client: actor, round, end: at, examples, outcome } of trainings) {
    if (cutShort.has(outcome)) found.push({ what: 'cut short', actor, at, told: `training of round ${round}: ${outcome}` })
    else if (examples < most.get(actor)!) found.push({ what: 'partial', actor, at, told: `training of round ${round}: ${examples} of ${most.get(actor)} examples` })
  }
  for (const { what, actor, from: at, back } of aways) found.push({ what: what === 'dead' ? 'crash' : 'pause', actor, at, told: `${actor} is ${what}${back ? '' : ', and never comes back'}` })
  for (const { round, closed: at, outcome, reason } of rounds) if (outcome === 'aborted') found.push({ what: 'aborted', actor: 'rounds', at, told: `round ${round} was aborted: ${reason}` })
  return found.sort((a, b) => a.at - b.at)
}

/** A stretch of time of an actor. */
export interface Stretch {
  readonly what: 'training' | 'transfer down' | 'transfer up' | 'waiting' | 'away' | 'round'
  readonly actor: Name
  readonly from: Micros
  readonly until: Micros
  readonly told: string
}

const isRegional = ({ from, to }: Pick<LedgerRow, 'from' | 'to'>): boolean => roleOfName(from) === 'regional' || roleOfName(to) === 'regional'

interface Merged {
  actor: Name
  what: 'transfer down' | 'transfer up'
  round: number
  from: Micros
  until: Micros
}

/**
 * Messages with parameters, those of one round, way and actor as one stretch while one of them is on its way: at its client and at its
 * owner. `ledger`: in the order of sending.
 */
const transfers = (ledger: readonly LedgerRow[]): Stretch[] => {
  const merged = new Map<string, Merged>()
  const found: Merged[] = []
  for (const row of ledger) {
    const { kind, sent, delivered, copy, direction, round } = row
    if ((kind !== 'model' && kind !== 'update') || delivered === null || copy > 0) continue
    const what = direction === 'down' ? 'transfer down' : 'transfer up'
    // Rounds of a region have numbers of their own.
    const inRegion = isRegional(row) && roleOfName(clientOf(row)) === 'client'
    for (const actor of [clientOf(row), ...(direction === 'down' ? [row.from] : roleOfName(row.to) === 'client' ? [] : [row.to])]) {
      const key = `${round} ${what} ${actor} ${inRegion}`
      const own = merged.get(key)
      if (own !== undefined && sent <= own.until) own.until = Math.max(own.until, delivered)
      else {
        const next: Merged = { actor, what, round, from: sent, until: delivered }
        merged.set(key, next)
        found.push(next)
      }
    }
  }
  return found.map(({ round, ...own }) => ({ ...own, told: `${own.what}, round ${round}` }))
}

/** What everybody did and when: trained, moved parameters, was away; when rounds were open, and who was waited for in them. */
export const stretchesOf = (
  { ledger, trainings, rounds, aways }: { readonly ledger: readonly LedgerRow[]; readonly trainings: readonly TrainingRow[]; readonly rounds: readonly RoundRow[]; readonly aways: readonly Away[] },
): readonly Stretch[] => [
  ...rounds.flatMap(({ round, opened: from, closed: until, outcome, reason, selected, staleness }): Stretch[] => [
    { what: 'round', actor: 'rounds', from, until, told: `round ${round} ${outcome}: ${reason}` },
    // Where rounds overlap, who is asked goes on with another while the first is open.
    ...(staleness === undefined ? selected.map((actor): Stretch => ({ what: 'waiting', actor, from, until, told: `asked in round ${round}` })) : []),
  ]),
  ...transfers(ledger),
  ...trainings.map(({ client: actor, start: from, end: until, round, examples, outcome }): Stretch => ({ what: 'training', actor, from, until, told: `training of round ${round}, ${examples} examples: ${outcome}` })),
  ...aways.map(({ actor, what, from, until, back }): Stretch => ({ what: 'away', actor, from, until, told: `${what}${back ? '' : ', never back'}` })),
]
