import { functionFields } from './specification.js'

/** A function, or an object with behaviour: a `Model` or `Strategy` of the researcher's own; or a list of such. */
export const isBehaviour = (value: unknown): boolean => {
  if (typeof value === 'function') return true
  if (Array.isArray(value)) return value.length > 0 && value.every(isBehaviour)
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  const plain = prototype === Object.prototype || prototype === null
  return !plain || Object.values(value).some((inner) => typeof inner === 'function')
}

/** The function fields of a specification that hold behaviour instead of data. */
export const functionsOf = (specification: object): Partial<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(specification).filter(
      ([name, value]) => (functionFields as readonly string[]).includes(name) && isBehaviour(value),
    ),
  )
