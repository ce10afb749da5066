import type { Path } from './path.js'

/** The part of JSON Schema that `z.toJSONSchema` writes and this file reads. */
export interface JsonSchema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema | false
  readonly prefixItems?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
}

const fieldOf = (value: unknown, step: string | number): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[step] : undefined

const accepts = (schema: JsonSchema | undefined, value: unknown): boolean =>
  schema === undefined || !('const' in schema || schema.enum)
    ? true
    : schema.const === value || (schema.enum?.includes(value) ?? false)

/** All object and list shapes that a schema may stand for, given the value there: unions are cut down by constants. */
const shapes = (root: JsonSchema, schema: JsonSchema, value: unknown): JsonSchema[] => {
  if (schema.$ref !== undefined) {
    const target = schema.$ref === '#' ? root : root.$defs?.[schema.$ref.replace('#/$defs/', '')]
    return target === undefined ? [] : shapes(root, target, value)
  }
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  if (options.length === 0) return [schema]
  const all = options.flatMap((option) => shapes(root, option, value))
  const told = all.filter((option) =>
    Object.entries(option.properties ?? {}).every(([name, of]) => accepts(of, fieldOf(value, name))),
  )
  return told.length > 0 ? told : all
}

/** The groups of fields that the schema may mean at `path` of `value`. */
const groupsAt = (root: JsonSchema, value: unknown, path: Path): JsonSchema[] => {
  let here = value
  let there = shapes(root, root, value)
  for (const step of path) {
    here = fieldOf(here, step)
    there = there
      .flatMap((schema) => {
        if (typeof step === 'number') return [schema.prefixItems?.[step] ?? schema.items ?? []].flat()
        const more = schema.additionalProperties
        return [schema.properties?.[step] ?? (typeof more === 'object' ? more : [])].flat()
      })
      .flatMap((schema) => shapes(root, schema as JsonSchema, here))
  }
  return there
}

/** The names of the fields that the schema knows at `path` of `value`, sorted. */
export const knownNames = (root: JsonSchema, value: unknown, path: Path): string[] =>
  [...new Set(groupsAt(root, value, path).flatMap((schema) => Object.keys(schema.properties ?? {})))].sort()

/** Whether `field` of the group at `path` holds what the schema puts there where nobody writes any. */
export const isDefault = (root: JsonSchema, value: unknown, path: Path, field: string, held: unknown): boolean =>
  groupsAt(root, value, path).some(({ properties }) => {
    const by = properties?.[field]?.default
    return by !== undefined && JSON.stringify(by) === JSON.stringify(held)
  })
