import type { JsonSchema } from '../../documents/names.js'

/** A schema as it is walked here. */
type Node = JsonSchema & { readonly pattern?: string }

/** The alternatives of a schema, all the way down. */
const alternatives = (node: Node | undefined): readonly Node[] => {
  const inner = node?.oneOf ?? node?.anyOf
  return node === undefined ? [] : inner === undefined ? [node] : inner.flatMap(alternatives)
}

/** The alternative that a group of fields is of, by its kind. */
const groupFor = (node: Node | undefined, kind: unknown): Node | undefined => {
  const groups = alternatives(node).filter(({ properties }) => properties !== undefined)
  return groups.find(({ properties }) => properties!['kind'] !== undefined && properties!['kind'].const === kind) ?? groups[0]
}

/** Microseconds as a script would say them: `5 min`, `40 ms`. */
const duration = (time: number): string => {
  const steps = [[86_400e6, 'd'], [3600e6, 'h'], [60e6, 'min'], [1e6, 's'], [1e3, 'ms']] as const
  const [size, unit] = steps.find(([one]) => time >= one && Number.isInteger((1000 * time) / one)) ?? [1, 'us']
  return time === 0 ? '0' : `${time / size} ${unit}`
}

/** Bits per second: `5 Mbps`. */
const rate = (bits: number): string => {
  const step = [[1e9, 'Gbps'], [1e6, 'Mbps'], [1e3, 'kbps']] as const
  const [size, unit] = step.find(([one]) => bits >= one) ?? [1, 'bps']
  return `${Number((bits / size).toPrecision(6))} ${unit}`
}

/** A number with the unit that its schema takes it in. */
const numberText = (value: number, node: Node | undefined): string => {
  const pattern = alternatives(node).map((one: Node) => one.pattern).find((one) => one !== undefined) ?? ''
  return pattern.includes('us|ms') ? duration(value) : pattern.includes('bps') ? rate(value) : String(value)
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Fields that readers look for, whether they are as by default or not. */
const always: ReadonlySet<string> = new Set(['count', 'epochs', 'batch', 'rate', 'after'])

/**
 * Part of a specification as a line: its kind, then what is not as it is by default, with units: `deadline (count 20, after 5 min)`.
 */
export const inWords = (value: unknown, schema: Node | undefined): string => {
  if (typeof value === 'number') return numberText(value, schema)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)?.replace(/^"(.*)"$/, '$1') ?? 'absent'
  if (Array.isArray(value)) {
    const items = alternatives(schema).map((one) => one.items).find((one) => typeof one === 'object')
    const shown = value.slice(0, 6).map((one) => inWords(one, items))
    return `[${shown.join(', ')}${value.length > 6 ? `, ... ${value.length} in all` : ''}]`
  }
  const { kind, function: name, ...others } = value as Record<string, unknown>
  const group = groupFor(schema, kind)
  const told = Object.entries(others).flatMap(([key, of]) => {
    const own = group?.properties?.[key]
    const isPlain = of === undefined || (isSame(of, own?.default) && !always.has(key)) || (typeof of === 'object' && of !== null && Object.keys(of).length === 0)
    return isPlain ? [] : [`${key} ${inWords(of, own)}`]
  })
  const head = [kind, name === undefined ? undefined : 'the function', name].filter((part): part is string => typeof part === 'string').join(' ')
  return told.length === 0 ? head : head === '' ? told.join(', ') : `${head} (${told.join(', ')})`
}
