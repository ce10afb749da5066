import { entryOf } from '../../faults/registry.js'
import type { FlightEvent } from '../../record/event.js'
import type { Name } from '../../roster/participant.js'
import { formatMicros, type Micros } from '../../time/micros.js'

/** What is to be known beside an event to tell it. */
export interface Telling {
  /** The kind of a fault, by its id. */
  kindOf(fault: string): string | undefined
  /** Who cut a training short: a fault, or `schedule`. */
  cutBy(training: Extract<FlightEvent, { kind: 'trained' }>): string
  /** What left its sender as this copy. */
  departureOf(envelope: number): Extract<FlightEvent, { kind: 'send' | 'copy' }> | undefined
}

const list = (names: readonly Name[]): string =>
  names.length === 0 ? 'nobody' : names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** `the update of round 4 for trunk (#127)` */
const messageOf = (envelope: number, { departureOf }: Telling): string => {
  const departure = departureOf(envelope)
  if (departure === undefined) return `message #${envelope}`
  const { message, round, part } = departure
  return `${message} of round ${round}${part === '' ? '' : ` for ${part}`} (#${envelope})`
}

/** Whose message it is, or for whom: whichever the actor itself is not. */
const routeOf = ({ envelope, actor }: { readonly envelope: number; readonly actor: Name }, { departureOf }: Telling): string => {
  const departure = departureOf(envelope)
  if (departure === undefined) return ''
  const { actor: from, to } = departure
  return `${actor === from ? '' : ` from ${from}`}${actor === to ? '' : ` for ${to}`}`
}

const blame = (fault: string | undefined): string => (fault === undefined ? '' : fault === 'schedule' ? ', by its schedule' : `, by ${fault}`)

/** What a fault did, in its own words. */
const effectOf = (event: Extract<FlightEvent, { kind: 'fault' }>, telling: Telling): string => {
  const { fault, unit, effect, amount } = event
  const of = typeof unit === 'number' ? ` (${messageOf(unit, telling)})` : ''
  if (effect === undefined) return `${fault} strikes${of}`
  const kind = telling.kindOf(fault)
  const words = kind === undefined ? undefined : entryOf({ kind }).effects[effect]
  return `${fault}: ${words?.(1, amount) ?? effect}${of}`
}

/** One event, in words. */
export const tellEvent = (event: FlightEvent, telling: Telling): string => {
  const of = (envelope: number): string => messageOf(envelope, telling)
  switch (event.kind) {
    case 'round-open':
      return `opens round ${event.round} for ${list(event.selected)}`
    case 'round-close':
      return `${event.row.outcome === 'closed' ? 'closes' : 'aborts'} round ${event.row.round} (${event.row.reason}), folded ${list(event.row.folded)}`
    case 'region-open':
      return `opens round ${event.round} of its region for ${list(event.selected)}`
    case 'region-close':
      return `${event.row.outcome === 'closed' ? 'closes' : 'aborts'} round ${event.row.round} of its region (${event.row.reason}), folded ${list(event.row.folded)}`
    case 'send':
      return `sends ${event.to} the ${of(event.envelope)}${event.attempt > 0 ? `, attempt ${event.attempt + 1}` : ''}`
    case 'copy':
      return `another copy of the ${of(event.envelope)} is made for ${event.to}`
    case 'arrive':
      return `the ${of(event.envelope)} arrives${routeOf(event, telling)}`
    case 'drop':
      return `the ${of(event.envelope)}${routeOf(event, telling)} is ${event.refused === true ? 'refused' : 'lost'}${blame(event.fault)}`
    case 'damage':
      return `${event.bits} bits of the ${of(event.envelope)} are flipped`
    case 'hold':
      return `the ${of(event.envelope)} is kept at the door${event.until === Infinity ? '' : ` until ${formatMicros(event.until)}`}${blame(event.fault)}`
    case 'settle':
      return `the ${of(event.envelope)}${routeOf(event, telling)} is ${event.fate}${event.because === undefined ? '' : ` (${event.because})`}`
    case 'admit':
      return `takes in the ${of(event.envelope)} of ${event.from}`
    case 'part-close':
      return `ends round ${event.round} of ${event.part}: ${event.outcome}, ${event.updates.length} updates count`
    case 'fold':
      return `folds the updates of ${list(event.updates.map(({ client }) => client))} into ${event.part}, round ${event.round}`
    case 'unfit':
      return `cannot fold into ${event.part} in round ${event.round}: it would not be finite`
    case 'train':
      return `begins to train for round ${event.round}, until ${formatMicros(event.until)}`
    case 'trained':
      return `has trained for round ${event.round} (${event.outcome}${event.outcome === 'interrupted' ? blame(telling.cutBy(event)) : ''}, ${grouped(event.examples)} examples)`
    case 'gradients':
      return `finds odd gradients in round ${event.round}`
    case 'timed':
      return `${event.does} in round ${event.round}, by its own clock`
    case 'saturated':
      return event.notFinite ? `has learnt what is not finite of ${event.part} in round ${event.round}` : `cuts off ${event.beyond} of ${event.of} numbers of ${event.part} in round ${event.round}: they are beyond the range`
    case 'unsent':
      return `leaves with what it has trained for round ${event.round}`
    case 'life':
      return lifeWords(event)
    case 'checkpoint':
      return `writes down what it has, of round ${event.round}`
    case 'numbered':
      return `numbers its message to ${event.to}: ${event.number}`
    case 'early':
      return `the ${of(event.envelope)} is before its turn`
    case 'taken':
      return `takes in the ${of(event.envelope)} of ${event.from}, number ${event.number}`
    case 'acknowledged':
      return `hears that ${event.to} has number ${event.number}`
    case 'gave-up':
      return `gives up on the ${event.message} of round ${event.round} for ${event.to}, which was never acknowledged`
    case 'recovered':
      return `has come back to round ${event.round}, with what it kept of round ${event.kept}`
    case 'leave':
      return `goes out of reach${blame(event.fault)}`
    case 'link':
      return `${{ cut: 'links are cut', heal: 'links are whole again', release: 'what was held is let go' }[event.what]}${blame(event.fault)}`
    case 'fault':
      return effectOf(event, telling)
    case 'calm':
      return 'no fault strikes from here on'
    case 'evaluated':
      return `models are scored after round ${event.round}`
    default:
      return event satisfies never
  }
}

const lifeWords = ({ what, fault, keeps, back }: Extract<FlightEvent, { kind: 'life' }>): string => {
  const until = back === undefined ? ', for good' : `, until ${formatMicros(back)}`
  switch (what) {
    case 'crash':
      return `dies${blame(fault)}, keeping ${keeps === 'nothing' ? 'nothing' : 'its checkpoint'}${until}`
    case 'restart':
      return `comes back with ${keeps === 'nothing' ? 'nothing' : 'its checkpoint'}`
    case 'pause':
      return `falls asleep${blame(fault)}${until}`
    case 'resume':
      return 'wakes up'
    default:
      return what satisfies never
  }
}

/** `  4:27.468  aggregator  the update of round 4 for trunk (#127) arrives` */
export interface Line {
  readonly at: Micros
  readonly actor: Name
  readonly words: string
  /** Events of the chain that come before it and are not told. */
  readonly left: number
}
