import { LivenessError } from '../../errors.js'
import type { Name } from '../../roster/participant.js'
import { formatMicros } from '../../time/micros.js'
import type { Course, Look, Peers } from '../course.js'
import { type PartTemplate, putPart, takePart } from '../parts.js'
import type { PartState } from '../strategies/strategy.js'
import type { Terms } from '../terms.js'
import { PeerRounds } from './peer-rounds.js'
import type { PeerState } from './peer-state.js'

const noThreads = new Map()

/** What all peers hold of a part: the plain mean of them, and each its own. */
const heldOf = ({ name, length }: Pick<PartTemplate, 'name' | 'length'>, all: ReadonlyMap<Name, Float32Array>): PartState => {
  const sum = new Float64Array(length)
  for (const values of all.values()) for (let i = 0; i < length; i++) sum[i] += values[i]
  return { part: name, values: Float32Array.from(sum, (value) => value / all.size), personal: all, memory: {} }
}

/** A federation of peers: each holds the model, and rounds are seen from outside alone. */
export const courseOfPeers = (terms: Terms, exchange: Omit<Peers, 'names'>): Course => {
  const names = terms.clients.map(({ name }) => name)
  const all = new Set(names)
  const ownOf = (part: PartTemplate, name: Name, look: Look): Float32Array => takePart(look.state<PeerState>(name).personal, part)
  return {
    beginners: names,
    owners: all,
    peers: { names: all, ...exchange },
    written: (owner, look) => ({
      state: { part: terms.parts[0].name, values: ownOf(terms.parts[0], owner, look), personal: new Map(), memory: {} },
      threads: noThreads,
    }),
    held: (part, look) => heldOf(part, new Map(names.map((name) => [name, ownOf(part, name, look)]))),
    assemble: (client, flat, look) => {
      for (const part of terms.travelling) putPart(ownOf(part, client, look), part, flat)
    },
    waiting: () => [],
    watch: (tell) => new PeerRounds(names, terms.count ?? 0, tell, terms.goal),
    stalled: ({ look, closed, now }) => {
      const dead = names.filter((name) => !look.alive(name))
      const others = names.filter((name) => look.alive(name) && look.state<PeerState>(name).phase !== 'over')
      const time = { time: now, round: closed + 1 }
      return dead.length === names.length
        ? new LivenessError(`Round ${closed + 1} can never close: every peer is dead, and none comes back. Give the fault \`restartAfter\`.`, { ...time, actors: dead })
        : new LivenessError(
          `Round ${closed + 1} can never close: nothing is left to happen after ${formatMicros(now)}, and it has not ended for ${others.join(', ')}.`,
          { ...time, actors: others },
        )
    },
  }
}
