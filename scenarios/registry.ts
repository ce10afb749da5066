import { z } from 'zod'
import { SpecificationError } from '../src/errors.js'
import type { World } from '../src/data/world.js'
import { aliexpressKind } from './aliexpress.js'
import { folderKind } from './folder.js'
import { kuairandKind } from './kuairand.js'
import type { Where, WorldKind } from './kind.js'
import { mb1Kind } from './mb1.js'
import { storefrontsKind } from './storefronts.js'

/** Every kind of world, by the `kind` that a specification names. */
export const worldKinds = {
  storefronts: storefrontsKind,
  kuairand: kuairandKind,
  aliexpress: aliexpressKind,
  folder: folderKind,
  mb1: mb1Kind,
} as const

export type WorldKindName = keyof typeof worldKinds

/** What a specification may say of its world: a closed union over `kind`. */
export const worldSchema = z.discriminatedUnion('kind', [
  storefrontsKind.schema,
  kuairandKind.schema,
  aliexpressKind.schema,
  folderKind.schema,
  mb1Kind.schema,
])

/** A world as a researcher writes it: options that are left out have defaults. */
export type WorldSpec = z.input<typeof worldSchema>

/** Loads the world that `spec` describes. A specification that breaks the schema is a `SpecificationError` with the
 * path of each offence; data that is missing or malformed is a `DataError`. */
export const loadWorld = async (spec: WorldSpec, where: Where): Promise<World> => {
  const kind: WorldKind | undefined = Object.hasOwn(worldKinds, spec.kind)
    ? worldKinds[spec.kind]
    : undefined
  if (kind === undefined) {
    throw new SpecificationError(
      `world.kind is '${spec.kind}', expected one of ${Object.keys(worldKinds).join(', ')}`,
    )
  }
  const parsed = kind.schema.safeParse(spec)
  if (!parsed.success) {
    const offences = parsed.error.issues.map(({ path, message }) => `${['world', ...path].join('.')}: ${message}`)
    throw new SpecificationError(offences.join('\n'))
  }
  return kind.load(parsed.data, where)
}
