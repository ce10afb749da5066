import type { Name, Role } from '../roster/participant.js'
import type { Selector } from '../roster/selectors.js'
import { formatMicros } from '../time/micros.js'
import type { Planned } from './fault.js'
import type { Link } from './link.js'
import { shareOf } from './selections.js'
import type { Repeat, Trigger } from './trigger.js'
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

/** `, until 10:00.000`, `, until the first `returned` of expert-1` */
export const untilWords = (until: When['until']): string => {
  if (until === undefined) return ''
  return `, until ${typeof until === 'number' ? formatMicros(until) : triggered(until).replace(/^ (at|in) /, '')}`
}

/** `, rounds 5-12, from 10:00.000` */
export const when = ({ rounds, from, until, when: trigger, lasts, repeat }: When): string => {
  const inRounds =
    rounds === undefined ? '' : rounds[0] === rounds[1] ? `, round ${rounds[0]}` : `, rounds ${rounds[0]}-${rounds[1]}`
  const begins = from === undefined ? '' : `, from ${formatMicros(from)}`
  const ends = untilWords(until)
  if (trigger === undefined) return inRounds + begins + ends
  const long = lasts === undefined ? '' : ` for ${formatMicros(lasts)}`
  return `${inRounds}${begins}, from${triggered(trigger).replace(/^ at/, '')} on${long}${repeated(repeat)}${ends}`
}

/** `, injected at 12.300 s, healed at 20.000 s` */
export const byHand = ({ injected, healed }: Planned): string =>
  (injected === undefined ? '' : `, injected at ${formatMicros(injected.at)}`) +
  (healed === undefined ? '' : `, healed at ${formatMicros(healed.at)}`)

const anyOf = { client: 'any client', expert: 'any expert', aggregator: 'the aggregator', shard: 'any shard', regional: 'any regional aggregator' } as const satisfies Record<Role, string>

const end = (selector: Selector | undefined, drawn: readonly Name[] | undefined): string =>
  selector === undefined ? 'anyone' : selector.select === 'role' ? anyOf[selector.role] : names(drawn ?? [])

/** `update messages of trunk from any client to the aggregator` */
export const messages = (link: Link, { from, to }: Planned): string => {
  const what = [link.message, 'messages'].filter(Boolean).join(' ')
  const part = link.part === undefined ? '' : ` of ${link.part}`
  const way = link.direction === undefined ? '' : ` (${link.direction})`
  return `${what}${part} from ${end(link.from, from)} to ${end(link.to, to)}${way}`
}

const ordinal = (n: number): string => {
  const tens = n % 100
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${ending}`
}

/** ` in round 8 after 1 update`, ` when the 3rd model from expert-2 is sent` */
export const triggered = (trigger: Trigger): string => {
  if (!('event' in trigger)) {
    const of = trigger.part === undefined ? '' : ` of ${trigger.part}`
    return ` in round ${trigger.round} after ${many(trigger.after, 'update')}${of}`
  }
  const { event, actor, from, to, message, part, round, fault, nth } = trigger
  const words = [
    nth === 1 ? 'at the first' : `at the ${ordinal(nth)}`, `\`${event}\``,
    ...(message === undefined ? [] : [`of a ${message}`]), ...(part === undefined ? [] : [`about ${part}`]),
    ...(actor === undefined ? [] : [`of ${actor}`]), ...(from === undefined ? [] : [`from ${from}`]),
    ...(to === undefined ? [] : [`to ${to}`]), ...(fault === undefined ? [] : [`by ${fault}`]),
    ...(round === undefined ? [] : [`in round ${round}`]),
  ]
  return ` ${words.join(' ')}`
}

/** `, 3 times, every 10:00.000` */
export const repeated = (repeat: Repeat | undefined): string => {
  if (repeat === undefined) return ''
  return `, ${repeat.times} times${repeat.every === undefined ? '' : `, every ${formatMicros(repeat.every)}`}`
}
