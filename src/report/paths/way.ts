import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import { isMain, type RoundRows } from './round-rows.js'

/** What time goes into between the opening of a round and its close. `up`: among peers, the exchange with others. */
export const stages = ['down', 'compute', 'up', 'waiting'] as const
export type Stage = (typeof stages)[number]

export interface Span {
  readonly stage: Stage
  readonly from: Micros
  readonly until: Micros
}

/** What the time of a round went into, as one of those sees it who were asked: spans follow each other without a gap. */
export interface Way {
  readonly client: Name
  readonly from: Micros
  readonly until: Micros
  readonly spans: readonly Span[]
  /** When the update was there that counted; undefined: none did. */
  readonly answered: Micros | undefined
  /** What came of it: `counted`, the outcome of its training, `exchanged with nobody`, or `nothing`: it did not train. */
  readonly came: string
}

/** How rounds are flown: for all at once, each by itself, without a server, or through regional aggregators. */
export type Manner = 'common' | 'overlapping' | 'peers' | 'regions'

/** A stage that lasts until a moment, which may be unknown, or over before those ahead of it are. */
type Stop = readonly [Stage, Micros | undefined]

const spansOf = (from: Micros, until: Micros, stops: readonly Stop[]): Span[] => {
  const spans: Span[] = []
  let now = from
  for (const [stage, at] of [...stops, ['waiting', until] as const]) {
    const end = Math.min(at ?? now, until)
    if (end <= now) continue
    const last = spans.at(-1)
    if (last?.stage === stage) spans[spans.length - 1] = { ...last, until: end }
    else spans.push({ stage, from: now, until: end })
    now = end
  }
  return spans
}

/** The least, or the greatest, of what is known. */
const least = (times: readonly (Micros | null)[]): Micros | undefined => times.reduce<Micros | undefined>((min, at) => (at !== null && (min === undefined || at < min) ? at : min), undefined)
const greatest = (times: readonly (Micros | null)[]): Micros | undefined => times.reduce<Micros | undefined>((max, at) => (at !== null && (max === undefined || at > max) ? at : max), undefined)

/**
 * The way of one client to the close of a round.
 *
 *     waiting   until the first part of the model leaves for it
 *     down      until the last part that it trains on is there
 *     waiting   until it trains: for its patience, its device
 *     compute   each training; of a regional aggregator, the rounds of its region
 *     waiting   until it sends
 *     up        from the first part that it sends to the arrival of the one by which rounds are counted
 *     waiting   until the round closes
 *
 * A peer is sent no model, and exchanges in place of `up`: until the last update of the round that counted has reached it.
 * What is lost takes no time of these, but is waited for.
 */
export const wayOf = (rows: RoundRows, client: Name, round: number, from: Micros, until: Micros, manner: Manner): Way => {
  const trainings = rows.trainings(round, client)
  const updates = rows.updates(round, client)
  const begin = trainings[0]?.start ?? least(updates.map(({ sent }) => sent)) ?? until
  const models = rows.models(round, client)
  const used = updates.filter((row) => row.fate === 'used' && isMain(row))
  const answered = least((used.length > 0 ? used : []).map(({ delivered }) => delivered))
  const arrived = greatest(models.map(({ delivered }) => (delivered !== null && delivered <= begin ? delivered : null)))
  const sent = least(updates.map((row) => row.sent))
  const exchanged = manner === 'peers'
    ? greatest([...used, ...rows.received(round, client).filter(({ fate }) => fate === 'used')].map(({ delivered }) => delivered))
    : answered ?? least(updates.filter(isMain).map(({ delivered }) => delivered))
  const worked: Stop[] = manner === 'regions'
    ? [['compute', sent]]
    : [...trainings.flatMap(({ start, end }): Stop[] => [['waiting', start], ['compute', end]]), ['waiting', sent]]
  const spans = spansOf(from, until, [['waiting', least(models.map((row) => row.sent))], ['down', arrived], ...worked, ['up', exchanged]])
  if (answered !== undefined && answered <= until) return { client, from, until, spans, answered, came: 'counted' }
  const outcome = trainings.at(-1)?.outcome ?? 'nothing'
  // A peer keeps what it has learnt, whoever hears of it.
  return { client, from, until, spans, answered: undefined, came: outcome === 'used' ? 'exchanged with nobody' : outcome }
}

/** How long a way was at each stage. */
export const timeIn = ({ spans }: Pick<Way, 'spans'>): Record<Stage, Micros> => {
  const sums = { down: 0, compute: 0, up: 0, waiting: 0 }
  for (const { stage, from, until } of spans) sums[stage] += until - from
  return sums
}
