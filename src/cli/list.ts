import type { Entry } from '../entry.js'
import { exitCodes, SpecificationError } from '../errors.js'
import { catalogue } from '../runs/catalogue.js'
import { didYouMean } from '../documents/did-you-mean.js'
import { wrap } from './format.js'
import type { Terminal } from './run.js'

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

/** `windtunnel list [WHAT]`: every model, strategy, ... with a sentence and its source. Returns the exit code. */
export const list = (what: string | undefined, flags: { readonly json?: boolean }, streams: Terminal): number => {
  const all = catalogue()
  if (what !== undefined && !Object.hasOwn(all, what)) {
    const known = Object.keys(all)
    throw new SpecificationError(`"${what}" cannot be listed. ${didYouMean(what, known)} Known: ${known.join(', ')}.`)
  }
  const shown = what === undefined ? all : { [what]: all[what] }
  if (flags.json) streams.out.write(`${JSON.stringify(shown, null, 2)}\n`)
  else streams.out.write(Object.entries(shown).map(([title, entries]) => block(title, entries)).join('\n'))
  return exitCodes.ok
}
