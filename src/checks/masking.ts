import type { EventOf } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { check, Violation } from './check.js'

/** Whose inputs had come, as an owner says when it asks for shares, and how many shares it needs. */
interface Asked {
  readonly came: string
  readonly inputs: number
  readonly threshold: number
}

interface Memory {
  readonly asked: Map<string, Asked>
  /** Whose shares an owner has taken in. */
  readonly given: Map<string, Set<Name>>
}

const nameOf = (owner: Name, part: string, round: number): string => `${owner} ${part} ${round}`

/** What is in a frame that asks for shares: the threshold, and numbers of clients in four bytes each. */
const read = (frame: Uint8Array): Asked | undefined => {
  if (frame.length < 32) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const length = view.getUint32(24, true)
  if (length % 4 !== 0 || 32 + length > frame.length) return undefined
  const numbers = Array.from({ length: length / 4 }, (_, i) => view.getUint32(32 + 4 * i, true))
  return { came: numbers.toSorted((a, b) => a - b).join(' '), inputs: numbers.length, threshold: view.getUint32(12, true) }
}

const fail = (what: string, { at: time, actor }: EventOf<'fold' | 'arrive'>, round: number, envelopes: readonly number[] = []): never => {
  throw new Violation('masking', what, { time, round, actors: [actor], envelopes })
}

export const masking = check<Memory>({
  name: 'masking',
  promise:
    'Under secure aggregation an owner asks for what unmasks one sum of a part and a round and no other, whatever lives it has: from shares for two sums ' +
    'it could tell single updates. It asks for that of as many inputs as its threshold at least, and folds them all once as many clients have given shares.',
  kinds: ['arrive', 'settle', 'fold'],
  applies: ({ rounds: { masked } }) => masked === true,
  begin: () => ({ asked: new Map(), given: new Map() }),
  see: (event, { ledger, bytes }, { asked, given }) => {
    switch (event.kind) {
      case 'arrive': {
        const { from, kind, direction } = ledger.flow(event.envelope)
        if (kind !== 'unmask' || direction !== 'down') return
        const frame = bytes(event.envelope)
        const now = frame && read(frame)
        if (now === undefined) return
        const { part, round } = ledger.row(event.envelope)
        const name = nameOf(from, part, round)
        const before = asked.get(name)
        if (before !== undefined && before.came !== now.came) {
          fail(`${from} asks for what unmasks two sums of ${part} in round ${round}: of clients ${before.came}, and of ${now.came}`, event, round, [event.envelope])
        }
        if (now.inputs < now.threshold) fail(`${from} asks for what unmasks ${now.inputs} inputs of ${part} in round ${round}, and needs ${now.threshold}`, event, round, [event.envelope])
        asked.set(name, now)
        return
      }
      case 'settle': {
        const { kind, direction, from, to, part, round } = event.row
        if (kind !== 'unmask' || direction !== 'up' || event.fate !== 'control') return
        const name = nameOf(to, part, round)
        given.set(name, (given.get(name) ?? new Set()).add(from))
        return
      }
      case 'fold': {
        const { actor, part, round, updates } = event
        const name = nameOf(actor, part, round)
        const [sum, shares] = [asked.get(name), given.get(name)?.size ?? 0]
        if (sum === undefined) return fail(`${actor} folds ${part} in round ${round}, and has asked nobody for what unmasks its sum`, event, round)
        if (shares < sum.threshold) fail(`${actor} folds ${part} in round ${round} with shares of ${shares} clients, and needs ${sum.threshold}`, event, round)
        if (updates.length !== sum.inputs) fail(`${actor} folds ${updates.length} updates of ${part} in round ${round}, and has unmasked the sum of ${sum.inputs}`, event, round)
      }
    }
  },
})
