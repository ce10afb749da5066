import { z } from 'zod'
import { SpecificationError } from '../src/errors.js'
import { cutByUser, type Clients } from '../src/data/clients.js'
import type { World } from '../src/data/world.js'
import { streams } from '../src/random/streams.js'
import { aliexpressKind } from './aliexpress.js'
import { censusKind } from './census.js'
import { fedproxSyntheticKind } from './fedprox-synthetic.js'
import { folderKind } from './folder.js'
import { interactionsKind } from './interactions.js'
import { kuairandKind } from './kuairand.js'
import type { Where, WorldKind } from './kind.js'
import { kuairandInteractionsKind } from './kuairand-interactions.js'
import { mb1Kind } from './mb1.js'
import { mmoeSyntheticKind } from './mmoe-synthetic.js'
import { mnistKind } from './mnist.js'
import { storefrontsKind } from './storefronts.js'
import { syntheticInteractionsKind } from './synthetic-interactions.js'
import { tenrecKind } from './tenrec.js'

/** Every kind of world. A folder given with `--data` is of the first whose sign fits. */
export const worldList = [
  storefrontsKind,
  kuairandKind,
  folderKind,
  aliexpressKind,
  tenrecKind,
  censusKind,
  mnistKind,
  mmoeSyntheticKind,
  fedproxSyntheticKind,
  interactionsKind,
  kuairandInteractionsKind,
  syntheticInteractionsKind,
  mb1Kind,
] as const

type List = typeof worldList
type Schemas<L extends readonly { readonly schema: unknown }[]> = { [I in keyof L]: L[I]['schema'] }

export type WorldKindName = List[number]['kind']

/** Every kind of world, by the `kind` that a specification names. */
export const worldKinds = Object.fromEntries(worldList.map((entry) => [entry.kind, entry])) as unknown as {
  readonly [K in WorldKindName]: Extract<List[number], { kind: K }>
}

/** What a specification may say of its world: a closed union over `kind`. */
export const worldSchema = z.discriminatedUnion(
  'kind',
  worldList.map(({ schema }) => schema as unknown) as unknown as Schemas<List>,
)

/** A world as a researcher writes it: options that are left out have defaults. */
export type WorldSpec = z.input<typeof worldSchema>

/** Loads the world that `spec` describes. A specification that breaks the schema is a `SpecificationError` with the
 * path of each offence; data that is missing or malformed is a `DataError`. */
export const loadWorld = async (spec: WorldSpec, where: Where): Promise<World> => {
  const kind = worldList.find((entry) => entry.kind === spec.kind) as unknown as WorldKind | undefined
  if (kind === undefined) {
    throw new SpecificationError(
      `world.kind is '${spec.kind}', expected one of ${worldList.map((entry) => entry.kind).join(', ')}`,
    )
  }
  const parsed = kind.schema.safeParse(spec)
  if (!parsed.success) {
    const offences = parsed.error.issues.map(({ path, message }) => `${['world', ...path].join('.')}: ${message}`)
    throw new SpecificationError(offences.join('\n'))
  }
  const world = await kind.load(parsed.data, where)
  // Made worlds have a number of clients under that name.
  const { clients } = parsed.data as { readonly clients?: Clients | number }
  return typeof clients === 'object' ? cutByUser(world, clients, streams(where.seed)) : world
}
