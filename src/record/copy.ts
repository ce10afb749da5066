/** What has an own way to be copied. */
interface Copied {
  copy(): unknown
}

const copies = (value: object): value is Copied => typeof (value as Partial<Copied>).copy === 'function'

/**
 * A deep copy of an actor's state, for looking at: groups, lists, maps, sets and vectors as they are, anything else by its
 * own `copy()`. What is written to it reaches nobody.
 */
export const copyOf = <T>(value: T): T => copied(value, new Map()) as T

const copied = (value: unknown, known: Map<object, unknown>): unknown => {
  if (typeof value !== 'object' || value === null) return value
  const before = known.get(value)
  if (before !== undefined) return before
  const keep = <C>(copy: C): C => {
    known.set(value, copy)
    return copy
  }
  if (ArrayBuffer.isView(value)) return keep((value as Float32Array).slice())
  if (Array.isArray(value)) {
    const list: unknown[] = keep([])
    for (const entry of value as unknown[]) list.push(copied(entry, known))
    return list
  }
  if (value instanceof Map) {
    const map = keep(new Map<unknown, unknown>())
    for (const [key, entry] of value as Map<unknown, unknown>) map.set(copied(key, known), copied(entry, known))
    return map
  }
  if (value instanceof Set) {
    const set = keep(new Set<unknown>())
    for (const entry of value as Set<unknown>) set.add(copied(entry, known))
    return set
  }
  if (copies(value)) return keep(value.copy())
  const group: Record<string, unknown> = keep({})
  for (const [key, entry] of Object.entries(value)) group[key] = copied(entry, known)
  return group
}
