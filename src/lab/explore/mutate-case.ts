import { pick, type Scene, type Toss } from '../../dials/dial.js'
import type { FaultInput } from '../../faults/registry.js'
import { settingsOf, varied } from '../../faults/turn.js'
import type { Case } from './case.js'

/** The parts that a mutant may take over from another case. */
const parts = ['rounds', 'delivery', 'codec', 'lines', 'checkpoint', 'selection', 'calm'] as const

/** Each with a name of its own: the first of a name keeps it, since its draws are those of that name. */
export const named = (faults: readonly FaultInput[]): FaultInput[] => {
  const known = new Set(faults.map(({ id }) => id))
  const taken = new Set<string>()
  let number = 1
  return faults.map((fault) => {
    let { id } = fault
    if (id === undefined || taken.has(id)) {
      while (known.has(`m${number}`)) number++
      known.add((id = `m${number}`))
    }
    taken.add(id)
    return { ...fault, id }
  })
}

/** One small change: a field of a fault drawn anew, a fault more or less, other chance, or a part taken from another case. */
const change = (of: Case, other: Case, toss: Toss, scene: Scene): Case => {
  const { faults } = of
  const place = Math.floor(toss() * faults.length)
  switch (Math.floor(toss() * 5)) {
    case 0: {
      const settings = settingsOf(faults[place])
      const field = settings.length === 0 ? undefined : pick(toss, settings).field
      const fault = field === undefined ? undefined : varied(faults[place], field, toss, scene)
      return fault === undefined ? of : { ...of, faults: faults.map((one, i) => (i === place ? fault : one)) }
    }
    case 1:
      return { ...of, faults: named([...faults, pick(toss, other.faults)]) }
    case 2:
      return faults.length < 2 ? of : { ...of, faults: faults.filter((_, i) => i !== place) }
    case 3:
      return { ...of, chance: other.chance }
    default: {
      const part = pick(toss, parts)
      const { [part]: _, ...rest } = of
      return other[part] === undefined ? rest : { ...rest, [part]: other[part] }
    }
  }
}

/**
 * A neighbour of a case that reached something new, with what it takes over drawn as `fresh` was. Of the same shape, so
 * that those whom its faults name take part.
 */
export const mutated = (from: Case, fresh: Case, toss: Toss, scene: Scene, isSound: (of: Case) => boolean): Case => {
  // What the fresh case hits must take part here, too.
  const other = JSON.stringify(fresh.shape) === JSON.stringify(from.shape) ? fresh : { ...fresh, faults: from.faults }
  for (let tries = 0; tries < 10; tries++) {
    let now = change(from, other, toss, scene)
    if (toss() < 0.5) now = change(now, other, toss, scene)
    if (isSound(now) && JSON.stringify(now) !== JSON.stringify(from)) return now
  }
  return { ...from, chance: fresh.chance }
}
