import { join, resolve } from 'node:path'

import { DataError, SpecificationError } from '../errors.js'
import type { Beginnings } from '../federation/terms.js'
import { scatter } from '../models/parts.js'
import { decodeTensorFile, type TensorFile } from '../network/tensor-file.js'
import { clientName, type Name } from '../roster/participant.js'
import type { Resolved } from '../simulation/specification.js'
import { nearest } from '../documents/nearest.js'
import { readRegular } from '../documents/regular-file.js'
import { type Making, modelFormat, ownName, type Piece, piecesOf, schemaOf, type Which } from './trained-model.js'

/** The name of a model's file in the folder of its run. */
export const modelFile = (which: Which): string => `model-${which}.safetensors`

/** What a run begins with in place of drawn parameters. */
export interface Start extends Beginnings {
  /** What owners begin with, and clients of which nothing else is known: flat. */
  readonly initial: Float32Array
}

type StartSpec = NonNullable<Resolved['start']>

/** Where the file of a start lies, as the specification names it. */
export const startFile = ({ from, model }: StartSpec): string => join(from, modelFile(model))

/** The bytes of the model that a specification starts from. */
export const readStart = (start: StartSpec, cwd: string): Uint8Array => {
  const file = startFile(start)
  try {
    return new Uint8Array(readRegular(resolve(cwd, file)))
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' || code === 'ENOTDIR' ? `is not there; looked in ${cwd}` : `cannot be read (${message})`
    throw new DataError(
      `start.from: ${file} ${why}. Give the folder of a run that was flown with evaluate: { models: true }.`, { cause },
    )
  }
}

/** The same, as tensors. */
export const decodeStart = (start: StartSpec, bytes: Uint8Array): TensorFile => {
  const file = decodeTensorFile(bytes)
  if (file?.metadata.format === modelFormat) return file
  throw new DataError(`start.from: ${startFile(start)} is not a model that a run of this version wrote. Fly that run again.`)
}

const listed = (lengths: readonly number[]): string => `[${lengths.join(', ')}]`

/** Places of a tensor's name: `trunk/x` or `client-NL/trunk/x`. */
const pieceName = (name: string): string => name.split('/').slice(-2).join('/')

/** Everything about a file of a model that does not fit what is to be flown. */
const demandFit = (file: string, { tensors, metadata }: TensorFile, pieces: readonly Piece[], making: Making): void => {
  const fail = (why: string): never => {
    throw new SpecificationError(`start.from: ${file} does not fit: ${why}.`)
  }
  const { name: model } = making.model
  const known = new Map(pieces.map((piece) => [piece.name, piece]))
  const held = new Set<string>()
  for (const [name, { shape, dtype }] of tensors) {
    const piece = known.get(pieceName(name))
    if (piece === undefined) {
      const like = nearest(pieceName(name), [...known.keys()])
      const but = like === undefined ? '' : ` (but ${like} of shape ${listed(known.get(like)!.shape)})`
      return fail(`it has ${name} of shape ${listed(shape)}, and model '${model}' has no such segment${but}`)
    }
    if (dtype !== 'F32' || listed(shape) !== listed(piece.shape)) {
      return fail(`${name} has shape ${listed(shape)} there and ${listed(piece.shape)} in model '${model}' here`)
    }
    held.add(piece.name)
  }
  const missing = pieces.find(({ name }) => !held.has(name))
  if (missing !== undefined) fail(`it has no ${missing.name}, which is of shape ${listed(missing.shape)} here`)
  const schema = schemaOf(making.arrangement.features, making.tasks)
  if (metadata.schema !== schema) fail(`it was trained on ${metadata.schema}, and the data here has ${schema}`)
}

/** What a run begins with, from the file of a model that another has left. */
export const beginningsFrom = (start: StartSpec, file: TensorFile, making: Making, drawn: Float32Array): Start => {
  const { layout, strategy, arrangement } = making
  const path = startFile(start)
  const pieces = piecesOf(layout, strategy.template)
  demandFit(path, file, pieces, making)
  const valuesOf = (name: string) => file.tensors.get(name)?.values as Float32Array | undefined
  const continues = file.metadata.strategy === strategy.name
  const initial = drawn.slice()
  for (const piece of pieces) {
    const values = valuesOf(piece.name)
    if (values !== undefined) scatter(values, piece.runs, initial)
    else if (!piece.isPrivate) {
      throw new SpecificationError(
        `start.from: in ${path} each client has a ${piece.name} of its own, and strategy '${strategy.name}' shares it: ` +
          'nothing says which of them to start from. Start from a run whose strategy shares it, or keep it private here.',
      )
    }
  }
  const clients = new Map<Name, Float32Array>()
  for (const { name: member } of arrangement.members) {
    const client = clientName(member)
    let flat = initial
    for (const piece of pieces) {
      if (!piece.isPrivate && !continues) continue
      const own = valuesOf(ownName(client, piece))
      if (own !== undefined) scatter(own, piece.runs, flat === initial ? (flat = initial.slice()) : flat)
      else if (piece.isPrivate && !file.tensors.has(piece.name)) {
        throw new SpecificationError(
          `start.from: ${path} has no ${piece.name} of ${client}, and strategy '${strategy.name}' keeps it private. ` +
            'Start from a run of the same clients.',
        )
      }
    }
    if (flat !== initial) clients.set(client, flat)
  }
  return { initial, clients, continues }
}
