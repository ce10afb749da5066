import type { RoundRow } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
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
  /** There: by when a client that was asked since then has answered, and how many who could have answered by now. */
  awaited: readonly { readonly client: Name; readonly by: Micros }[]
  answers: number
  /** Clients that could not answer when a round closed that had asked them, with why: the last thing that was seen of each. */
  readonly unable: Map<Name, string>
  /** Parts that have been folded since it is calm. */
  readonly folded: Set<string>
}

const excusing = ({ unable }: Memory): string =>
  unable.size === 0 ? '' : `; excused: ${[...unable].map(([client, why]) => `${client} (${why})`).toSorted().join(', ')}`

/** Why one outside the core is not waited for. */
const outside = 'outside the core'

/**
 * Where rounds overlap, nobody can say which of them lasted long enough: counted is who was asked and could answer, and has had
 * twice the time that it takes. One that is given up before may never be in time.
 */
const count = (
  memory: Memory, { closed, opened, selected }: RoundRow, takes: (client: Name) => Micros, holds: Micros, isAble: (client: Name) => boolean,
): void => {
  const asked = opened < memory.settled ? [] : selected.filter((client) => isAble(client) && 2 * takes(client) <= holds)
  const all = [...memory.awaited, ...asked.map((client) => ({ client, by: closed + 2 * takes(client) }))]
  memory.answers += all.filter(({ client, by }) => by <= closed && isAble(client)).length
  memory.awaited = all.filter(({ by }) => by > closed)
}

export const progress = check<Memory>({
  name: 'progress',
  promise:
    `Once it is calm, and waits of the faulty phase are over, every part is folded within ${rounds} rounds that last long enough for a ` +
    'client that they ask and that can answer; who cannot is named. With a core, of it alone, and while it has as many as rounds need. ' +
    `Where rounds overlap, when as many as ${rounds} folds need could have answered.`,
  kinds: ['calm', 'round-close', 'fold'],
  applies: ({ calms }) => calms,
  begin: () => ({ settled: Infinity, closed: 0, until: Infinity, awaited: [], answers: 0, unable: new Map(), folded: new Set() }),
  see: (event, { parts, clients, undisturbed, unable: absent, core, settles, rounds: { overlapping, needs = 1, holds } }, memory) => {
    const unable = (client: Name): string | undefined => (core !== undefined && !core.members.has(client) ? outside : absent?.(client))
    const takes = (client: Name): Micros => undisturbed(client) ?? Infinity
    const least = core === undefined ? 1 : needs
    if (event.kind === 'calm') {
      memory.settled = event.at + settles
      memory.until = memory.settled + (holds ?? 0) + 2 * rounds * Math.max(...[...clients].map(takes))
    }
    if (memory.settled === Infinity) return
    if (event.kind === 'fold') memory.folded.add(event.part)
    if (event.kind !== 'round-close') return
    const { opened, closed, selected, round } = event.row
    for (const client of selected) {
      const why = unable(client)
      if (why === undefined) memory.unable.delete(client)
      else memory.unable.set(client, why)
    }
    const able = selected.filter((client) => !memory.unable.has(client))
    // Too few of the core were asked: such a round stalls by its own words.
    const needed = able.length < least ? Infinity : Math.min(...able.map(takes))
    if (opened >= memory.settled && closed - opened >= 2 * needed) memory.closed++
    // An expert network hears of the close later than the aggregator: the round after says what it has folded.
    if (overlapping) count(memory, event.row, takes, holds ?? Infinity, (client) => unable(client) === undefined)
    if (overlapping ? event.at < memory.until || memory.answers < rounds * needs : memory.closed <= rounds) return
    // Whom rounds wait for without end may hold a place for good.
    if (overlapping && (core?.waits === true || [...clients].filter((client) => unable(client) === undefined).length < Math.max(1, least))) return
    const behind = [...parts].find(([part, { length }]) => length > 0 && !memory.folded.has(part))
    if (behind === undefined) return
    const enough = overlapping ? `${memory.answers} clients could have answered` : `${memory.closed} rounds were long enough`
    const what = `${behind[0]} was not folded in the calm phase, in which ${enough}${excusing(memory)}`
    throw new Violation('progress', what, { time: event.at, round, actors: [event.actor] })
  },
})
