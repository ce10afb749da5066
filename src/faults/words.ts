import { formatMicros, type Micros } from '../time/micros.js'
import type { Fault, Link } from './fault.js'
import type { PlannedFault } from './plan.js'
import type { Selector } from '../roster/selectors.js'
import type { When } from './window.js'

const names = (targets: readonly string[]): string =>
  targets.length <= 6 ? targets.join(', ') : `${targets.slice(0, 5).join(', ')} and ${targets.length - 5} more`

const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`

const bandwidth = (bits: number): string =>
  bits >= 1e6 ? `${Number((bits / 1e6).toFixed(2))} Mbit/s` : `${Number((bits / 1e3).toFixed(2))} kbit/s`

const chance = (probability: number | undefined): string =>
  probability === undefined || probability === 1 ? '' : `, with ${percent(probability)} probability`

const when = ({ rounds, from, until }: When): string => {
  const inRounds =
    rounds === undefined ? '' : rounds[0] === rounds[1] ? `, round ${rounds[0]}` : `, rounds ${rounds[0]}-${rounds[1]}`
  const begins = from === undefined ? '' : `, from ${formatMicros(from)}`
  const ends = until === undefined ? '' : `, until ${formatMicros(until)}`
  return inRounds + begins + ends
}

const end = (selector: Selector | undefined, drawn: readonly string[] | undefined, anyone: string): string =>
  selector === undefined ? anyone : selector.select === 'role' ? anyOf[selector.role] : names(drawn ?? [])

const anyOf = { client: 'any client', expert: 'any expert', aggregator: 'the aggregator' } as const

const messages = (link: Link, { from, to }: PlannedFault): string => {
  const what = [link.message, 'messages'].filter(Boolean).join(' ')
  const part = link.part === undefined ? '' : ` of ${link.part}`
  const way = link.direction === undefined ? '' : ` (${link.direction})`
  return `${what}${part} from ${end(link.from, from, 'anyone')} to ${end(link.to, to, 'anyone')}${way}`
}

const phases = {
  download: 'leave in download',
  training: 'leave in training',
  'before-upload': 'leave before the upload',
  upload: 'leave in upload',
} as const

const times = (factor: number): string => `${factor} times slower`

const shares = (profile: readonly (readonly [Micros, number])[]): string =>
  profile.map(([at, factor]) => `${times(factor)} from ${formatMicros(at)}`).join(', ')

const sentence = (fault: Fault, planned: PlannedFault): string => {
  const whom = names(planned.targets)
  switch (fault.kind) {
    case 'away': {
      const stays = fault.for === undefined ? '' : ` for ${formatMicros(fault.for)}`
      return `${whom} ${fault.phase === undefined ? 'away' : phases[fault.phase]}${stays}`
    }
    case 'slow':
      return `${whom} ${fault.by === undefined ? shares(fault.profile ?? []) : times(fault.by)}`
    case 'partial':
      return `${whom} stop after ${percent(fault.epochs)} of the local epochs`
    case 'delay': {
      const jitter = fault.jitter === undefined ? '' : ` and up to ${formatMicros(fault.jitter)} more`
      return `${messages(fault.link, planned)} delayed by ${formatMicros(fault.by)}${jitter}`
    }
    case 'lose': {
      const travelled = fault.travelled === 1 ? '' : ` after ${percent(fault.travelled)} of the bytes`
      return `${messages(fault.link, planned)} lost${travelled}`
    }
    case 'duplicate': {
      const after = fault.after === 0 ? '' : `, ${formatMicros(fault.after)} apart`
      const often = fault.times === 1 ? 'twice' : `${fault.times + 1} times`
      return `${messages(fault.link, planned)} arrive ${often}${after}`
    }
    case 'crash': {
      const at = fault.when === undefined ? ` at ${formatMicros(fault.at ?? 0)}` : ''
      const counted = fault.when?.part === undefined ? 'updates' : `updates of ${fault.when.part}`
      const event = fault.when === undefined ? '' : ` in round ${fault.when.round} after ${fault.when.after} ${counted}`
      const back = fault.restartAfter === undefined ? ', for good' : `, back after ${formatMicros(fault.restartAfter)}`
      const verb = planned.targets.length === 1 ? 'crashes' : 'crash'
      return `${whom} ${verb}${at}${event}${back}, keeping ${fault.keeps === 'nothing' ? 'nothing' : 'a checkpoint'}`
    }
    case 'narrow': {
      const way = fault.direction === undefined ? '' : `${fault.direction}link `
      const less = fault.to === undefined ? `divided by ${fault.by}` : `at most ${bandwidth(fault.to)}`
      return `${whom}: ${way}bandwidth ${less}`
    }
    default:
      return fault satisfies never
  }
}

/** A planned fault as one line for people: `client-2, client-5 leave in training, rounds 5-12`. */
export const describe = (planned: PlannedFault): string => {
  const { fault } = planned
  const window = fault.kind === 'crash' ? '' : when(fault)
  const coin = fault.kind === 'crash' ? '' : chance(fault.probability)
  return sentence(fault, planned) + window + coin
}
