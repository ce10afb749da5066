import type { Engine } from '../engine.js'
import type { Graph } from '../graph/graph.js'
import { nameOf } from '../program/body.js'
import { Programs } from '../program/programs.js'
import { CohortEngine } from '../workers/cohort-engine.js'
import { Executor } from '../workers/executor.js'
import { Inline } from '../workers/inline.js'
import { openTfjs, type Ports } from './tfjs-session.js'

/** What a recorded graph reads and gives. */
export const portsOf = ({ nodes, outputs }: Graph): Ports => ({
  inputs: nodes.flatMap(({ source, shape, dtype }) =>
    source ? [{ name: nameOf(source), kind: source, shape, dtype }] : [],
  ),
  outputs: outputs.map(({ sink, node }) => {
    const { shape, dtype } = nodes[node]
    return { name: nameOf(sink), kind: sink, shape, dtype }
  }),
})

/**
 * Plain TensorFlow.js on the main thread, one client at a time, any model. It records programs as the others do, but
 * only for their identity and cost.
 */
export const eagerEngine = (name: string, backend: string, versions: Engine['versions'] = {}): Engine => {
  const programs: Programs = new Programs(name, () => {
    throw new Error(`the engine ${name} compiles nothing`)
  })
  const executor = new Executor(async (program, part) =>
    openTfjs(programs.body(program, part), portsOf(programs.graph(program, part)), backend),
  )
  return new CohortEngine(name, programs, new Inline(executor, programs), { most: 1, versions })
}

/** The reference: plain JavaScript, the same numbers on every machine. */
export const tfjsEngine = (): Engine => eagerEngine('tfjs', 'cpu')
