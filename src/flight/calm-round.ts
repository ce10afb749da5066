import { stintOf } from '../engine/feeding/batches.js'
import type { Weather } from '../faults/weather.js'
import { drain } from '../network/links/drain.js'
import type { Envelope } from '../network/envelope.js'
import type { Line } from '../network/topology.js'
import type { Rate } from '../network/weather.js'
import { AGGREGATOR, type Name, regionalsOf } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { topologyOf as federated } from '../federation/topologies/registry.js'
import { stepBytes } from '../federation/secure-aggregation/frames.js'
import { askedBy } from './secure-terms.js'
import { everyOf } from './regions.js'
import { topologyOf } from './topology.js'
import { type Setup, stepCostOn, travellingOf, wireOf } from './setup.js'

/** What a first round takes one client that nothing disturbs: its critical path, in virtual microseconds. */
export interface CalmRound {
  readonly client: Name
  /** The model's parts over its line, latency included. */
  readonly down: Micros
  readonly training: Micros
  readonly up: Micros
  readonly total: Micros
}

type Calm = Pick<Weather, 'device' | 'rate' | 'latency' | 'weight'>

/** What a path carries is what its slowest line does. */
const slowest = (lines: readonly Line[], rateOf: (line: Line) => Rate): Rate => {
  const rates = lines.map(rateOf)
  return { bytesPerSecond: Math.min(...rates.map(({ bytesPerSecond }) => bytesPerSecond)), until: Math.min(...rates.map(({ until }) => until)) }
}

/**
 * The first round of every client in a weather without faults, begun at 0: from the model's first byte at the servers to
 * the last byte of the answer there; the longest that it can be where messages are coded. Schedules are left out, and so is
 * what strategies measure between their legs. Where regions fly rounds of their own in it, all of theirs are, as if each were with
 * that client alone: further ones are part of the training.
 *
 * `on`: each has its lines to itself, which is the least that a round takes where lines are shared; or all clients are on them
 * at once, all the time: shared fairly, nobody has less of a line than its weight among all of theirs, so that it is the most.
 */
export const calmRounds = (setup: Setup, weather: Calm, on: 'own lines' | 'crowded lines' = 'own lines'): CalmRound[] => {
  const { clients, strategy, parts, carried } = setup
  const travelling = travellingOf(parts)
  const stepCost = stepCostOn(setup, (name) => weather.device(name))
  const wire = wireOf(setup, false)
  const [regionals, every] = [regionalsOf(setup.participants), everyOf(setup)]
  /** Whatever codecs make of the numbers; as many bytes, where nothing is coded. */
  const mostOf = (client: Name, kind: 'model' | 'update'): number =>
    travellingOf(regionals.has(client) ? carried : parts).reduce((sum, part) => sum + wire.most(part, kind, client, 1), 0)
  const topology = topologyOf(setup, weather)
  const moves = federated(setup.resolved.topology).moves(clients.length)
  const ends = [...clients.map(({ name }) => name), ...new Set(regionals.values())]
  const weights = ends.reduce((sum, name) => sum + weather.weight(name), 0)
  const share = (line: Line, client: Name): number => (on === 'own lines' || line.owner !== undefined ? 1 : weather.weight(client) / weights)
  const over = (from: Name, to: Name, bytes: number, start: Micros, shareOf: (line: Line) => number): Micros => {
    const { lines } = topology.path(from, to)
    if (lines.length === 0) return 0
    const rate = (at: Micros): Rate => slowest(lines, (line) => {
      const { bytesPerSecond, until } = weather.rate(line, at)
      return { bytesPerSecond: bytesPerSecond * shareOf(line), until }
    })
    return drain(bytes, start, { rate }) - start
  }
  /** Between a client and whom it has the model from; so a regional aggregator and the servers. */
  const moved = (client: Name, direction: 'down' | 'up', start: Micros, bytes = Math.ceil(moves[direction] * mostOf(client, direction === 'down' ? 'model' : 'update'))): Micros => {
    const other = moves.among ? clients.find(({ name }) => name !== client)?.name ?? client : regionals.get(client) ?? AGGREGATOR
    const [from, to] = direction === 'down' ? [other, client] : [client, other]
    const kind = direction === 'down' ? 'model' : 'update'
    const about = { id: 0, round: 1, part: 'trunk', attempt: 0, again: 0, copy: 0, bytes: new Uint8Array(0), sent: start }
    const envelope: Envelope = { ...about, kind, from, to }
    return over(from, to, bytes, start, (line) => share(line, client)) + weather.latency(envelope)
  }
  const notice = wire.encodeControl({ kind: 'open', round: 1, patience: undefined, missing: 'last', deadline: undefined }, { selected: clients.map(({ name }) => name) })
  /** Until the owners of other parts know whom to send them to: where these are elsewhere, notices share the lines with models. */
  const notified = Math.max(0, ...parts.slice(1).map(({ owner }) =>
    over(AGGREGATOR, owner, notice.length, 0, () => (on === 'own lines' ? 1 : 1 / (weights + parts.length)))))
  /** Where updates are summed under masks: what its input waits for beyond its training, and what unmasking takes after it. */
  const masksOf = (name: Name, down: Micros, training: Micros): { readonly before: Micros; readonly after: Micros } => {
    if (setup.resolved.secureAggregation === undefined) return { before: 0, after: 0 }
    const summed = travelling.filter(({ length }) => length > 0).length
    const bytes = stepBytes(askedBy(setup.resolved, clients.length)?.asked ?? clients.length)
    let now = down
    const send = (direction: 'up' | 'down', each: number): Micros => (now += moved(name, direction, now, summed * each))
    send('up', bytes.keysUp)
    send('down', bytes.keysDown)
    send('up', bytes.shares)
    const ready = send('down', bytes.shares)
    now = Math.max(ready, down + training)
    const began = now
    send('down', bytes.unmaskDown)
    return { before: Math.max(0, ready - down - training), after: send('up', bytes.unmaskUp) - began }
  }
  return clients.map(({ name, rows, epochs, batch }) => {
    const regional = regionals.get(name)
    const above = notified + (regional === undefined ? 0 : moved(regional, 'down', notified))
    const down = moves.down === 0 ? 0 : above + moved(name, 'down', above)
    let trains = 0
    for (const [leg, { epochs: factor = 1, repeats = 1, when, scores }] of strategy.legs.entries()) {
      if (scores !== undefined || when?.(1) === false) continue
      const { from, until } = stintOf(rows, batch, { epochs: epochs * factor * repeats })
      trains += Math.ceil((until - from) * stepCost(name, leg))
    }
    let training = trains
    for (let nth = 1; nth < every; nth++) {
      training += moved(name, 'up', down + training)
      training += moved(name, 'down', down + training) + trains
    }
    const masks = masksOf(name, down, training)
    const own = moved(name, 'up', down + training + masks.before)
    const up = own + (regional === undefined ? 0 : moved(regional, 'up', down + training + masks.before + own))
    return { client: name, down, training, up, total: down + training + masks.before + up + masks.after }
  })
}
