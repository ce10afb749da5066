import { formatMicros } from '../time/micros.js'
import type { FaultReport } from './weather.js'
import type { PlannedFault } from './plan.js'
import { describe } from './words.js'

/** What became of a fault's victims. `amount` sums microseconds or bytes. */
export type Effect =
  | 'not selectable'
  | 'training cut short'
  | 'left before upload'
  | 'message lost'
  | 'training slowed'
  | 'training partial'
  | 'message delayed'
  | 'copy made'
  | 'died'
  | 'link narrowed'

interface Count {
  readonly keys: Set<string | number>
  amount: number
}

/** How often each fault truly fired, and what of. Asking the same thing twice counts once: every count has a key. */
export interface Tally {
  /** One firing: a (client, round), an envelope or a death. */
  fired(fault: PlannedFault, unit: string | number): void
  /** One effect of a firing, with its microseconds or bytes. */
  effect(fault: PlannedFault, effect: Effect, key: string | number, amount: number): void
  report(faults: readonly PlannedFault[]): readonly FaultReport[]
}

const words: Readonly<Record<Effect, (n: number, amount: number) => string>> = {
  'not selectable': (n) => `not selectable ${n === 1 ? 'once' : `${n} times`}`,
  'training cut short': (n, us) => `${many(n, 'training')} cut short (${formatMicros(us)} charged for nothing)`,
  'left before upload': (n, us) => `${many(n, 'training')} finished and never sent (${formatMicros(us)} for nothing)`,
  'message lost': (n, bytes) => `${many(n, 'message')} lost (${grouped(bytes)} bytes had left the sender)`,
  'training slowed': (n, us) => `${many(n, 'training')} slowed (${formatMicros(us)} longer)`,
  'training partial': (n) => `${many(n, 'training')} stopped early`,
  'message delayed': (n, us) => `${many(n, 'message')} delayed (${formatMicros(us)} in all)`,
  'copy made': (n) => many(n, 'extra copy', 'extra copies'),
  died: (n) => (n === 1 ? '1 crash' : `${n} crashes`),
  'link narrowed': (n) => `links narrowed in ${many(n, 'client round')}`,
}

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

const many = (n: number, one: string, several = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : several}`

/** The order in which a report names them. */
const order: readonly string[] = Object.keys(words)

export const createTally = (): Tally => {
  const units = new Map<string, Set<string | number>>()
  const effects = new Map<string, Map<Effect, Count>>()
  return {
    fired: (fault, unit) => {
      const known = units.get(fault.id)
      if (known === undefined) units.set(fault.id, new Set([unit]))
      else known.add(unit)
    },
    effect: (fault, effect, key, amount) => {
      let own = effects.get(fault.id)
      if (own === undefined) effects.set(fault.id, (own = new Map()))
      let count = own.get(effect)
      if (count === undefined) own.set(effect, (count = { keys: new Set(), amount: 0 }))
      if (count.keys.has(key)) return
      count.keys.add(key)
      count.amount += amount
    },
    report: (faults) =>
      faults.map((planned) => {
        const own = effects.get(planned.id)
        const parts = [...(own ?? [])]
          .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
          .map(([effect, { keys, amount }]) => words[effect](keys.size, amount))
        return {
          id: planned.id,
          kind: planned.fault.kind,
          text: describe(planned),
          targets: planned.targets,
          fired: units.get(planned.id)?.size ?? 0,
          outcome: parts.length === 0 ? 'never fired' : parts.join('; '),
        }
      }),
  }
}
