import type { Table } from '../../../src/data/table.js'
import type { World } from '../../../src/data/world.js'
import type { Engine } from '../../../src/engine/engine.js'
import type { Weather } from '../../../src/faults/weather.js'
import { setUp } from '../../../src/flight/setup.js'
import { flyUnder } from '../../../src/flight/fly.js'
import type { StrategySpec } from '../../../src/federation/strategies/registry.js'
import type { Strategy } from '../../../src/federation/strategies/strategy.js'
import type { Flight } from '../../../src/flight/flight.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { mlp, sgd, synchronous } from '../../../src/simulation/script.js'
import type { Specification } from '../../../src/simulation/specification.js'
import { calm } from '../calm.js'

/*
 * A federation that plain numbers can follow: two columns, two hidden units with ReLU, one label; every client takes
 * one step of SGD an epoch, on all its rows. Parameters: bottom weight [2, 2], bottom bias [2], tower weight [2], bias.
 */
export const size = 9
/** Which of the nine are the head's. */
export const head = [6, 7, 8]
export const rate = 0.25

interface Client {
  readonly name: string
  readonly epochs: number
  readonly x: readonly (readonly [number, number])[]
  readonly y: readonly number[]
}

/** Unequal in rows, in labels and in steps. */
export const clients: readonly Client[] = [
  { name: 'client-A', epochs: 2, x: [[1, 0.5], [-0.75, 1.25]], y: [1, 0] },
  { name: 'client-B', epochs: 3, x: [[0.5, -1], [1.5, 0.25], [-1, -0.5], [0.25, 2]], y: [0, 1, 1, 1] },
  { name: 'client-C', epochs: 2, x: [[-0.5, 0.75], [2, -1.25], [0.75, 0.75]], y: [1, 0, 0] },
]

const logit = (theta: readonly number[], [a, b]: readonly [number, number]): number =>
  theta[8] +
  theta[6] * Math.max(0, a * theta[0] + b * theta[2] + theta[4]) +
  theta[7] * Math.max(0, a * theta[1] + b * theta[3] + theta[5])

/** Mean log-loss of a client's rows. */
export const loss = ({ x, y }: Client, theta: readonly number[]): number =>
  x.reduce((sum, row, r) => {
    const z = logit(theta, row)
    return sum + Math.log(1 + Math.exp(-z)) + (1 - y[r]) * z
  }, 0) / x.length

/** Central differences: no rule of differentiation is shared with the engine. */
export const gradient = (client: Client, theta: readonly number[]): number[] =>
  theta.map((_, i) => {
    const off = (h: number) => loss(client, theta.map((t, j) => (j === i ? t + h : t)))
    return (off(1e-6) - off(-1e-6)) / 2e-6
  })

export interface Terms {
  readonly steps?: number
  readonly trains?: (i: number) => boolean
  readonly mu?: number
  readonly centre?: readonly number[]
  readonly correction?: readonly number[]
}

/** Local training as a loop. */
export const local = (client: Client, start: readonly number[], terms: Terms = {}): number[] => {
  const { steps = client.epochs, trains = () => true, mu = 0, centre = start, correction } = terms
  let theta = [...start]
  for (let step = 0; step < steps; step++) {
    const slope = gradient(client, theta)
    theta = theta.map((t, i) => (trains(i) ? t - rate * (slope[i] + mu * (t - centre[i]) + (correction?.[i] ?? 0)) : t))
  }
  return theta
}

/** The mean over clients, weighted by rows. */
export const mean = (models: readonly (readonly number[])[], present: readonly Client[] = clients): number[] => {
  const rows = present.reduce((sum, { x }) => sum + x.length, 0)
  return models[0].map((_, i) => models.reduce((sum, model, k) => sum + (present[k].x.length / rows) * model[i], 0))
}

const tableOf = ({ x, y }: Pick<Client, 'x' | 'y'>): Table => ({
  rows: x.length, categorical: new Int32Array(0), numeric: Float32Array.from(x.flat()), labels: Float32Array.from(y),
})

const worldOf = (people: readonly Client[]): World => ({
  name: 'plain numbers',
  features: { categorical: [], numeric: ['a', 'b'] },
  tasks: [{ name: 'y', kind: 'binary' }],
  scenarios: people.map((client) => ({
    name: client.name.slice('client-'.length),
    train: tableOf(client),
    validation: tableOf(client),
    test: tableOf(client),
  })),
  origins: [], split: 'made up', notes: [],
})

const usual = worldOf(clients)

export interface Flown {
  readonly flight: Flight
  /** What everybody started from. */
  readonly initial: number[]
  /** The trunk, which is all of the model that travels. */
  readonly common: number[]
}

/** Flies a strategy on that federation, or one of other people, with every client in every round. */
export const flown = async (
  engine: Engine,
  strategy: StrategySpec | Strategy,
  rounds: number,
  people: readonly Client[] = clients,
  { weather = calm(), ...changes }: Partial<Specification> & { readonly weather?: Weather } = {},
): Promise<Flown> => {
  const world = people === clients ? usual : worldOf(people)
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mlp({ hidden: [2] }),
      local: { epochs: 2, batch: 16, optimizer: sgd(rate), clients: [{ who: 'client-B', epochs: 3 }] },
      strategy,
      rounds: synchronous({ count: rounds }),
      evaluate: { every: 100, final: false, start: false },
      seeds: { initialisation: 'plain numbers' },
      ...changes,
    },
    { seed: 1, engine: 'tfjs' },
  )
  const setup = await setUp(resolved, world, engine)
  const flight = await flyUnder(setup, () => weather, { engine, stepCost: () => 1000 })
  return { flight, initial: [...setup.initial], common: [...flight.parts.trunk] }
}
