import type { Name } from '../roster/participant.js'
import type { Weather } from '../faults/weather.js'
import { Frames } from '../network/frames.js'
import { streams } from '../random/streams.js'
import type { Resolved } from '../simulation/specification.js'
import type { Charter } from './charter.js'
import { asynchronousTermsOf, planner } from './policies.js'
import type { ClientTerms, Terms } from './terms.js'

/** Who is told what happens in a round. */
export type Witnesses = Pick<Terms, 'account' | 'opened' | 'closed'> & Pick<Terms['weather'], 'notice'>

/** What the actors agree on before the start. `stepCost`: virtual microseconds of a client's step, by leg. */
export const agreed = (
  { local, link, rounds, seeds }: Resolved,
  { strategy, parts, clients, cast, layout }: Charter,
  weather: Weather,
  stepCost: (client: Name, leg: number) => number,
  { account, notice, opened, closed }: Witnesses,
): Terms => ({
  strategy,
  policy: planner(rounds, clients.length),
  asynchronous: asynchronousTermsOf(rounds, clients.length),
  parts,
  travelling: parts.filter((part) => part.expert === undefined || part.length > 0),
  clients: clients.map(
    ({ name, rows, epochs, batch, prepared, data, trial }): ClientTerms => ({
      name, rows, epochs, batch, data, trial,
      programs: prepared.map(({ program }) => program),
      stepCosts: strategy.legs.map((_, leg) => stepCost(name, leg)),
    }),
  ),
  members: clients.map(({ name, rows }) => ({ name, examples: rows })),
  optimizer: { momentum: 0, ...local.optimizer },
  segments: layout.segments,
  size: layout.size,
  experts: cast.flatMap(({ name, role }) => (role === 'expert' ? [name] : [])),
  keepOptimizer: local.optimizerState === 'keep',
  checksums: link !== undefined,
  frames: new Frames(),
  weather: {
    available: (client, now, round) => weather.available(client, now, round),
    nextChange: (now) => weather.nextChange(now),
    completeness: (client, round) => weather.completeness(client, round),
    notice,
  },
  selection: streams(seeds.selection),
  batchSeed: seeds.batches,
  account,
  opened,
  closed,
})
