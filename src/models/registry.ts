import { SpecificationError } from '../errors.js'
import { mlpModel, type MlpOptions } from './mlp.js'
import { mmoeModel, type MmoeOptions } from './mmoe.js'
import type { Model } from './model.js'
import { sharedBottomModel, type SharedBottomOptions } from './shared-bottom.js'

/** A model as plain data. */
export type ModelSpec =
  | ({ readonly kind: 'mmoe' } & MmoeOptions)
  | ({ readonly kind: 'shared-bottom' } & SharedBottomOptions)
  | ({ readonly kind: 'mlp' } & MlpOptions)

/** Multi-gate mixture of experts, as data. */
export const mmoe = (options: MmoeOptions): ModelSpec => ({ kind: 'mmoe', ...options })
/** One shared perceptron below a tower per task, as data. */
export const sharedBottom = (options: SharedBottomOptions): ModelSpec => ({ kind: 'shared-bottom', ...options })
/** A plain perceptron with a head per task, as data. */
export const mlp = (options: MlpOptions): ModelSpec => ({ kind: 'mlp', ...options })

/** What there is to know about a kind of model for people. */
export interface ModelEntry<Kind extends ModelSpec['kind']> {
  readonly kind: Kind
  readonly summary: string
  readonly source: string
  build(spec: Extract<ModelSpec, { kind: Kind }>): Model
}

/** Every kind of model. */
export const models: { readonly [Kind in ModelSpec['kind']]: ModelEntry<Kind> } = {
  mmoe: {
    kind: 'mmoe',
    summary: 'Expert networks that all tasks share, mixed for each task by a gate of its own.',
    source: 'Ma, Zhao, Yi, Chen, Hong and Chi, KDD 2018, equations 6 to 8; MTReclib models/mmoe.py',
    build: mmoeModel,
  },
  'shared-bottom': {
    kind: 'shared-bottom',
    summary: 'One perceptron that all tasks share, below a tower per task.',
    source: 'Caruana, Machine Learning 28, 1997; Ma et al., KDD 2018, equation 1; MTReclib models/sharedbottom.py',
    build: (spec) => sharedBottomModel(spec),
  },
  mlp: {
    kind: 'mlp',
    summary: 'A plain multi-layer perceptron with a linear head per task.',
    source: 'Rumelhart, Hinton and Williams, Nature 323, 1986; He, Zhang, Ren and Sun, ICCV 2015, for the first values',
    build: mlpModel,
  },
}

const widths = ['expert', 'tower', 'bottom', 'hidden'] as const
const counts = ['embedding', 'experts'] as const

const refuse = (kind: string, option: string, value: unknown, rule: string): never => {
  throw new SpecificationError(`model.${option} of '${kind}' is ${JSON.stringify(value)}: it must be ${rule}.`)
}

const positive = (n: unknown): boolean => Number.isInteger(n) && (n as number) > 0

const checkOptions = (spec: ModelSpec): void => {
  const options: Readonly<Record<string, unknown>> = { ...spec }
  for (const name of widths) {
    const value = options[name]
    const fits = value === undefined || (Array.isArray(value) && value.every(positive))
    if (!fits) refuse(spec.kind, name, value, 'a list of positive whole numbers, one width per layer')
  }
  for (const name of counts) {
    const value = options[name]
    if (value !== undefined && !positive(value)) refuse(spec.kind, name, value, 'a positive whole number')
  }
  const rate = spec.dropout ?? 0
  if (!(rate >= 0 && rate < 1)) refuse(spec.kind, 'dropout', rate, 'a probability from 0 to below 1')
  if (spec.kind === 'mmoe' && spec.expert.length === 0) {
    refuse(spec.kind, 'expert', spec.expert, 'at least one width, or the experts would all be their input')
  }
}

/** The model that a specification names; a `Model` of the researcher's own passes through. */
export const buildModel = (spec: ModelSpec | Model): Model => {
  if ('forward' in spec) return spec
  const entry = models[spec.kind] as ModelEntry<ModelSpec['kind']> | undefined
  if (entry === undefined) {
    const known = Object.keys(models).join(', ')
    throw new SpecificationError(`model.kind is '${(spec as { kind: string }).kind}': it must be one of ${known}.`)
  }
  checkOptions(spec)
  return entry.build(spec)
}
