import type { EventOf } from '../record/event.js'
import type { RoundRow } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { check, type View, Violation } from './check.js'

/** Rounds of the calm phase by the end of which a part must have been folded. */
const rounds = 3

interface Memory {
  /** Whether it is calm. */
  calm: boolean
  /** What was sent before, and has not arrived: faults that delay or keep a message had settled that when they met it. */
  readonly under: Map<number, Flow>
  /** When waits of the faulty phase are over at the latest; Infinity while something is under way that was sent in it. */
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

interface Flow {
  readonly from: Name
  readonly to: Name
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

const isOutside = ({ core, clients }: View, { from, to }: Flow): boolean =>
  core !== undefined && [from, to].some((name) => clients.has(name) && !core.members.has(name))

/** All that the faulty phase has sent has arrived: from here on its other waits take so long at most. */
const settle = (memory: Memory, at: Micros, { clients, undisturbed, settles, rounds: { holds = 0 } }: View): void => {
  memory.settled = at + settles
  memory.until = memory.settled + holds + 2 * rounds * Math.max(...[...clients].map((client) => undisturbed(client) ?? Infinity))
}

/** A round has closed: were all parts folded, if it was the last that is needed for it? */
const judge = (
  memory: Memory, event: EventOf<'round-close'>, { parts, clients, undisturbed, unable: absent, core, peers, rounds: { overlapping, needs = 1, holds, masked } }: View,
): void => {
  const behind = [...parts].find(([part, { length }]) => length > 0 && !memory.folded.has(part))
  if (behind === undefined) return
  const unable = (client: Name): string | undefined => (core !== undefined && !core.members.has(client) ? outside : absent?.(client))
  const takes = (client: Name): Micros => undisturbed(client) ?? Infinity
  const least = core === undefined && masked !== true && peers?.agree !== true ? 1 : needs
  const { opened, closed, selected, round } = event.row
  for (const client of selected) {
    const why = unable(client)
    if (why === undefined) memory.unable.delete(client)
    else memory.unable.set(client, why)
  }
  const able = selected.filter((client) => !memory.unable.has(client))
  // Too few of the core were asked: such a round stalls by its own words.
  const needed = able.map(takes).toSorted((a, b) => a - b)[Math.max(1, least) - 1] ?? Infinity
  if (opened >= memory.settled && closed - opened >= 2 * needed) memory.closed++
  // An expert network hears of the close later than the aggregator: the round after says what it has folded.
  if (overlapping) count(memory, event.row, takes, holds ?? Infinity, (client) => unable(client) === undefined)
  if (overlapping ? event.at < memory.until || memory.answers < rounds * needs : memory.closed <= rounds) return
  // Whom rounds wait for without end may hold a place for good.
  if (overlapping && (core?.waits === true || [...clients].filter((client) => unable(client) === undefined).length < Math.max(1, least))) return
  const enough = overlapping ? `${memory.answers} clients could have answered` : `${memory.closed} rounds were long enough`
  const what = `${behind[0]} was not folded in the calm phase, in which ${enough}${excusing(memory)}`
  throw new Violation('progress', what, { time: event.at, round, actors: [event.actor] })
}

export const progress = check<Memory>({
  name: 'progress',
  promise:
    `Once it is calm, and messages and waits of the faulty phase are over, every part is folded within ${rounds} rounds that last long enough for a ` +
    'client that they ask and that can answer; who cannot is named. With a core, of it alone, and while it has as many as rounds need. ' +
    `Where rounds overlap, when as many as ${rounds} folds need could have answered.`,
  kinds: ['send', 'copy', 'arrive', 'drop', 'calm', 'round-close', 'fold'],
  applies: ({ calms }) => calms,
  begin: () => ({ calm: false, under: new Map(), settled: Infinity, closed: 0, until: Infinity, awaited: [], answers: 0, unable: new Map(), folded: new Set() }),
  see: (event, view, memory) => {
    switch (event.kind) {
      case 'send':
      case 'copy':
        if (!memory.calm && view.ownLink !== true) memory.under.set(event.envelope, { from: event.actor, to: event.to })
        return
      case 'arrive':
      case 'drop':
        if (memory.under.delete(event.envelope) && memory.calm && memory.under.size === 0) settle(memory, event.at, view)
        return
      case 'calm':
        memory.calm = true
        for (const [id, flow] of memory.under) if (isOutside(view, flow)) memory.under.delete(id)
        if (memory.under.size === 0) settle(memory, event.at, view)
        return
      case 'fold':
        if (memory.calm) memory.folded.add(event.part)
        return
      case 'round-close':
        if (memory.settled < Infinity) judge(memory, event, view)
    }
  },
})
