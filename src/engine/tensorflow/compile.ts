import { worthAlone } from '../graph/alone.js'
import { cohort, solo } from '../graph/cohort.js'
import type { Graph } from '../graph/graph.js'
import { jointUpdates } from '../graph/joint-updates.js'
import { worthOwnUpdate } from '../graph/jointly.js'
import type { Compiled } from '../runtime.js'
import { emitTensorflow } from './emit.js'

/**
 * Compiles a recorded graph for TensorFlow: a small model with a cohort axis, so that one run trains many clients, a
 * large one without (an MMoE of 5,200 million operations a step takes a fifth less so). `clients` is how many will
 * mostly share a run. Neither it nor the cohort changes a bit.
 */
export const compileTensorflow = (graph: Graph, { clients = 16 }: { readonly clients?: number } = {}): Compiled =>
  worthAlone(graph)
    ? emitTensorflow(solo(jointUpdates(graph, worthOwnUpdate)))
    : emitTensorflow(cohort(graph), { clients })
