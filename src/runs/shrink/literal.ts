import * as constructors from '../../faults/all.js'
import type { FaultInput } from '../../faults/registry.js'

const identifier = /^[A-Za-z_$][\w$]*$/

/** Plain data as TypeScript, on one line. */
export const literal = (value: unknown): string => {
  if (typeof value === 'string') return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
    .map(([name, inner]) => `${identifier.test(name) ? name : literal(name)}: ${literal(inner)}`)
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

/** Code, and what it needs to be imported. */
export interface Code {
  readonly text: string
  readonly imports: readonly string[]
}

interface Selector {
  readonly select: string
  readonly names?: readonly string[]
  readonly role?: string
  readonly of?: number | string
  readonly share?: number
  readonly scenario?: string
  readonly region?: string
}

/** Whom a fault is about, by the words of a script. */
const selectorCode = (who: unknown): Code => {
  if (typeof who !== 'object' || who === null) return { text: literal(who), imports: [] }
  const { select, names = [], role, of, share, scenario, region } = who as Selector
  if (select === 'named' && names.length === 1) return { text: literal(names[0]), imports: [] }
  const given = { named: names, one: [role], all: [], fraction: [of, role], share: [share], scenario: [scenario], region: [region], role: [role] }[select]
  if (given === undefined) return { text: literal(who), imports: [] }
  return { text: `${select}(${given.filter((one) => one !== undefined).map(literal).join(', ')})`, imports: [select] }
}

/** A fault as a script makes it: `crash('client-1', { at: '80 ms' })`. */
export const faultCode = (fault: FaultInput): Code => {
  const { kind, who, link, groups, ...about } = fault as unknown as Readonly<Record<string, unknown>>
  const [name] = Object.entries(constructors).find(([, entry]) => entry.kind === kind)!
  const subject = who === undefined ? { text: literal(link ?? groups), imports: [] } : selectorCode(who)
  const more = Object.keys(about).length > 0 ? `, ${literal(about)}` : ''
  return { text: `${name}(${subject.text}${more})`, imports: [name, ...subject.imports] }
}
