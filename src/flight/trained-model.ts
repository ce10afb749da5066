import { createHash } from 'node:crypto'

import type { World } from '../data/world.js'
import { SpecificationError } from '../errors.js'
import type { Arrangement, Strategy, Template } from '../federation/strategies/strategy.js'
import type { Layout } from '../models/layout.js'
import type { Features, Model } from '../models/model.js'
import { gather, partNames, type PartRuns, partRuns, runsLength } from '../models/parts.js'
import type { FiledTensor, Metadata } from '../network/tensor-file.js'
import { canonical } from '../roster/identity.js'
import type { Name } from '../roster/participant.js'
import type { Resolved } from '../simulation/specification.js'
import type { Task } from '../tasks/task.js'

/** What the metadata of a model's file calls its format. */
export const modelFormat = 'windtunnel-model-1'

/** Which of a run's models: that of the round that was selected, or of the last. */
export type Which = (typeof whiches)[number]

export const whiches = ['selected', 'last'] as const

/** What all clients would have served after a round, as tensors of a file. */
export interface TrainedModel {
  readonly which: Which
  readonly round: number
  readonly tensors: readonly FiledTensor[]
  readonly metadata: Metadata
}

/** The models after a round, each flat in the layout's order. */
export interface Served {
  readonly clients: ReadonlyMap<Name, Float32Array>
  /** The values that the parts' owners held for everybody. */
  readonly common: Float32Array
}

/** What a model is made of. */
export interface Making {
  readonly layout: Layout
  readonly strategy: Strategy
  readonly model: Model
  readonly arrangement: Arrangement
  readonly tasks: readonly Task[]
}

/** Of one part of a model. */
export interface Piece extends PartRuns {
  /** `trunk/bottom-1.weight`, `expert-2/expert-1.weight`: the tensor's name. */
  readonly name: string
  /** Whether clients keep it to themselves. */
  readonly isPrivate: boolean
}

/** `client-NL/trunk/tower.weight`: the name of a client's own tensor. */
export const ownName = (client: Name, { name }: Pick<Piece, 'name'>): string => `${encodeURIComponent(client)}/${name}`

/** A layout in pieces by part, the trunk's first. */
export const piecesOf = (layout: Layout, template: Template): Piece[] =>
  partNames(layout).flatMap((part) =>
    partRuns(layout, part).map((piece) => ({
      ...piece, name: `${part}/${piece.segment.name}`, isPrivate: template(piece.segment) === 'private',
    })))

/** The floats of a piece. */
export const take = (flat: Float32Array, { runs }: Pick<Piece, 'runs'>): Float32Array => {
  const values = new Float32Array(runsLength(runs))
  gather(flat, runs, values)
  return values
}

/** Bit by bit: NaN is itself. */
export const isSame = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), new Uint8Array(b.buffer, b.byteOffset, b.byteLength)) === 0

/** What must be the same for columns and tasks to mean the same. */
export const schemaOf = ({ categorical, numeric }: Features, tasks: readonly Task[]): string =>
  canonical({ categorical, numeric, tasks })

/**
 * A hash of all training rows but their labels, by scenario: vocabularies and scales are fitted on them, so that ids stand
 * for the same words where it is the same.
 */
export const groundOf = ({ scenarios }: World): string => {
  const hash = createHash('sha256')
  for (const { name, train: { rows, categorical, numeric } } of scenarios) {
    hash.update(canonical([name, rows]))
    for (const { buffer, byteOffset, byteLength } of [categorical, numeric]) hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}

/** The most bytes of one file: it is made in memory. */
const most = 2 ** 31

/** Throws where models would be kept that are too large for a file each, as far as can be told beforehand. */
export const demandRoom = ({ layout, strategy }: Making, clients: number): void => {
  const floats = (segments: Layout['segments']): number => segments.reduce((sum, { size }) => sum + size, 0)
  const own = strategy.serves === 'received'
    ? floats(layout.segments.filter((segment) => strategy.template(segment) === 'private'))
    : layout.size
  const bytes = 4 * (layout.size + clients * own)
  if (bytes <= most) return
  throw new SpecificationError(
    `evaluate.models: a file of ${clients} clients with ${own} parameters of their own each would have ` +
      `${Math.ceil(bytes / 2 ** 20)} MiB; the most is ${most / 2 ** 20} MiB. Leave it out, or keep less private.`,
  )
}

/**
 * The tensors of a model: what the owners hold for everybody once, as `trunk/SEGMENT` and `expert-1/SEGMENT`, and under
 * `client-NAME/` what a client would serve in its place, where that is another or private.
 */
export const trainedModel = (
  which: Which,
  round: number,
  { clients, common }: Served,
  { layout, strategy, model, arrangement, tasks, resolved, ground = '' }: Making & { readonly resolved: Resolved; readonly ground?: string },
): TrainedModel => {
  const pieces = piecesOf(layout, strategy.template)
  const shared = new Map(pieces.filter(({ isPrivate }) => !isPrivate).map((piece) => [piece.name, take(common, piece)]))
  const tensorOf = (name: string, { shape }: Piece, values: Float32Array): FiledTensor => ({ name, dtype: 'F32', shape, values })
  const tensors = pieces.flatMap((piece) => {
    const values = shared.get(piece.name)
    return values === undefined ? [] : [tensorOf(piece.name, piece, values)]
  })
  for (const [client, flat] of clients) {
    for (const piece of pieces) {
      const own = take(flat, piece)
      const everybodys = shared.get(piece.name)
      if (everybodys === undefined || !isSame(own, everybodys)) tensors.push(tensorOf(ownName(client, piece), piece, own))
    }
  }
  return {
    which,
    round,
    tensors,
    metadata: {
      format: modelFormat, which, round: String(round), model: model.name, strategy: strategy.name, seed: resolved.seed,
      schema: schemaOf(arrangement.features, tasks), ground,
      layout: JSON.stringify(layout.segments.map(({ name, role, shape }) => ({ name, role, shape }))),
    },
  }
}

