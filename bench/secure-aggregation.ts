import { openEngine } from '../src/engine/open.js'
import { thresholdOf } from '../src/federation/secure-aggregation/secure-aggregation.js'
import type { Flight } from '../src/flight/flight.js'
import { LastGround } from '../src/lab/ground.js'
import { Lab } from '../src/lab/lab.js'
import type { LedgerRow } from '../src/record/rows.js'
import { resolve } from '../src/simulation/resolve.js'
import { away, deadline, fedAvg, fraction, mbps, mlp, ms, seconds, sgd, type Specification } from '../src/simulation/script.js'
import { storefronts } from '../scenarios/index.js'
import { row } from './measure.js'

const rounds = 4
const steps = ['keys', 'shares', 'unmask'] as const

/** A model of some thousand parameters in one part, on lines of 5 and 20 Mbps. */
const specification = (clients: number, changes: Partial<Specification>): Specification => ({
  world: storefronts({ scenarios: clients, impressions: 120, users: 400, items: 200 }),
  model: mlp({ embedding: 8, hidden: [64, 32] }),
  local: { epochs: 1, batch: 32, optimizer: sgd(0.05) },
  strategy: fedAvg(),
  rounds: deadline({ count: rounds, after: seconds(20), quorum: 2 }),
  network: { up: mbps(5), down: mbps(20), latency: ms(40) },
  devices: { stepOverhead: ms(200) },
  evaluate: { start: false, every: 1000, final: false },
  ...changes,
})

interface Told {
  readonly clients: number
  readonly dropped: number
  readonly threshold: number
  /** Bytes that a client sends and is sent in a round, on average over those that are asked. */
  readonly up: Readonly<Record<string, number>>
  readonly down: Readonly<Record<string, number>>
  /** Of Bonawitz et al. 2017, section 7.1, for keys, shares and the masked vector together. */
  readonly paper: number
  readonly seconds: number
  readonly plainSeconds: number
  readonly plainUpdate: number
  readonly outcomes: readonly string[]
}

const bytesOf = (rows: readonly LedgerRow[], kind: string, direction: string): number =>
  rows.filter((one) => one.kind === kind && one.direction === direction).reduce((sum, { bytes }) => sum + bytes, 0)

const each = (total: number, clients: number): number => Math.round(total / (clients * rounds))

const lasting = ({ rounds: all }: Flight): number => all.reduce((sum, { opened, closed }) => sum + closed - opened, 0) / all.length / 1e6

const told = (clients: number, dropped: number, masked: Flight, plain: Flight, parameters: number): Told => ({
  clients, dropped, threshold: thresholdOf({ threshold: 2 / 3 }, clients),
  up: Object.fromEntries([...steps, 'update'].map((kind) => [kind, each(bytesOf(masked.ledger, kind, 'up'), clients)])),
  down: Object.fromEntries(steps.map((kind) => [kind, each(bytesOf(masked.ledger, kind, 'down'), clients)])),
  // a_K and a_S are 32 bytes, R is 2^32.
  paper: 2 * clients * 32 + (5 * clients - 4) * 32 + 4 * (parameters + 1),
  seconds: lasting(masked), plainSeconds: lasting(plain),
  plainUpdate: each(bytesOf(plain.ledger, 'update', 'up'), clients),
  outcomes: masked.rounds.map(({ outcome, reason, folded }) => `${outcome} with ${folded.length} (${reason})`),
})

/** Bytes and seconds of rounds with secure aggregation and without, from flights that train nothing. */
export const run = async (): Promise<readonly Told[]> => {
  const engine = await openEngine({ engine: 'surrogate' })
  const grounds = new LastGround()
  const fly = async (of: Specification): Promise<{ readonly flight: Flight; readonly parameters: number }> => {
    const resolved = resolve(of, { seed: 1, engine: 'surrogate', workers: 1 })
    const flight = await Lab.on(await grounds.open(resolved, { cwd: process.cwd() }), resolved).fly()
    return { flight, parameters: flight.parts.trunk.length }
  }
  const all: Told[] = []
  console.log(row('clients', 'dropped', 'keys up', 'down', 'shares up', 'down', 'unmask down', 'up', 'beside update', 'paper', 'of it', 'seconds', 'plain'))
  for (const clients of [10, 20, 50]) {
    for (const dropped of [0, 0.2]) {
      const faults = dropped === 0 ? [] : [away(fraction(dropped), { phase: 'training' })]
      const plain = await fly(specification(clients, { faults }))
      const { flight, parameters } = await fly(specification(clients, { faults, secureAggregation: {} }))
      const one = told(clients, Math.round(dropped * clients), flight, plain.flight, parameters)
      all.push(one)
      const beside = steps.reduce((sum, kind) => sum + one.up[kind] + one.down[kind], 0) + one.up.update - one.plainUpdate
      const own = steps.reduce((sum, kind) => sum + one.up[kind] + one.down[kind], 0) + 4 * (parameters + 1)
      console.log(row(
        String(clients), String(one.dropped), String(one.up.keys), String(one.down.keys), String(one.up.shares), String(one.down.shares), String(one.down.unmask),
        String(one.up.unmask), String(beside), String(one.paper), dropped === 0 ? (own / one.paper).toFixed(2) : '', one.seconds.toFixed(2), one.plainSeconds.toFixed(2),
      ))
    }
  }
  console.log(`\nparameters ${all.length > 0 ? (all[0].plainUpdate - 32) / 4 : 0} and names; ${JSON.stringify(all.map(({ outcomes }) => outcomes[1]))}`)
  await grounds.close()
  await engine.close()
  return all
}
