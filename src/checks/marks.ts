import { AGGREGATOR, type Name, roleOfName } from '../roster/participant.js'
import { type Mark, mark } from './mark.js'

/** Servers that have come back and do not know yet where the others are. */
type Recovering = Set<Name>

/** Does it own a part that the aggregator does not? */
const ownsPart = (name: Name): boolean => ['expert', 'shard'].includes(roleOfName(name))

/*
 * Marks: what a storm is meant to bring about. One that no flight passes says that something is not tried. An entry here is
 * what it takes to add one.
 */
export const allMarks: readonly Mark[] = [
  mark({
    name: 'stale update',
    sentence: 'An update arrived for a round that had ended, or staler than the bound.',
    kinds: ['settle'],
    fates: ['late', 'surplus'],
    see: (event) => event.kind === 'settle' && event.row.kind === 'update',
  }),
  mark({
    name: 'overtaken update',
    among: 'servers',
    sentence: 'An update was folded whose model others had changed meanwhile.',
    kinds: ['fold'],
    see: (event) => event.kind === 'fold' && event.updates.filter(({ staleness }) => staleness > 0).length,
  }),
  mark({
    name: 'duplicate suppressed',
    sentence: 'A message came that had come before, and was not taken in again.',
    kinds: ['settle'],
    fates: ['duplicate', 'retransmitted'],
    see: () => true,
  }),
  mark({
    name: 'quorum missed',
    sentence: 'A round was aborted, and left the model as it was.',
    kinds: ['round-close'],
    see: (event) => event.kind === 'round-close' && event.row.outcome === 'aborted',
  }),
  mark({
    name: 'closed without some',
    sentence: 'A round closed without the answers of some that it had asked.',
    kinds: ['round-close'],
    see: (event) => event.kind === 'round-close' && event.row.outcome === 'closed' && event.row.folded.length < event.row.selected.length,
  }),
  mark<{ open: boolean }>({
    name: 'aggregator back in mid-round',
    among: 'servers',
    sentence: 'The aggregator came back and found out where the others were while a round was open.',
    kinds: ['round-open', 'round-close', 'recovered'],
    begin: () => ({ open: false }),
    see: (event, memory) => {
      if (event.kind === 'recovered') return event.actor === AGGREGATOR && memory.open
      memory.open = event.kind === 'round-open'
      return false
    },
  }),
  mark<{ open: boolean }>({
    name: 'expert back in mid-round',
    among: 'servers',
    sentence: 'An expert network came back and found out where the others were while a round was open.',
    kinds: ['round-open', 'round-close', 'recovered'],
    begin: () => ({ open: false }),
    see: (event, memory) => {
      if (event.kind === 'recovered') return ownsPart(event.actor) && memory.open
      memory.open = event.kind === 'round-open'
      return false
    },
  }),
  mark<Map<Name, number>>({
    name: 'regional back in mid-round',
    among: 'regions',
    sentence: 'A regional aggregator came back and found out where the clients of its region were while a round of theirs was open.',
    kinds: ['region-open', 'region-close', 'recovered'],
    begin: () => new Map(),
    see: (event, open) => {
      if (event.kind === 'recovered') return open.has(event.actor)
      if (event.kind === 'region-open') open.set(event.actor, event.round)
      else open.delete(event.actor)
      return false
    },
  }),
  mark({
    name: 'region called off',
    among: 'regions',
    sentence: 'A region was flying for a round of the aggregator that nobody waited for any more, and gave it up.',
    kinds: ['region-close'],
    see: (event) => event.kind === 'region-close' && event.row.reason === 'called off',
  }),
  mark({
    name: 'older than the trunk',
    among: 'servers',
    sentence: 'An expert network came back with a version of an earlier round than the one that the trunk was in.',
    kinds: ['recovered'],
    see: (event) => event.kind === 'recovered' && ownsPart(event.actor) && event.round > event.kept,
  }),
  mark<Recovering>({
    name: 'death in recovery',
    among: 'servers',
    sentence: 'A server died again before it had found out where the others were.',
    kinds: ['life', 'recovered'],
    begin: () => new Set(),
    see: (event, recovering) => {
      if (event.kind === 'recovered') recovering.delete(event.actor)
      else if (event.kind === 'life' && event.what === 'restart') recovering.add(event.actor)
      else if (event.kind === 'life' && event.what === 'crash') return recovering.delete(event.actor) && !event.actor.startsWith('client-')
      return false
    },
  }),
  mark<{ readonly recovering: Recovering; readonly lost: Map<Name, Set<Name>>; readonly pairs: Map<number, readonly [Name, Name]> }>({
    name: 'link healed in recovery',
    among: 'servers',
    sentence: 'A server that was finding out where the others were lost messages with a peer to a fault on links, and then one came through.',
    kinds: ['life', 'recovered', 'drop', 'send', 'copy', 'arrive'],
    begin: () => ({ recovering: new Set(), lost: new Map(), pairs: new Map() }),
    see: (event, { recovering, lost, pairs }) => {
      switch (event.kind) {
        case 'life':
          if (event.what === 'restart' && event.whole !== true && !event.actor.startsWith('client-')) recovering.add(event.actor)
          else if (event.what === 'crash') recovering.delete(event.actor)
          return false
        case 'recovered':
          recovering.delete(event.actor)
          lost.delete(event.actor)
          if (recovering.size === 0) pairs.clear()
          return false
        case 'send':
        case 'copy':
          if (recovering.size > 0) pairs.set(event.envelope, [event.actor, event.to])
          return false
        case 'drop':
          if (recovering.size === 0 || event.fault === undefined) return false
          for (const [one, other] of [[event.from, event.actor], [event.actor, event.from]]) {
            if (recovering.has(one)) lost.set(one, (lost.get(one) ?? new Set()).add(other))
          }
          return false
        case 'arrive': {
          const pair = recovering.size === 0 ? undefined : pairs.get(event.envelope)
          if (pair === undefined) return false
          const [from, to] = pair
          const healed = [[from, to], [to, from]].filter(([one, other]) => lost.get(one)?.delete(other) === true)
          return healed.length
        }
        default:
          return false
      }
    },
  }),
  mark<{ readonly waiting: Map<Name, Set<string>>; readonly kept: Map<Name, Set<string>> }>({
    name: 'outbox replayed',
    sentence: 'A message that its sender had not heard of when it died was acknowledged to its next life.',
    kinds: ['numbered', 'acknowledged', 'gave-up', 'life'],
    begin: () => ({ waiting: new Map(), kept: new Map() }),
    see: (event, { waiting, kept }) => {
      if (event.kind === 'life') {
        // What it sends from here on may have the same numbers as what it has lost.
        if (event.what === 'crash' && event.keeps === 'checkpoint') kept.set(event.actor, waiting.get(event.actor) ?? new Set())
        if (event.what === 'crash') waiting.delete(event.actor)
        return false
      }
      if (event.kind !== 'numbered' && event.kind !== 'acknowledged' && event.kind !== 'gave-up') return false
      const message = `${event.to} ${event.number}`
      if (event.kind === 'numbered') {
        const own = waiting.get(event.actor)
        if (own === undefined) waiting.set(event.actor, new Set([message]))
        else own.add(message)
        kept.get(event.actor)?.delete(message)
        return false
      }
      waiting.get(event.actor)?.delete(message)
      return kept.get(event.actor)?.delete(message) === true && event.kind === 'acknowledged'
    },
  }),
  mark({
    name: 'message given up',
    sentence: 'A message was sent again as often as it may be, and never acknowledged.',
    kinds: ['gave-up'],
    see: () => true,
  }),
  mark({
    name: 'checkpoint forgotten',
    sentence: 'An actor came back with an older checkpoint than the last that it had written.',
    kinds: ['fault'],
    see: (event) => event.kind === 'fault' && event.effect === 'forgot',
  }),
  mark<{ numbered: number }>({
    name: 'answered again',
    sentence: 'A client sent an answer once more, because its owner had lost it.',
    kinds: ['numbered', 'send'],
    begin: () => ({ numbered: -1 }),
    see: (event, memory) => {
      if (event.kind === 'numbered') {
        memory.numbered = event.id
        return false
      }
      // One that is only sent again by its outbox has its number already.
      const isNew = memory.numbered < 0 || memory.numbered === event.id - 1
      return event.kind === 'send' && event.message === 'update' && event.attempt > 0 && isNew
    },
  }),
  mark({
    name: 'update undone',
    sentence: 'An update that had been taken in was lost with its owner.',
    kinds: ['settle'],
    fates: ['undone'],
    see: (event) => event.kind === 'settle' && event.row.kind === 'update',
  }),
  mark({
    name: 'refused as not finite',
    sentence: 'An update was refused because its numbers were not finite.',
    kinds: ['settle'],
    fates: ['rejected'],
    see: (event) => event.kind === 'settle' && event.because === 'not finite',
  }),
  mark({
    name: 'came too late for its cohort',
    among: 'masks',
    sentence: 'Keys or shares of a client came when the others had gone on without it.',
    kinds: ['settle'],
    fates: ['late'],
    see: (event) => event.kind === 'settle' && event.row.direction === 'up' && (event.row.kind === 'keys' || event.row.kind === 'shares'),
  }),
  mark<{ readonly asked: Map<string, number> }>({
    name: 'recovered what a dropout hides',
    among: 'masks',
    sentence: 'A sum was unmasked though a client had dropped out whose masks were in it.',
    kinds: ['send', 'fold'],
    begin: () => ({ asked: new Map() }),
    see: (event, { asked }) => {
      if (event.kind === 'send' && event.message === 'shares' && event.direction === 'down') {
        const name = `${event.actor} ${event.part} ${event.round}`
        if (event.attempt === 0) asked.set(name, (asked.get(name) ?? 0) + 1)
        return false
      }
      return event.kind === 'fold' && (asked.get(`${event.actor} ${event.part} ${event.round}`) ?? 0) > event.updates.length
    },
  }),
  mark({
    name: 'below the threshold',
    among: 'masks',
    sentence: 'A round was aborted because too few came through a step of secure aggregation.',
    kinds: ['round-close'],
    see: (event) => event.kind === 'round-close' && event.row.outcome === 'aborted' && / for (?:keys|shares|masked inputs|unmasking)$/.test(event.row.reason),
  }),
  mark({
    name: 'beyond the range',
    among: 'masks',
    sentence: 'A client had learnt what it could not say in fixed point, and cut it off.',
    kinds: ['saturated'],
    see: () => true,
  }),
  mark({
    name: 'message refused',
    sentence: 'A message was refused: it was damaged, or is not one that its receiver takes.',
    kinds: ['settle'],
    fates: ['rejected'],
    see: (event) => event.kind === 'settle' && event.because !== 'not finite',
  }),
  mark({
    name: 'trained for nobody',
    sentence: 'A client had trained, and left before it sent anything.',
    kinds: ['unsent'],
    see: () => true,
  }),
  mark({
    name: 'death in training',
    sentence: 'A client died in the middle of its training.',
    kinds: ['trained'],
    see: (event) => event.kind === 'trained' && event.outcome === 'crashed',
  }),
  mark({
    name: 'message to the dead',
    sentence: 'A message reached a name under which nobody lived.',
    kinds: ['drop'],
    see: (event) => event.kind === 'drop' && event.fault === undefined,
  }),
  mark({
    name: 'held at the door',
    sentence: 'A message was kept at the door of its receiver.',
    kinds: ['hold'],
    see: () => true,
  }),
  mark({
    name: 'slept through',
    sentence: 'An actor that had been put to sleep woke up.',
    kinds: ['life'],
    see: (event) => event.kind === 'life' && event.what === 'resume',
  }),
]
