import type { Micros } from '../time/micros.js'
import { check, Violation } from './check.js'

/** Rounds of the calm phase by the end of which a part must have been folded. */
const rounds = 3

interface Memory {
  /** When waits of the faulty phase are over at the latest. */
  settled: Micros
  /** Rounds since then that lasted long enough for a client that they asked. */
  closed: number
  /** Where rounds overlap: when so much time will have passed. */
  until: Micros
  /** Parts that have been folded since it is calm. */
  readonly folded: Set<string>
}

export const progress = check<Memory>({
  name: 'progress',
  promise:
    `Once it is calm, and waits of the faulty phase are over, every part is folded within ${rounds} rounds that last long enough for a ` +
    'client that they ask.',
  kinds: ['calm', 'round-close', 'fold'],
  begin: () => ({ settled: Infinity, closed: 0, until: Infinity, folded: new Set() }),
  see: (event, { parts, clients, undisturbed, settles, rounds: { overlapping } }, memory) => {
    if (event.kind === 'calm') {
      const slowest = Math.max(...[...clients].map((client) => undisturbed(client) ?? Infinity))
      memory.settled = event.at + settles
      memory.until = memory.settled + 2 * rounds * slowest
    }
    if (memory.settled === Infinity) return
    if (event.kind === 'fold') memory.folded.add(event.part)
    if (event.kind !== 'round-close') return
    const { opened, closed, selected, round } = event.row
    const needed = Math.min(...selected.map((client) => undisturbed(client) ?? Infinity))
    if (opened >= memory.settled && closed - opened >= 2 * needed) memory.closed++
    // An expert network hears of the close later than the aggregator: the round after says what it has folded.
    if (overlapping ? event.at < memory.until : memory.closed <= rounds) return
    const behind = [...parts].find(([part, { length }]) => length > 0 && !memory.folded.has(part))
    if (behind === undefined) return
    const what = `${behind[0]} was not folded in the calm phase, in which ${memory.closed} rounds were long enough`
    throw new Violation('progress', what, { time: event.at, round, actors: [event.actor] })
  },
})
