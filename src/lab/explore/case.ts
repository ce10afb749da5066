import { worldSchema } from '../../../scenarios/registry.js'
import type { FaultInput } from '../../faults/registry.js'
import type { RoundsInput } from '../../federation/rounds/registry.js'
import type { Specification } from '../../simulation/specification.js'

/** How large a federation is. What is absent is as in its specification. */
export interface Shape {
  /** Clients, where the world can be asked for a number of them. */
  readonly clients?: number
  /** Expert networks, where the model can. */
  readonly experts?: number
}

/**
 * One flight of a specification that is explored: what is other in it than in the specification. Plain JSON, that can be
 * kept, made milder, and flown again. Faults have names, so that their draws stay when they are changed.
 */
export interface Case {
  readonly faults: readonly FaultInput[]
  readonly rounds?: RoundsInput
  readonly delivery?: NonNullable<Specification['delivery']>
  readonly codec?: NonNullable<Specification['codec']>
  readonly lines?: Lines
  readonly checkpoint?: NonNullable<Specification['checkpoint']>
  readonly selection?: NonNullable<Specification['selection']>
  readonly calm?: NonNullable<Specification['calm']>
  readonly shape?: Shape
  /** What chance is drawn from in it: of faults, and of whom rounds ask. */
  readonly chance: string
}

/** How lines are shared, and which of them everybody is on: what it says of its network beside all else. */
export type Lines = Pick<NonNullable<Specification['network']>, 'sharing' | 'servers' | 'backbone'>

type World = Specification['world']

const withClients = (world: World, field: string, clients: number): World => ({ ...(world as object), [field]: clients }) as unknown as World

/** The field of a world that can say how many clients there are, if it has one. */
export const clientField = ({ world }: Pick<Specification, 'world'>): string | undefined =>
  ['scenarios', 'clients'].find((field) => worldSchema.safeParse(withClients(world, field, 2)).success)

/** Whether a model can be asked for a number of expert networks. */
export const sizesExperts = ({ model }: Pick<Specification, 'model'>): boolean => 'experts' in model && typeof model.experts === 'number'

const kindOf = (one: object): string => ('kind' in one && typeof one.kind === 'string' ? one.kind : 'name' in one && typeof one.name === 'string' ? one.name : 'its own')

/** What of the size of a federation no case varies, in words. */
export const sizesThatStay = (of: Pick<Specification, 'world' | 'model'>): readonly string[] => [
  ...(clientField(of) === undefined ? [`clients: the world ${kindOf(of.world)} is what its data are, and cannot be asked for a number of them`] : []),
  ...(sizesExperts(of) ? [] : [`expert networks: the model ${kindOf(of.model)} cannot be asked for a number of them`]),
]

/** The specification that a case of another flies. `field`: see `clientField`. */
export const specificationOf = (base: Specification, { shape = {}, chance, faults, lines, ...given }: Case, field: string | undefined): Specification => {
  const { clients, experts } = shape
  const { model, world } = base
  return {
    ...base,
    ...given,
    faults: [...faults],
    ...(lines !== undefined && { network: { ...base.network, ...lines } }),
    ...(clients !== undefined && field !== undefined && { world: withClients(world, field, clients) }),
    ...(experts !== undefined && 'kind' in model && { model: { ...model, experts } as Specification['model'] }),
    seeds: { ...base.seeds, faults: `${chance}/faults`, selection: `${chance}/selection` },
    // A protocol is tried: numbers that are not finite are one more thing that it meets.
    onDivergence: 'go-on',
  }
}
