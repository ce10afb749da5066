import { cohort } from '../graph/cohort.js'
import type { Graph } from '../graph/graph.js'
import type { Compiled } from '../runtime.js'
import { emitTensorflow } from './emit.js'

/** Compiles a recorded graph for TensorFlow. */
export const compileTensorflow = (graph: Graph): Compiled => emitTensorflow(cohort(graph))
