import type { ComparedCheck } from './compared.js'
import { isolation } from './isolation.js'
import { reference } from './reference.js'

/** Promises about more than one flight. */
export const comparedChecks: readonly ComparedCheck[] = [isolation, reference]

export const comparedNames: readonly string[] = comparedChecks.map(({ name }) => name)

/** Names of checks that a flight watches itself, and those that compare flights. */
export const splitChecks = (names: readonly string[] | undefined): { readonly watched: readonly string[] | undefined; readonly compared: readonly ComparedCheck[] } => {
  const compared = comparedChecks.filter(({ name }) => names?.includes(name) === true)
  if (names === undefined || compared.length === 0) return { watched: names, compared }
  const watched = names.filter((name) => !comparedNames.includes(name))
  return { watched: watched.length === 0 ? ['none'] : watched, compared }
}
