import { didYouMean } from '../documents/did-you-mean.js'
import { SpecificationError } from '../errors.js'
import { eventKinds } from '../record/event.js'
import type { Check } from './check.js'
import { onlyLooking } from './looking.js'
import { allChecks } from './watch.js'

const words = ['all', 'none'] as const

/** Throws for a kind of which no event is: it would be watched in vain. */
const demandKinds = ({ name, kinds = [] }: Check): void => {
  const strange = kinds.find((kind) => !eventKinds.includes(kind))
  if (strange === undefined) return
  const meant = didYouMean(strange, eventKinds)
  throw new SpecificationError(`check '${name}': there is no event of the kind '${strange}' (kinds). ${meant}${meant && ' '}Known: ${eventKinds.join(', ')}.`)
}

/**
 * The checks that are watched, of the library's and a specification's own: those that are named, or `all`, or `none`; all
 * where nothing is said; a specification's own only look. Throws for a name that nobody has, and that is none of `others`, which are watched elsewhere.
 */
export const chosenChecks = (own: readonly Check[] = [], names: readonly string[] = ['all'], others: readonly string[] = []): readonly Check[] => {
  own.forEach(demandKinds)
  const all: readonly Check[] = [...allChecks, ...own.map(onlyLooking)]
  const known = [...all.map(({ name }) => name), ...others]
  for (const name of names) {
    if (known.includes(name) || words.includes(name as never)) continue
    throw new SpecificationError(
      `--check: there is no check '${name}'. ${didYouMean(name, [...known, ...words])} Known: ${[...words, ...known].join(', ')}.`.replace('  ', ' '),
    )
  }
  if (names.includes('none')) {
    if (names.length === 1) return []
    throw new SpecificationError("--check: 'none' goes with no other.")
  }
  return names.includes('all') ? all : all.filter(({ name }) => names.includes(name))
}
