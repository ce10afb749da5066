import { WHOLE } from '../models/parts.js'
import { decodeFrame } from '../network/frame.js'
import type { EventOf, FlightEvent } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { check, Violation } from './check.js'

/** What a region's last fold was made of, as far as is known: examples, and whose they were. */
interface Folded {
  readonly examples: number
  readonly clients: readonly Name[]
}

/** What one regional aggregator is seen to do. */
interface Seen {
  /** The last round of its region that opened, and that closed. */
  opened: number
  closed: number
  /** The aggregator's round whose model it was sent last. */
  of: number
  /** Examples that were said of an update that it has taken in: by client and round. */
  readonly taken: Map<string, number>
  /** Since it was sent the model that it is at work on; `unknown`: it has come back since, and may know of an older one. */
  folded: Folded | 'none' | 'unknown'
  /** What it is to say in its answer to a round of the aggregator. */
  readonly says: Map<number, Folded | 'unknown'>
}

interface Memory {
  readonly regions: Map<Name, Seen>
  readonly regionOf: Map<Name, Name>
  /** Updates under way, by number. */
  readonly sent: Map<number, EventOf<'send'> | EventOf<'copy'>>
  /** Examples that are said of those that have arrived. */
  readonly said: Map<number, number>
}

const unseen = (): Seen => ({ opened: 0, closed: 0, of: 0, taken: new Map(), folded: 'none', says: new Map() })

const seenOf = ({ regions }: Memory, name: Name): Seen => {
  let seen = regions.get(name)
  if (seen === undefined) regions.set(name, (seen = unseen()))
  return seen
}

const fail = ({ at: time, actor }: FlightEvent, round: number, what: string, others: readonly Name[] = []): never => {
  throw new Violation('regions', what, { time, round, actors: [actor, ...others] })
}

/** A regional aggregator sends its answer, or some part of it: what it says in it is what it has folded since it was sent the model. */
const answers = (event: EventOf<'send'>, seen: Seen): void => {
  const { round, actor } = event
  if (seen.says.has(round)) return
  // One that remembers an answer of a life before, or had it ready to be sent.
  if (event.attempt > 0 || round < seen.of) return void seen.says.set(round, 'unknown')
  if (seen.folded === 'none') fail(event, round, `${actor} answers for round ${round}, and its region has folded nothing for it`)
  else seen.says.set(round, seen.folded)
}

const arrives = (event: EventOf<'arrive'>, memory: Memory, bytes: Uint8Array | undefined): void => {
  const sent = memory.sent.get(event.envelope)
  memory.sent.delete(event.envelope)
  const frame = sent === undefined || bytes === undefined ? undefined : decodeFrame(bytes, 'update')
  if (sent === undefined || frame?.ok !== true) return
  const { examples } = frame.head
  if (sent.part === WHOLE) return void memory.said.set(event.envelope, examples)
  const { actor, round } = sent
  const says = memory.regions.get(actor)?.says.get(round)
  if (says === undefined || says === 'unknown' || Number.isNaN(says.examples) || says.examples === examples) return
  const what = `${actor} answers for round ${round} with ${examples} examples, and its region has folded ${says.examples} (${says.clients.join(', ')})`
  throw new Violation('regions', what, { time: event.at, round, actors: [actor], envelopes: [event.envelope] })
}

const folds = (event: EventOf<'fold'>, seen: Seen): void => {
  let examples = 0
  for (const { client, round } of event.updates) {
    // Of one that was damaged on its way, and not found out, nothing is known.
    examples += seen.taken.get(`${client} ${round}`) ?? NaN
  }
  seen.taken.clear()
  seen.folded = { examples, clients: event.updates.map(({ client }) => client) }
}

export const regions = check<Memory>({
  name: 'regions',
  promise:
    'A regional aggregator answers for the clients whose updates its region has folded last for that round, and for nobody else: as many examples as ' +
    'they say, at every owner. Nobody is of two regions, and rounds of a region open and close one after the other.',
  kinds: ['region-open', 'region-close', 'send', 'copy', 'arrive', 'drop', 'admit', 'fold', 'life'],
  applies: ({ parts }) => parts.has(WHOLE),
  begin: () => ({ regions: new Map(), regionOf: new Map(), sent: new Map(), said: new Map() }),
  see: (event, { bytes, damages, checksums, clients }, memory) => {
    const { actor } = event
    switch (event.kind) {
      case 'region-open': {
        const seen = seenOf(memory, actor)
        if (seen.opened > seen.closed) fail(event, event.round, `${actor} opens round ${event.round} of its region while round ${seen.opened} is open`)
        if (event.round <= seen.opened) fail(event, event.round, `${actor} opens round ${event.round} of its region after round ${seen.opened}`)
        seen.opened = event.round
        return
      }
      case 'region-close': {
        const { round } = event.row
        const seen = seenOf(memory, actor)
        if (round <= seen.closed || round < seen.opened) fail(event, round, `${actor} closes round ${round} of its region after round ${Math.max(seen.closed, seen.opened)}`)
        seen.closed = seen.opened = round
        return
      }
      case 'send':
      case 'copy':
        if (event.message !== 'update') return
        if (event.kind === 'send' && event.part !== WHOLE && !clients.has(actor)) answers(event, seenOf(memory, actor))
        memory.sent.set(event.envelope, event)
        return
      case 'arrive':
        return arrives(event, memory, damages && checksums !== true ? undefined : bytes(event.envelope))
      case 'drop':
        memory.sent.delete(event.envelope)
        return
      case 'admit': {
        if (event.message === 'model') {
          // It begins with the first part of a round's model: what was folded before is of another.
          if (event.part === WHOLE || clients.has(actor)) return
          const seen = seenOf(memory, actor)
          if (!seen.says.has(event.round)) Object.assign(seen, { folded: 'none', of: event.round })
          return
        }
        if (event.part !== WHOLE) return
        const { from, round, envelope } = event
        const home = memory.regionOf.get(from)
        if (home !== undefined && home !== actor) fail(event, round, `${actor} takes an update of ${from} in, who is of the region of ${home}`, [from])
        memory.regionOf.set(from, actor)
        const said = memory.said.get(envelope)
        memory.said.delete(envelope)
        if (said !== undefined) seenOf(memory, actor).taken.set(`${from} ${round}`, said)
        return
      }
      case 'fold':
        if (event.part === WHOLE) folds(event, seenOf(memory, actor))
        return
      case 'life':
        if (event.what !== 'crash' || !memory.regions.has(actor)) return
        memory.regions.set(actor, { ...unseen(), folded: 'unknown' })
    }
  },
})
