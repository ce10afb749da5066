import type { Engine } from '../../../src/engine/engine.js'
import { buildLayout, initialize } from '../../../src/models/layout.js'
import { buildModel } from '../../../src/models/registry.js'
import { streams } from '../../../src/random/streams.js'
import { onePerScenario } from '../../../src/federation/strategies/fold.js'
import { resolve } from '../../../src/simulation/resolve.js'
import type { Specification } from '../../../src/simulation/specification.js'
import type { ModelSpec } from '../../../src/models/registry.js'
import { smallWorld } from '../small.js'
import { small } from './peers.js'

/** A mixing matrix of a round, rows and columns in the order of names. */
export type Matrix = readonly (readonly number[])[]

/** W_ij = 1 / (1 + max(d_i, d_j)) for neighbours, the rest on the diagonal. */
export const metropolis = (neighbours: readonly (readonly number[])[]): Matrix =>
  neighbours.map((own, i) => {
    const row = neighbours.map(() => 0)
    for (const j of own) row[j] = 1 / (1 + Math.max(own.length, neighbours[j].length))
    row[i] = 1 - row.reduce((sum, weight) => sum + weight, 0)
    return row
  })

/**
 * Decentralized parallel SGD with local steps as one would write it down: X <- W(r) train(X), one client after the other. No
 * actors, no messages, no clock. The models of all clients in the end, in the order of names.
 */
export const decentralized = async (
  engine: Engine, rows: Readonly<Record<string, number>>, rounds: number, matrixOf: (round: number) => Matrix,
): Promise<Float32Array[]> => {
  const world = smallWorld(rows)
  const { local: { batch, optimizer, chunk, cohort }, model: given, seeds } = resolve(small as Specification, { seed: 1, engine: 'tfjs' })
  const model = buildModel(given as ModelSpec)
  const { features, members } = onePerScenario(world)
  const layout = buildLayout(model.segments(features, world.tasks))
  const { program } = await engine.prepare({
    model, features, tasks: world.tasks, layout, optimizer, batch: batch as number,
    taskWeights: world.tasks.map(() => 1 / world.tasks.length), chunk, cohort, proximal: false, proximalSegments: [],
  })
  const clients = members.map(({ name, train }) => ({ name: `client-${name}`, train })).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name, train } of clients) await engine.register(`reference/${name}`, train)
  let models = clients.map(() => initialize(layout, streams(seeds.initialisation)))
  for (let round = 1; round <= rounds; round++) {
    const trained: Float32Array[] = []
    for (const [i, { name }] of clients.entries()) {
      const plan = { epochs: 1, seed: seeds.batches, key: ['client', name, 'round', round] }
      const [job] = engine.train([{ kind: 'train', client: name, program, data: `reference/${name}`, parameters: models[i], mu: 0, plan }])
      trained.push((await job).parameters)
    }
    const matrix = matrixOf(round)
    models = models.map((model, i) => model.map((_, at) => trained.reduce((sum, other, j) => sum + matrix[i][j] * other[at], 0)))
  }
  return models
}
