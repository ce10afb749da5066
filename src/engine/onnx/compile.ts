import { worthAlone } from '../graph/alone.js'
import { cohort, solo } from '../graph/cohort.js'
import { jointUpdates } from '../graph/joint-updates.js'
import { worthOwnUpdate } from '../graph/jointly.js'
import type { Graph } from '../graph/graph.js'
import type { Compiled } from '../runtime.js'
import { emitOnnx } from './emit.js'

/**
 * Compiles a recorded graph for ONNX Runtime: a small model with a cohort axis, so that one run trains many clients, a
 * large one without. `clients` is how many will mostly share a run. Neither it nor the cohort changes a bit.
 */
export const compileOnnx = (graph: Graph, { clients = 16 }: { readonly clients?: number } = {}): Compiled =>
  worthAlone(graph)
    ? emitOnnx(solo(jointUpdates(graph, worthOwnUpdate)))
    : emitOnnx(cohort(graph), { clients })
