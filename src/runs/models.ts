import type { Flight } from '../flight/flight.js'
import { modelFile } from '../flight/start.js'
import { whiches } from '../flight/trained-model.js'
import { encodeTensorFile } from '../network/tensor-file.js'

/** The files of a run's models. */
export const modelFiles: readonly string[] = whiches.map(modelFile)

/** The models of a flight as files: their metadata names the run by its digest. */
export const encodeModels = ({ models = [], digest }: Pick<Flight, 'models' | 'digest'>): Record<string, Uint8Array> =>
  Object.fromEntries(
    models.map(({ which, tensors, metadata }) => [modelFile(which), encodeTensorFile(tensors, { run: digest, ...metadata })]),
  )
