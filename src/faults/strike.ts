import type { FlightRecorder } from '../record/flight-recorder.js'
import type { Planned, Tools } from './fault.js'

/** Says that a fault strikes: each firing and each effect once, however often its hooks are asked. */
export const striker = ({ id: fault }: Planned, record: Pick<FlightRecorder, 'tell'>): Tools['strike'] => {
  const units = new Set<string | number>()
  const effects = new Map<string, Set<string | number>>()
  return (who, unit, effect, key = unit, amount = 0) => {
    const fresh = !units.has(unit)
    if (fresh) units.add(unit)
    const known = effect === undefined ? undefined : effects.get(effect)
    if (effect === undefined || known?.has(key) === true) {
      if (fresh) record.tell(who, { kind: 'fault', fault, unit, effect: undefined, amount: 0 })
      return
    }
    if (known === undefined) effects.set(effect, new Set([key]))
    else known.add(key)
    record.tell(who, { kind: 'fault', fault, unit: fresh ? unit : undefined, effect, amount })
  }
}
