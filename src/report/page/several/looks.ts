import { printable } from '../../../errors.js'
import { metrics as known } from '../../../metrics/metric.js'

/** How much all of them begin with alike, up to the last point, sign or space in it that is in no number: `local.optimizer.` of two rates. */
const alikeIn = (names: readonly string[]): number => {
  const [first = '', ...others] = names
  let same = others.length === 0 ? 0 : first.length
  for (const other of others) while (!other.startsWith(first.slice(0, same))) same--
  const ends = [...first.slice(0, same).matchAll(/[/ ,]|(?<![\d=])\./g)].map(({ index }) => index + 1)
  return ends.at(-1) ?? 0
}

/** A name's beginning and its end, as what tells it from others may be in either. */
const middleCut = (name: string, width: number): string =>
  name.length <= width ? name : `${name.slice(0, width - 1 - Math.floor(width / 3))}…${name.slice(-Math.floor(width / 3))}`

/** Names as charts can hold them: short, as people may see them, and each another. What all begin with is left out where they are long. */
export const shortNames = (names: readonly string[], width = 24): ReadonlyMap<string, string> => {
  const plain = [...new Set(names)].map((name) => ({ name, plain: printable(name) }))
  const alike = plain.some((one) => one.plain.length > width) ? alikeIn(plain.map((one) => one.plain)) : 0
  const taken = new Set<string>()
  return new Map(plain.map((one) => {
    const told = alike > 2 ? `…${one.plain.slice(alike)}` : one.plain
    let short = middleCut(told, width)
    for (let i = 2; taken.has(short); i++) short = `${middleCut(told, width - 4)} (${i})`
    taken.add(short)
    return [one.name, short]
  }))
}

/** How a variant looks in every chart of a page: eight colours, then the same with broken lines. */
export const lookOf = (place: number): { readonly colour: string; readonly broken: boolean } => ({ colour: `var(--c${(place % 8) + 1})`, broken: place >= 8 })

/** Variants beyond which lines cannot be told apart. */
export const mostVariants = 16

/** Conditions that charts are drawn of: as many as `most` charts are enough for, from the first to the last. */
export const drawnOf = (conditions: readonly string[], each: number, most: number): { readonly shown: readonly string[]; readonly rest: string } => {
  const count = Math.min(8, Math.max(1, Math.floor(most / Math.max(1, each))))
  if (conditions.length <= count) return { shown: conditions, rest: '' }
  const shown = Array.from({ length: count }, (_, i) => conditions[count === 1 ? 0 : Math.round((i * (conditions.length - 1)) / (count - 1))])
  return { shown, rest: `Drawn for ${count} of ${conditions.length} conditions, so that the page stays small; tables and files have all.` }
}

export const titleOf = (metric: string): string => known[metric]?.title ?? metric

export const lowerIsBetter = (metric: string): boolean => known[metric]?.better === 'lower'

/** The first of what is drawn, and what must be said of the rest. */
export const firstOf = <T extends string>(all: readonly T[], most: number, what: string): { readonly shown: readonly T[]; readonly rest: string } => {
  const left = all.length - most
  return { shown: all.slice(0, most), rest: left <= 0 ? '' : ` Not drawn, so that the page stays small: ${left} more ${what}; the tables have them.` }
}
