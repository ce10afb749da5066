import type { Name } from '../roster/participant.js'
import type { Selector } from '../roster/selectors.js'
import { formatMicros } from '../time/micros.js'
import type { Planned } from './fault.js'
import type { Link } from './link.js'
import { shareOf } from './selections.js'
import type { When } from './window.js'

/** `client-2, client-5`, at most six of them. */
export const names = (targets: readonly Name[]): string =>
  targets.length <= 6 ? targets.join(', ') : `${targets.slice(0, 5).join(', ')} and ${targets.length - 5} more`

/** Whom a fault on clients is about: their names, or `90 % of those selected`. */
export const whom = ({ fault, targets }: Planned): string => {
  const share = shareOf(fault)
  return share === undefined ? names(targets) : `${percent(share)} of those selected`
}

/** The verb of what a fault makes clients do: `leaves` of one that is named, `leave` of all others. */
export const verb = ({ fault, targets }: Planned, ofOne: string, ofMany: string): string =>
  targets.length === 1 && shareOf(fault) === undefined ? ofOne : ofMany

export const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** `1 training`, `2,000 trainings`. */
export const many = (n: number, one: string, several = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : several}`

/** What is lost, in a report. `how`: on which occasion. */
export const messagesLost = (n: number, bytes: number, how = 'lost'): string =>
  `${many(n, 'message')} ${how} (${grouped(bytes)} bytes had left the sender)`

/** `, with 30 % probability` */
export const coin = ({ probability }: { readonly probability?: number }): string =>
  probability === undefined || probability === 1 ? '' : `, with ${percent(probability)} probability`

/** `, rounds 5-12, from 10:00.000` */
export const when = ({ rounds, from, until }: When): string => {
  const inRounds =
    rounds === undefined ? '' : rounds[0] === rounds[1] ? `, round ${rounds[0]}` : `, rounds ${rounds[0]}-${rounds[1]}`
  const begins = from === undefined ? '' : `, from ${formatMicros(from)}`
  const ends = until === undefined ? '' : `, until ${formatMicros(until)}`
  return inRounds + begins + ends
}

/** `, injected at 12.300 s, healed at 20.000 s` */
export const byHand = ({ injected, healed }: Planned): string =>
  (injected === undefined ? '' : `, injected at ${formatMicros(injected.at)}`) +
  (healed === undefined ? '' : `, healed at ${formatMicros(healed.at)}`)

const anyOf = { client: 'any client', expert: 'any expert', aggregator: 'the aggregator' } as const

const end = (selector: Selector | undefined, drawn: readonly Name[] | undefined): string =>
  selector === undefined ? 'anyone' : selector.select === 'role' ? anyOf[selector.role] : names(drawn ?? [])

/** `update messages of trunk from any client to the aggregator` */
export const messages = (link: Link, { from, to }: Planned): string => {
  const what = [link.message, 'messages'].filter(Boolean).join(' ')
  const part = link.part === undefined ? '' : ` of ${link.part}`
  const way = link.direction === undefined ? '' : ` (${link.direction})`
  return `${what}${part} from ${end(link.from, from)} to ${end(link.to, to)}${way}`
}
