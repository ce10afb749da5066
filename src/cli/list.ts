import type { Entry } from '../entry.js'
import { exitCodes, SpecificationError } from '../errors.js'
import { catalogue, fieldsOf, plainName as plain } from '../runs/catalogue.js'
import { didYouMean } from '../documents/did-you-mean.js'
import type { JsonSchema } from '../documents/names.js'
import { jsonSchema } from '../simulation/specification.js'
import { wrap } from '../report/format.js'
import { type Option, optionsOf } from './kind-options.js'
import type { Terminal } from './run.js'

type Catalogue = ReturnType<typeof catalogue>

const width = 110

const block = (title: string, entries: readonly Entry[]): string => {
  const column = Math.max(...entries.map(({ kind }) => kind.length)) + 2
  const told = entries.map(({ kind, sentence, source }) => {
    const indent = ' '.repeat(column + 2)
    const text = wrap(sentence, width - column, indent)
    return `  ${kind.padEnd(column)}${text}\n${indent}${wrap(source, width - column, indent)}`
  })
  return `${title}\n${told.join('\n')}\n`
}

/** Everything of this kind, by group, with its options. */
const ofKind = (name: string, all: Catalogue): Record<string, (Entry & { readonly options: readonly Option[] })[]> => {
  const root = jsonSchema() as JsonSchema
  const found = Object.entries(all).flatMap(([group, entries]) => {
    const meant = entries.filter(({ kind }) => plain(kind) === plain(name))
    const field = (fieldsOf[group] ?? []).reduce<JsonSchema | undefined>((at, step) => at?.properties?.[step], root)
    return meant.length === 0 ? [] : [[group, meant.map((entry) => ({ ...entry, options: optionsOf(entry.kind, field, root) }))] as const]
  })
  return Object.fromEntries(found)
}

const shownDefault = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const optionText = ({ name, takes, required, sentence, ...option }: Option, column: number): string => {
  const preset = 'default' in option ? `; default ${shownDefault(option.default)}` : required ? '; must be given' : ''
  const indent = ' '.repeat(column + 4)
  const told = sentence === undefined ? '' : `\n${indent}${wrap(sentence, width - column, indent)}`
  return `    ${name.padEnd(column)}${wrap(`${takes}${preset}`, width - column, indent)}${told}`
}

const optionsText = (options: readonly Option[]): string => {
  if (options.length === 0) return '    no options\n'
  const column = Math.max(...options.map(({ name }) => name.length)) + 2
  return `${options.map((option) => optionText(option, column)).join('\n')}\n`
}

/** `windtunnel list [WHAT]`: every model, strategy, ... with a sentence and its source; of one kind, its options too. */
export const list = (what: string | undefined, flags: { readonly json?: boolean }, streams: Terminal): number => {
  const all = catalogue()
  const write = (shown: object, text: () => string): number => {
    streams.out.write(flags.json ? `${JSON.stringify(shown, null, 2)}\n` : text())
    return exitCodes.ok
  }
  if (what === undefined || Object.hasOwn(all, what)) {
    const shown = what === undefined ? all : { [what]: all[what] }
    return write(shown, () => Object.entries(shown).map(([title, entries]) => block(title, entries)).join('\n'))
  }
  const found = ofKind(what, all)
  if (Object.keys(found).length === 0) {
    const kinds = Object.values(all).flat().map(({ kind }) => kind)
    const groups = Object.keys(all)
    const meant = didYouMean(what, [...groups, ...kinds])
    throw new SpecificationError(`"${what}" cannot be listed. ${meant} Known: ${groups.join(', ')}, and any kind of them.`)
  }
  return write(found, () => Object.entries(found)
    .flatMap(([title, entries]) => entries.map((entry) => `${block(title, [entry])}\n${optionsText(entry.options)}`))
    .join('\n'))
}
