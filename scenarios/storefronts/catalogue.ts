import { normal, type Stream, type Streams } from '../../src/random/streams.js'
import type { Field } from '../../src/data/assemble.js'

/** Numeric coordinates of a user's and of an item's latent vector, all of them visible. */
export const width = 5
/** Hidden coordinates: products of the first ones of user and item, the user's eagerness, the item's quality. */
export const products = 4
export const hidden = products + 2
/** Numeric columns that belong to the impression alone. */
export const contexts = 2

/** The categorical fields: who they describe, and how many values they have. */
export const fieldSizes = {
  user_segment: 12, user_age: 6, user_device: 4, item_category: 24, item_brand: 60, hour: 24, placement: 6,
} as const
export type FieldName = keyof typeof fieldSizes
export const fieldNames = Object.keys(fieldSizes) as FieldName[]

/** How many latent coordinates each category has. */
export const perField = 2

/** Coordinates of `x`: numeric ones, hidden ones, then `perField` for each field. */
export const coordinates = 2 * width + contexts + hidden + perField * fieldNames.length

export const numericNames: readonly string[] = [
  ...Array.from({ length: width }, (_, k) => `user_${k + 1}`),
  ...Array.from({ length: width }, (_, k) => `item_${k + 1}`),
  ...Array.from({ length: contexts }, (_, k) => `context_${k + 1}`),
]

/** Fields whose values are known beforehand, so that a scenario more changes no id. */
export const fieldsOf = (ids: number): Field[] => {
  const field = (name: string, size: number): Field => ({
    name,
    words: Array.from({ length: size }, (_, v) => String(v)),
    order: 'number',
    fixed: true,
  })
  const plain = fieldNames.map((name) => field(name, fieldSizes[name]))
  return ids > 0 ? [...plain, field('user_id', ids), field('item_id', ids)] : plain
}

export interface Person {
  /** [width], each coordinate about standard normal. */
  readonly vector: Float64Array
  readonly eagerness: number
  readonly activity: number
  readonly categories: Readonly<Record<'user_segment' | 'user_age' | 'user_device', number>>
}

export interface Item {
  readonly vector: Float64Array
  readonly quality: number
  readonly popularity: number
  readonly categories: Readonly<Record<'item_category' | 'item_brand', number>>
}

/** What all storefronts share. */
export interface Catalogue {
  readonly people: readonly Person[]
  readonly items: readonly Item[]
  /** [values, perField] per field. */
  readonly categories: Readonly<Record<FieldName, readonly Float64Array[]>>
}

/** Users and items are drawn each from a stream of their own: one more changes no other. */
export const drawCatalogue = (size: { readonly users: number; readonly items: number }, named: Streams): Catalogue => {
  const centres = (name: FieldName): Float64Array[] =>
    Array.from({ length: fieldSizes[name] }, (_, v) => normals(width, named('storefronts', 'centre', name, v)))
  const segments = centres('user_segment')
  const kinds = centres('item_category')
  return {
    people: Array.from({ length: size.users }, (_, u) => drawPerson(named('storefronts', 'user', u), segments)),
    items: Array.from({ length: size.items }, (_, i) => drawItem(named('storefronts', 'item', i), kinds, i)),
    categories: Object.fromEntries(
      fieldNames.map((name) => [
        name,
        Array.from({ length: fieldSizes[name] }, (_, v) =>
          normals(perField, named('storefronts', 'category', name, v))),
      ]),
    ) as unknown as Catalogue['categories'],
  }
}

const drawPerson = (stream: Stream, segments: readonly Float64Array[]): Person => {
  const categories = {
    user_segment: below(fieldSizes.user_segment, stream),
    user_age: below(fieldSizes.user_age, stream),
    user_device: below(fieldSizes.user_device, stream),
  }
  return {
    categories,
    vector: around(segments[categories.user_segment], stream),
    eagerness: normal(stream),
    activity: Math.exp(0.8 * normal(stream)),
  }
}

const drawItem = (stream: Stream, kinds: readonly Float64Array[], rank: number): Item => {
  const categories = {
    item_category: below(fieldSizes.item_category, stream),
    item_brand: below(fieldSizes.item_brand, stream),
  }
  return {
    categories,
    vector: around(kinds[categories.item_category], stream),
    quality: normal(stream),
    popularity: (rank + 1) ** -0.8,
  }
}

/** A point near a centre: variances 0.36 and 0.64, so that coordinates have variance 1 over all centres. */
const around = (centre: Float64Array, stream: Stream): Float64Array =>
  centre.map((c) => 0.6 * c + 0.8 * normal(stream))

export const normals = (n: number, stream: Stream): Float64Array =>
  Float64Array.from({ length: n }, () => normal(stream))

export const below = (n: number, stream: Stream): number => Math.floor(stream() * n)
