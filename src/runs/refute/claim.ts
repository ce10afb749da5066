import { didYouMean } from '../../documents/did-you-mean.js'
import { type JsonSchema, knownNames } from '../../documents/names.js'
import { SpecificationError } from '../../errors.js'
import { roundsSchema } from '../../federation/rounds/registry.js'
import { timed } from '../../lab/shrink/units.js'
import { isBehaviour } from '../../simulation/functions.js'
import { parseSetting } from '../../simulation/set.js'
import { jsonSchema } from '../../simulation/specification.js'
import { catalogue, fieldsOf, plainName } from '../catalogue.js'

/** A claim as it was written: that what is on the left is better. */
export interface Claim {
  readonly text: string
  readonly a: readonly string[]
  readonly b: readonly string[]
}

const form = 'Write "fedprox > fedavg", "strategy.mu=0.1 > strategy.mu=0", or with more on a side "fedprox + local.epochs=2 > own"'

const termsOf = (side: string): string[] => side.split(/ \+(?: |$)/).map((term) => term.trim())

/** `A > B`, each side one term or several with ` + ` between. Throws a `SpecificationError` for anything else. */
export const parseClaim = (text: string): Claim => {
  const sides = text.split('>').map((side) => side.trim())
  if (text.includes('<')) throw new SpecificationError(`"${text}": the better one stands first. Write "B > A".`)
  if (sides.length !== 2) throw new SpecificationError(`"${text}" is no claim of two: there ${sides.length === 1 ? 'is no >' : 'must be one > alone'}. ${form}.`)
  const [a, b] = sides.map(termsOf)
  if ([...a, ...b].includes('')) throw new SpecificationError(`"${text}": there is nothing on one side. ${form}.`)
  return { text: text.trim(), a, b }
}

/** Whether a term is a setting, as `--set` takes it. */
const isSetting = (term: string): boolean => /^[\w.[\]-]+=/.test(term)

/** The word for a simulation as it is. */
export const own = 'own'

/** What of a specification kinds are named for; worlds and faults are the same on both sides. */
const ranked = ['strategies', 'rounds', 'selection', 'models', 'balancers'] as const

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined), value)

/** Rounds of another kind, with what it takes over of those that there are: how many, how long, how many answers. */
const otherRounds = (kind: string, now: unknown): string => {
  const plain = typeof now === 'object' && now !== null && !isBehaviour(now) ? now : {}
  const known = knownNames(jsonSchema() as JsonSchema, { rounds: { kind } }, ['rounds'])
  const kept = Object.entries(plain).filter(([field, value]) => field !== 'kind' && known.includes(field) && value !== undefined)
  return `rounds=${JSON.stringify(timed({ kind, ...Object.fromEntries(kept) }, roundsSchema))}`
}

/** What a name is a kind of: a field of the specification, and how the kind is written. */
const meantBy = (name: string): { readonly field: readonly string[]; readonly kind: string } => {
  const all = catalogue()
  const found = ranked.flatMap((group) => all[group].flatMap(({ kind }) => (plainName(kind) === plainName(name) ? [{ field: fieldsOf[group], kind }] : [])))
  if (found.length === 0) {
    const known = ranked.flatMap((group) => all[group].map(({ kind }) => kind))
    throw new SpecificationError(
      [`nothing that can be ranked is called "${name}".`, didYouMean(name, [...known, own]), `Name a kind of strategy, rounds, selection, model or balancer (npx windtunnel list), give PATH=VALUE, or "${own}" for the simulation as it is.`]
        .filter(Boolean).join(' '),
    )
  }
  if (found.length > 1) {
    const ways = found.map(({ field, kind }) => `"${field.join('.')}.kind=${kind}"`).join(' or ')
    throw new SpecificationError(`"${name}" is the name of several things. Write ${ways}.`)
  }
  return found[0]
}

/** The setting that makes a specification have what a name means; undefined: it has that. */
const settingOf = (name: string, specification: object): string | undefined => {
  const { field, kind } = meantBy(name)
  const now = valueAt(specification, field)
  if ((now as { readonly kind?: unknown } | undefined)?.kind === kind && !isBehaviour(now)) return undefined
  return field[0] === 'rounds' ? otherRounds(kind, now) : `${field.join('.')}={ kind: ${kind} }`
}

/**
 * The settings that make one side of a claim of a simulation: a setting as it stands; of a kind's name the one that puts it
 * there with its defaults, or none where the simulation has that kind already, with its own options.
 */
export const settingsOf = (terms: readonly string[], specification: object): string[] => {
  const names = new Map<string, string>()
  return terms.flatMap((term) => {
    if (term === own) return []
    if (isSetting(term)) {
      parseSetting(term)
      return [term]
    }
    const field = meantBy(term).field.join('.')
    const other = names.get(field)
    if (other !== undefined) throw new SpecificationError(`"${other}" and "${term}" are two kinds of ${field}: a side has one.`)
    names.set(field, term)
    return settingOf(term, specification) ?? []
  })
}

/** A side of a claim of a study: which of its variants, and what else is set. */
export const variantOf = (terms: readonly string[], variants: readonly string[]): { readonly variant: string; readonly rest: readonly string[] } => {
  const named = terms.filter((term) => variants.includes(term))
  if (named.length === 1) return { variant: named[0], rest: terms.filter((term) => term !== named[0]) }
  const stranger = terms.find((term) => !isSetting(term) && !variants.includes(term)) ?? terms[0]
  throw new SpecificationError(
    named.length > 1
      ? `${named.map((name) => `"${name}"`).join(' and ')} are two variants: a side is one.`
      : [`"${stranger}" is not one of the study's variants.`, didYouMean(stranger, variants), `There are ${variants.join(', ')}.`].filter(Boolean).join(' '),
  )
}
