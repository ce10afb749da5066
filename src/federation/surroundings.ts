import type { Name } from '../roster/participant.js'
import { compile } from '../faults/compile.js'
import { drawPlan, type Plan } from '../faults/plan.js'
import type { Weather } from '../faults/weather.js'
import { SpecificationError } from '../errors.js'
import { streams } from '../random/streams.js'
import type { ReadText } from '../schedules/csv.js'
import type { Resolved } from '../simulation/specification.js'
import type { Prepared } from '../engine/engine.js'
import type { Charter } from './charter.js'

/** What surrounds a federation: faults, schedules, lines and devices, drawn for its cast. */
export interface Surroundings {
  readonly weather: Weather
  /** Undisturbed virtual microseconds of one training step of a leg on a client's device; not rounded. */
  readonly stepCost: (client: Name, leg: number) => number
}

/** Expert networks and the aggregator have no recovery yet, so a crash of one is refused rather than half simulated. */
const clientsCrash = ({ faults }: Plan, { roles }: Charter): void => {
  for (const { id, fault, targets } of faults) {
    const server = fault.kind === 'crash' ? targets.find((name) => roles.get(name) !== 'client') : undefined
    if (server === undefined) continue
    throw new SpecificationError(
      `fault '${id}': '${server}' cannot crash; only clients do in this version. ` +
        `To keep ${server} from taking part, lose or delay the messages of its links.`,
    )
  }
}

/**
 * Draws the fault plan for the cast and compiles it with the schedules. A training step costs an overhead, its
 * floating-point operations at the device's rate, and the bytes it moves at the device's memory bandwidth.
 */
export const surround = (resolved: Resolved, charter: Charter, read: ReadText): Surroundings => {
  const { cast, parts, clients } = charter
  const { faults: seed } = resolved.seeds
  const plan = drawPlan(resolved.faults, cast, seed)
  clientsCrash(plan, charter)
  const weather = compile({
    plan,
    participants: cast,
    parts: parts.filter((part) => part.expert === undefined || part.length > 0).map(({ name }) => name),
    schedule: resolved.schedule,
    network: resolved.network,
    devices: resolved.devices,
    streams: streams(seed),
    read,
  })
  const costs = new Map(
    clients.map(({ name, prepared }) => {
      const device = weather.device(name)
      const step = ({ cost: { flops, bytes } }: Prepared): number =>
        device.stepOverhead + (1e6 * flops) / device.flops + (1e6 * bytes) / device.memoryBytesPerSecond
      return [name, prepared.map(step)]
    }),
  )
  return { weather, stepCost: (client, leg) => costs.get(client)![leg] }
}
