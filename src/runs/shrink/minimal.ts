import { extname, relative, resolve as absolute } from 'node:path'
import { Document, isSeq, type Node } from 'yaml'

import type { FaultInput } from '../../faults/registry.js'
import type { Explanation, Freedom } from '../../lab/shrink/explain.js'
import { meaningOf, type Parser, plainFault, plainly } from '../../lab/shrink/units.js'
import { functionsOf } from '../../simulation/functions.js'
import { type Specification, specificationSchema } from '../../simulation/specification.js'
import { faultCode, literal } from './literal.js'

/** The simplest specification that fails, beside the one that it was made from. */
export interface Minimal {
  /** As the script gives it. */
  readonly base: Specification
  readonly specification: Specification
  /** Where the script lies, and where its short form will; absent: it came from a program. */
  readonly script?: string
  readonly folder: string
  readonly explanation: Explanation
  /** Lines of a comment at its head. */
  readonly head: readonly string[]
}

export interface MinimalFile {
  readonly name: string
  readonly text: string
}

type Fields = Readonly<Record<string, unknown>>

const schemas = specificationSchema.shape as unknown as Readonly<Record<string, Parser>>

/** A field as people write it. */
export const plain = (field: string, value: unknown): unknown => {
  if (field === 'faults') return (value as readonly FaultInput[]).map(plainFault)
  return Object.hasOwn(schemas, field) ? plainly(value, schemas[field]) : value
}

/** Does a field mean the same, however it was written? */
const isSame = (field: string, one: unknown, other: unknown): boolean => {
  if (one === other) return true
  if (!Object.hasOwn(schemas, field)) return false
  const meaning = meaningOf(schemas[field])
  const [before, now] = [meaning(one), meaning(other)]
  return before !== undefined && before === now
}

/** Fields that are other than in the script. */
const changes = ({ base, specification }: Pick<Minimal, 'base' | 'specification'>): Fields => {
  const [before, now] = [base as unknown as Fields, specification as unknown as Fields]
  // What is behaviour came from the script.
  const behaviour = functionsOf(now)
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => !Object.hasOwn(behaviour, name) && !isSame(name, before[name], now[name]))
  // Faults last: they are what the story is about.
  return Object.fromEntries(names.toSorted((a, b) => Number(a === 'faults') - Number(b === 'faults')).map((name) => [name, now[name] === undefined ? undefined : plain(name, now[name])]))
}

/** What of a part may be other, in words: `any by >= 2, any client`. */
const freedomOf = (free: readonly Freedom[], is: (one: Freedom) => boolean): string =>
  free.filter(is).map(({ words }) => words).join(', ')

/** What a part that is no fault's belongs to: a field of the specification, or chance. */
const fieldOf = ({ part }: Freedom): string => (part === 'chance' ? 'seeds' : part.split('.')[0])

/** What somebody else wrote, as it can stand in a comment of a script: on one line, ending none. */
const inComment = (words: string): string => words.replaceAll('*/', '* /').replaceAll(/[\r\n\u2028\u2029]+/g, ' ')

const asScript = ({ script, folder, explanation: { free }, head, ...about }: Minimal & { readonly script: string }): string => {
  const changed = changes(about)
  const way = relative(folder, script).replaceAll('\\', '/').replace(/\.(m?)ts$/, '.$1js')
  const from = way.startsWith('.') ? way : `./${way}`
  const imports = new Set(['simulation'])
  const lines = Object.entries(changed).flatMap(([field, value]): string[] => {
    const note = freedomOf(free, (one) => one.fault === undefined && fieldOf(one) === field)
    const behind = note === '' ? '' : `  // ${inComment(note)}`
    if (field !== 'faults') return [`  ${field}: ${value === undefined ? 'undefined' : literal(value)},${behind}`]
    const faults = (value as readonly FaultInput[]).map((fault) => {
      const { text, imports: needed } = faultCode(fault)
      for (const name of needed) imports.add(name)
      const words = freedomOf(free, (one) => one.fault === fault.id)
      return `    ${text},${words === '' ? '' : `  // ${inComment(words)}`}`
    })
    return faults.length === 0 ? ['  faults: [],'] : ['  faults: [', ...faults, '  ],']
  })
  return [
    '/*', ...head.map((line) => ` * ${inComment(line)}`.trimEnd()), ' */',
    `import { ${[...imports].toSorted().join(', ')} } from '@windtunnel/windtunnel'`,
    `import base from ${literal(from)}`,
    '',
    'export default simulation({', '  ...base,', ...lines, '})', '',
  ].join('\n')
}

const asDocument = ({ explanation: { free }, head, base, specification }: Minimal): string => {
  const changed = changes({ base, specification })
  const whole = { ...(base as unknown as Fields), ...changed }
  const document = new Document(JSON.parse(JSON.stringify(whole)))
  document.commentBefore = head.map((line) => ` ${line}`).join('\n')
  for (const field of Object.keys(changed)) {
    const node = document.get(field) as Node | undefined
    const note = freedomOf(free, (one) => one.fault === undefined && fieldOf(one) === field)
    if (note !== '' && node !== undefined && typeof node === 'object') node.comment = ` ${note}`
  }
  const faults = document.get('faults')
  if (isSeq(faults)) {
    for (const item of faults.items as (Node & { flow?: boolean; toJSON(): unknown })[]) {
      item.flow = true
      const { id } = item.toJSON() as FaultInput
      const words = freedomOf(free, (one) => one.fault === id)
      if (words !== '') item.comment = ` ${words}`
    }
  }
  return document.toString({ lineWidth: 0 })
}

/**
 * The simplest that fails, as a file to be flown and edited: a script that changes the one it was found around, or a whole
 * document where that was one.
 */
export const minimalFile = (about: Minimal): MinimalFile => {
  const { script } = about
  const isScript = script !== undefined && /^\.m?[jt]s$/.test(extname(script).toLowerCase())
  if (!isScript) return { name: 'minimal.yaml', text: asDocument(about) }
  return { name: 'minimal.ts', text: asScript({ ...about, script: absolute(script) }) }
}

