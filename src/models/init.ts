import { z } from 'zod'
import { SpecificationError } from '../errors.js'
import type { Initial, SegmentRole, SegmentSpec } from './layout.js'
import type { Model } from './model.js'

/** Roles whose first values may be chosen. */
const roles = ['embedding', 'user', 'input', 'bottom', 'expert', 'gate', 'tower', 'other'] as const satisfies
  readonly SegmentRole[]

const aboveZero = { error: 'a number above 0' }
const positive = z.number(aboveZero).positive(aboveZero)

const start = z.union([
  z.literal('zeros'),
  z.strictObject({ kind: z.literal('constant'), value: z.number() }),
  z.strictObject({ kind: z.literal('uniform'), limit: positive }),
  z.strictObject({ kind: z.literal('normal'), deviation: positive }),
], { error: 'zeros, or one of constant (value), uniform (limit) and normal (deviation)' })

const byRole = Object.fromEntries(roles.map((role) => [role, start.optional()])) as
  Record<(typeof roles)[number], z.ZodOptional<typeof start>>

/**
 * First values in place of a model's own random ones: by role, or `zeros` for all. What starts at a constant or on a
 * diagonal anyway (biases, normalisation, factors of scenarios) stays.
 */
export const initOption = z
  .union([z.literal('zeros'), z.strictObject(byRole)], {
    // What is wrong with one role, its own schema says.
    error: ({ input }) =>
      (typeof input === 'object' ? undefined : `zeros, or first values by role (${roles.join(', ')})`),
  })
  .optional()
  .describe('First values in place of random ones, by role of the segment; zeros for all')

export type Init = NonNullable<z.output<typeof initOption>>

type Start = z.output<typeof start>

const zero: Initial = { kind: 'constant', value: 0 }
const initialOf = (chosen: Start): Initial => (chosen === 'zeros' ? zero : chosen)

const isRandom = ({ initial }: SegmentSpec): boolean => initial.kind !== 'constant' && initial.kind !== 'diagonal'
const isZero = ({ initial }: SegmentSpec): boolean => initial.kind === 'constant' && initial.value === 0

/** Segments whose values are multiplied with each other on the way from a row to a head; those of one group add up. */
const groupOf = ({ role }: SegmentSpec): SegmentRole | undefined =>
  role === 'input' ? 'embedding' : ['embedding', 'user', 'tower'].includes(role) ? role : undefined

/** Zeros that no gradient ever moves: before a ReLU, whose slope at 0 is 0, and as two factors of one product. */
const checkMoves = (name: string, zeroed: readonly (readonly [own: SegmentSpec, chosen: SegmentSpec])[]): void => {
  const all = zeroed.filter(([, chosen]) => isZero(chosen))
  const rectified = all.find(([own]) => own.initial.kind === 'he')
  if (rectified !== undefined) {
    throw new SpecificationError(
      `model.init of '${name}' starts '${rectified[0].name}' at zero, and a ReLU follows, which passes no gradient ` +
        'there: it would never learn. Leave hidden layers at their random first values, as in init: { tower: zeros }.',
    )
  }
  const groups = [...new Set(all.map(([own]) => groupOf(own)).filter((group) => group !== undefined))]
  if (groups.length > 1) {
    throw new SpecificationError(
      `model.init of '${name}' starts ${groups.join(' and ')} at zero, which are multiplied: neither would ever learn. ` +
        `Start one of them at zero, as in init: { ${groups.at(-1)}: zeros }.`,
    )
  }
}

const replaced = (name: string, init: Init, specs: readonly SegmentSpec[]): SegmentSpec[] => {
  const own = new Set<SegmentRole>(specs.filter(isRandom).map(({ role }) => role))
  const unknown = init === 'zeros' ? undefined : Object.keys(init).find((role) => !own.has(role as SegmentRole))
  if (unknown !== undefined) {
    throw new SpecificationError(
      `model.init.${unknown}: nothing of '${name}' with that role starts at random in this world, which has ` +
        `${[...own].join(', ')}.`,
    )
  }
  const chosenFor = ({ role }: SegmentSpec): Start | undefined =>
    init === 'zeros' ? init : init[role as (typeof roles)[number]]
  const pairs = specs.map((spec) => {
    const chosen = isRandom(spec) ? chosenFor(spec) : undefined
    return [spec, chosen === undefined ? spec : { ...spec, initial: initialOf(chosen) }] as const
  })
  checkMoves(name, pairs.filter(([before, after]) => before !== after))
  return pairs.map(([, after]) => after)
}

/** The same model with other first values. Throws, when it meets a world, for a role that it has not, and for zeros
 * from which nothing could be learnt. */
export const initialised = (model: Model, init: Init | undefined): Model =>
  init === undefined ? model : {
    ...model,
    segments: (features, tasks) => replaced(model.name, init, model.segments(features, tasks)),
  }
