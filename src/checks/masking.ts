import { crc32 } from 'node:zlib'

import type { EventOf } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { check, Violation } from './check.js'

/** Whose inputs had come, as an owner says when it asks for shares, and how many shares it needs. */
interface Asked {
  readonly came: string
  readonly inputs: number
  readonly threshold: number
}

/** The cohorts that a client is in: by part and round, named by its owner and the keys that it has sent to all. */
type Cohorts = Map<string, Map<number, string>>

interface Memory {
  /** By client, in its present life. */
  readonly cohorts: Map<Name, Cohorts>
  /** By cohort: what was asked for, and whose shares were taken in. */
  readonly asked: Map<string, Asked>
  readonly given: Map<string, Set<Name>>
  /** The cohort for which an envelope brings shares. */
  readonly brings: Map<number, string>
  /** The last cohort that an owner has asked, by owner, part and round. */
  readonly last: Map<string, string>
}

const nameOf = (who: Name, part: string, round: number): string => `${who} ${part} ${round}`

/** What is older than so many rounds is over for its client. */
const remembered = 3

const cohortOf = (cohorts: Memory['cohorts'], client: Name, part: string, round: number): string | undefined => cohorts.get(client)?.get(part)?.get(round)

/** A client is told the keys of all; whoever has keys already shares nothing by others. */
const joins = (cohorts: Memory['cohorts'], client: Name, part: string, round: number, cohort: string): void => {
  let parts = cohorts.get(client)
  if (parts === undefined) cohorts.set(client, (parts = new Map()))
  let rounds = parts.get(part)
  if (rounds === undefined) parts.set(part, (rounds = new Map()))
  if (!rounds.has(round)) rounds.set(round, cohort)
  for (const old of rounds.keys()) if (old <= round - remembered) rounds.delete(old)
}

/** The body of a frame of a step, and its threshold. */
const read = (frame: Uint8Array | undefined): { readonly body: Uint8Array; readonly threshold: number } | undefined => {
  if (frame === undefined || frame.length < 32) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const end = 32 + view.getUint32(24, true)
  return end > frame.length ? undefined : { body: frame.subarray(32, end), threshold: view.getUint32(12, true) }
}

/** Numbers of clients in four bytes each. */
const numbersIn = (body: Uint8Array): readonly number[] => {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  return Array.from({ length: Math.floor(body.length / 4) }, (_, i) => view.getUint32(4 * i, true)).toSorted((a, b) => a - b)
}

const fail = (what: string, { at: time, actor }: EventOf<'fold' | 'arrive'>, round: number, envelopes: readonly number[] = []): never => {
  throw new Violation('masking', what, { time, round, actors: [actor], envelopes })
}

export const masking = check<Memory>({
  name: 'masking',
  promise:
    'Under secure aggregation an owner asks those who have shared keys for what unmasks one sum and no other, whatever lives it has: from shares for two it ' +
    'could tell single updates. It asks for that of as many inputs as its threshold at least, and folds them all once as many clients have given shares.',
  kinds: ['send', 'copy', 'arrive', 'settle', 'fold', 'life'],
  applies: ({ rounds: { masked } }) => masked === true,
  begin: () => ({ cohorts: new Map(), asked: new Map(), given: new Map(), brings: new Map(), last: new Map() }),
  see: (event, { ledger, bytes }, { cohorts, asked, given, brings, last }) => {
    switch (event.kind) {
      case 'send':
      case 'copy': {
        if (event.message !== 'unmask' || event.direction !== 'up') return
        const cohort = cohortOf(cohorts, event.actor, event.part, event.round)
        if (cohort !== undefined) brings.set(event.envelope, cohort)
        return
      }
      case 'arrive': {
        const { from, to, kind, direction } = ledger.flow(event.envelope)
        if (direction !== 'down' || (kind !== 'keys' && kind !== 'unmask')) return
        const frame = read(bytes(event.envelope))
        if (frame === undefined) return
        const { part, round } = ledger.row(event.envelope)
        const owner = nameOf(from, part, round)
        if (kind === 'keys') return joins(cohorts, to, part, round, `${owner} ${crc32(frame.body)}`)
        const cohort = cohortOf(cohorts, to, part, round)
        if (cohort === undefined) return
        const numbers = numbersIn(frame.body)
        const now: Asked = { came: numbers.join(' '), inputs: numbers.length, threshold: frame.threshold }
        const before = asked.get(cohort)
        if (before !== undefined && before.came !== now.came) {
          fail(`${from} asks for what unmasks two sums of ${part} in round ${round}: of clients ${before.came}, and of ${now.came}`, event, round, [event.envelope])
        }
        if (now.inputs < now.threshold) fail(`${from} asks for what unmasks ${now.inputs} inputs of ${part} in round ${round}, and needs ${now.threshold}`, event, round, [event.envelope])
        asked.set(cohort, now)
        last.set(owner, cohort)
        return
      }
      case 'settle': {
        const cohort = brings.get(event.envelope)
        if (cohort === undefined) return
        brings.delete(event.envelope)
        if (event.fate === 'control') given.set(cohort, (given.get(cohort) ?? new Set()).add(event.row.from))
        return
      }
      case 'life':
        if (event.what === 'crash') cohorts.delete(event.actor)
        return
      case 'fold': {
        const { actor, part, round, updates } = event
        const cohort = last.get(nameOf(actor, part, round))
        const sum = cohort === undefined ? undefined : asked.get(cohort)
        if (cohort === undefined || sum === undefined) return fail(`${actor} folds ${part} in round ${round}, and has asked nobody for what unmasks its sum`, event, round)
        const shares = given.get(cohort)?.size ?? 0
        if (shares < sum.threshold) fail(`${actor} folds ${part} in round ${round} with shares of ${shares} clients, and needs ${sum.threshold}`, event, round)
        if (updates.length !== sum.inputs) fail(`${actor} folds ${updates.length} updates of ${part} in round ${round}, and has unmasked the sum of ${sum.inputs}`, event, round)
      }
    }
  },
})
