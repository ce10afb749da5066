import type { AtomKey } from './atom.js'

/** Names of clients and of expert networks, wherever they stand in JSON. */
const names = /"((?:client|expert)-[^"]+)"/g

/** A cut as it is but for who is who: the same of any two that differ only in which clients and which experts they hit. */
export interface Shape {
  readonly text: string
  /** Who is who in it, in the order of the text. */
  readonly names: readonly string[]
}

/** Above this, not all orders of the atoms are tried: equal shapes may then be told apart, which costs flights. */
const mostOrdered = 5

const orders = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  all.length < 2 || all.length > mostOrdered ? [all] : all.flatMap((one, i) => orders(all.toSpliced(i, 1)).map((rest) => [one, ...rest]))

const numbered = (keys: readonly AtomKey[]): Shape => {
  const found: string[] = []
  const text = keys.join('\n').replace(names, (_, name: string) => {
    if (!found.includes(name)) found.push(name)
    return `"${name.split('-', 1)[0]} ${found.indexOf(name)}"`
  })
  return { text, names: found }
}

/** What is the same of all cuts that are alike. */
export const shapeOf = (cut: readonly AtomKey[]): Shape =>
  orders(cut.toSorted()).map(numbered).reduce((least, one) => (one.text < least.text ? one : least))

/** Renames so that a cut of the same shape becomes another: those whom neither names change places where they must. */
export const renaming = (from: Shape, to: Shape): ((text: string) => string) => {
  const by = new Map(from.names.map((name, i) => [name, to.names[i]]))
  const left = from.names.filter((name) => !to.names.includes(name))
  to.names.filter((name) => !by.has(name)).forEach((name, i) => by.set(name, left[i]))
  return (text) => text.replace(names, (whole, name: string) => (by.has(name) ? `"${by.get(name)!}"` : whole))
}

const rounds = /"round":\d+/g

/** A shape whatever its rounds: how much is new in it. */
export const kindOf = ({ text }: Shape): string => text.replace(rounds, '')
