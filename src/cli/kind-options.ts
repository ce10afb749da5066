import type { JsonSchema } from '../documents/names.js'

/** One option of a kind, as `windtunnel list KIND` shows it. */
export interface Option {
  readonly name: string
  /** What it takes, in words. */
  readonly takes: string
  /** JSON; absent where there is none. */
  readonly default?: unknown
  readonly required: boolean
  readonly sentence?: string
}

/** What of JSON Schema describes a single value. */
interface Value extends JsonSchema {
  readonly type?: string | readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly pattern?: string
  readonly default?: unknown
  readonly description?: string
  readonly required?: readonly string[]
}

const isTime = ({ pattern }: Value): boolean => pattern?.includes('(us|ms|s|min|h|d)') === true

const range = ({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Value): string => {
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum
  const words = [
    least === undefined ? '' : `from ${least}`,
    exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`,
    most === undefined ? '' : `to ${most}`,
    exclusiveMaximum === undefined ? '' : `below ${exclusiveMaximum}`,
  ]
  return words.filter(Boolean).map((word) => ` ${word}`).join('')
}

const fieldsOf = ({ properties = {}, required = [] }: Value): string => {
  const names = Object.entries(properties).map(([name, of]) => {
    if (typeof of.const === 'string') return `${name}: ${of.const}`
    return required.includes(name) ? name : `${name}?`
  })
  return names.length === 0 ? 'a group of fields' : `{ ${names.join(', ')} }`
}

/** What a value may be, in words; alternatives by `or`. */
const takes = (schema: Value, root: JsonSchema): string => {
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')]
    return target === undefined ? 'a group of fields' : takes(target, root)
  }
  const branches = (schema.anyOf ?? schema.oneOf) as readonly Value[] | undefined
  if (branches) {
    if (branches.some(isTime)) return 'a time, such as 5 min'
    return [...new Set(branches.map((branch) => takes(branch, root)))].join(' or ')
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map(String).join(' or ')
  const { type } = schema
  if (typeof type === 'object') return type.map((one) => takes({ ...schema, type: one }, root)).join(' or ')
  switch (type) {
    case 'integer': return `a whole number${range(schema)}`
    case 'number': return `a number${range(schema)}`
    case 'string': return isTime(schema) ? 'a time, such as 5 min' : 'a text'
    case 'boolean': return 'true or false'
    case 'array': return schema.prefixItems ? `a list of ${schema.prefixItems.length}` : schema.items ? `a list of: ${takes(schema.items, root)}` : 'a list'
    case 'null': return 'null'
    case 'object': return fieldsOf(schema)
    default: return 'a value'
  }
}

/** The objects of a schema that say of themselves that they are of this kind. */
const ofKind = (schema: unknown, kind: string): Value[] => {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties } = schema as Value
  if (properties?.['kind']?.const === kind) return [schema as Value]
  return Object.values(schema).flatMap((inner) => ofKind(inner, kind))
}

/** The options of a kind that a field of the specification can name, in the order of its schema. */
export const optionsOf = (kind: string, field: unknown, root: JsonSchema): Option[] => {
  const [schema] = ofKind(field, kind)
  return Object.entries(schema?.properties ?? {}).flatMap(([name, of]) => {
    if (name === 'kind') return []
    const { default: preset, description } = of as Value
    const required = schema.required?.includes(name) === true
    return [{
      name, takes: takes(of, root), required,
      ...(preset !== undefined && { default: preset }),
      ...(description !== undefined && { sentence: description }),
    }]
  })
}
