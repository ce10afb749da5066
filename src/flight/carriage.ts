import type { Carriage } from '../federation/delivery/carriage.js'
import type { Wire } from '../network/wire.js'
import type { Topology } from '../network/topology.js'
import type { Weather } from '../network/weather.js'
import { createDraws, createLexicon } from '../random/draws.js'
import { type Fresh, freshened } from '../random/fresh.js'
import { streams } from '../random/streams.js'
import { kindNumber } from '../record/message.js'
import type { Name } from '../roster/participant.js'
import type { Resolved } from '../simulation/specification.js'
import { clockEnd, type Micros } from '../time/micros.js'

interface Roads {
  readonly wire: Wire
  readonly topology: Topology
  readonly weather: Pick<Weather, 'rate' | 'latency'>
  readonly now: () => Micros
  readonly fresh?: Fresh | undefined
}

const nothing = new Uint8Array(0)

/** What bytes take on the lines as they are now, and the latency there and back. */
const transitOn = ({ topology, weather, now }: Roads) => (from: Name, to: Name, bytes: number): Micros => {
  const sent = now()
  let slowest = Infinity
  for (const line of topology.path(from, to).lines) slowest = Math.min(slowest, weather.rate(line, sent).bytesPerSecond)
  const about = { id: 0, from, to, kind: 'ack', round: 0, part: '', attempt: 0, again: 0, copy: 0, bytes: nothing, sent } as const
  return 2 * weather.latency(about) + (slowest > 0 ? Math.min(clockEnd / 4, Math.ceil((1e6 * bytes) / slowest)) : 0)
}

/** How the messages of a flight are acknowledged, if they are. */
export const carriageOf = ({ delivery, seeds }: Pick<Resolved, 'delivery' | 'seeds'>, roads: Roads): Carriage | undefined => {
  if (!delivery.acknowledge) return undefined
  const draws = freshened(roads.fresh, createDraws(streams(seeds.faults), createLexicon(), 'delivery'), 'delivery')
  return {
    ...delivery,
    wire: roads.wire,
    transit: transitOn(roads),
    jitter: (from, { to, content: { kind, round, part, attempt = 0 }, tries }) =>
      delivery.jitter * draws.message(kindNumber[kind], { attempt: attempt + tries, again: 0, round, from, to, part }, '', 0),
  }
}
