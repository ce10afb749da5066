import { CohortEngine } from '/work/main/src/engine/cohort-engine.js'
import { Executor } from '/work/main/src/engine/executor.js'
import { Inline } from '/work/main/src/engine/inline.js'
import { recipeOf } from '/work/main/src/engine/recipe.js'
import { trainingBody } from '/work/main/src/engine/program.js'
import { trace } from '/work/main/src/engine/trace.js'
import { nameOf } from '/work/main/src/engine/body.js'
import { engineUpdatesPerSecond } from '/work/main/bench/engine-mb1.js'
let training: any
const portsOf = ({ nodes, outputs }: any) => ({
  inputs: nodes.flatMap(({ source, shape, dtype }: any) => source ? [{ name: nameOf(source), kind: source, shape, dtype }] : []),
  outputs: outputs.map(({ sink, node }: any) => ({ name: nameOf(sink), kind: sink, shape: nodes[node].shape, dtype: nodes[node].dtype })),
})
const executor = new Executor(async (_p, part) => ({ ...portsOf(trace(trainingBody(training, part === 'chunk' ? 4 : 1))), run: async () => {}, close: async () => {} }))
const programs: any = { prepare: (t: any) => { training = t; return { program: 'p' } }, training: () => training, recipe: () => recipeOf(training, 'p', 512) }
const engine = new CohortEngine('x', programs, new Inline(executor, programs))
for (let i = 0; i < 6; i++) { const u = await engineUpdatesPerSecond({ engine: new CohortEngine('x', programs, new Inline(new Executor((executor as any).open), programs)), rounds: 1000 }); console.log(u.toFixed(0), 'updates/s =', (1e6/u).toFixed(2), 'us each') }
