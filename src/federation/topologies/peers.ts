import { traitsOf } from '../../codecs/registry.js'
import { type Routes, wordsIn } from '../../codecs/routes.js'
import { SpecificationError } from '../../errors.js'
import type { Name } from '../../roster/participant.js'
import { durationSchema } from '../../time/duration.js'
import type { Strategy } from '../strategies/strategy.js'
import { patientWait } from '../rounds/common-rounds.js'
import type { Terms } from '../terms.js'
import type { Asked, TopologyProblem } from './topology.js'

/** What is one way among peers. */
export const fixedAmongPeers = ['rounds', 'selection', 'choose', 'privacy'] as const

/** Owner of the one part that peers hold each a copy of. */
export const NOBODY: Name = ''

export const patienceField = durationSchema
  .prefault(patientWait)
  .describe('How long a peer that has trained waits for the others of the round. Default: 7 days')

/** Why peers cannot do what a strategy does where its updates are folded; undefined: they can. */
const whyNotAmongPeers = ({ averages, extras, needs }: Strategy): string | undefined => {
  if (needs.serverData) return 'pools the rows of all clients in one'
  if (extras.up.length + extras.down.length > 0) return 'sends more than models'
  return averages === true ? undefined : 'folds updates by a rule of its own, and peers only take means'
}

const orLeave = 'or take topology: asStar().'

const ofStrategy = ({ strategy }: Asked): TopologyProblem[] => {
  const why = strategy && whyNotAmongPeers(strategy)
  if (why === undefined) return []
  return [{ path: ['strategy'], rule: `is '${strategy!.name}', which ${why}`, advice: `Take one whose fold is a mean, such as fedavg, fedprox, fedper or fedbn, ${orLeave}` }]
}

/** Options of synchronous rounds that are about servers. */
const ofServers = ['select', 'patience', 'leftBehind'] as const

const ofRounds = ({ rounds }: Asked): TopologyProblem[] => {
  if (rounds?.kind !== 'synchronous') {
    return [{ path: ['rounds'], rule: 'need an aggregator that opens and closes them, and among peers there is none', advice: `Give rounds: synchronous({ count: 20 }): so many does every peer go through, ${orLeave}` }]
  }
  return ofServers.filter((field) => rounds[field] !== undefined).map((field) => ({
    path: ['rounds', field], rule: 'is about what an aggregator asks, and among peers there is none',
    advice: `Leave it out (how long peers wait is topology.patience), ${orLeave}`,
  }))
}

/** What no peer could do. */
const others: Readonly<Record<string, string>> = {
  privacy: 'has a trusted aggregator take the mean of all, and among peers there is none',
  selection: 'is whom an aggregator asks, and among peers there is none',
  choose: 'is whom an aggregator asks, and among peers there is none',
  secureAggregation: 'hides updates from an aggregator, and among peers there is none',
}

const ofOthers = ({ given }: Asked): TopologyProblem[] =>
  Object.entries(others).filter(([field]) => given.has(field)).map(([field, rule]) => ({ path: [field], rule, advice: `Take it away, ${orLeave}` }))

const ofCodec = ({ codec }: Asked): TopologyProblem[] => {
  if (codec === undefined) return []
  const routes: readonly Routes[] = [codec, ...(codec.some ?? [])]
  const changes = routes.flatMap(wordsIn).find(({ chain }) => traitsOf(chain).of === 'changes')
  if (changes === undefined) return []
  const kinds = changes.chain.filter((stage) => traitsOf([stage]).of === 'changes').map(({ kind }) => kind)
  return [{
    path: ['codec'], rule: `has ${kinds.join(', ')}, which codes changes of a model that both ends have, and peers have no such model`,
    advice: `Take codecs of the numbers themselves, such as fp16, bf16, int8 or zstd, ${orLeave}`,
  }]
}

/** Attacks on what an owner folds, by whoever sees all of it. */
const all: ReadonlySet<string> = new Set(['a-little-is-enough', 'inner-product'])

const ofFaults = ({ faults }: Asked): TopologyProblem[] =>
  faults.flatMap((fault, i): TopologyProblem[] => {
    const { send, phase } = fault as { readonly send?: { readonly attack: string }; readonly phase?: string }
    if (fault.kind === 'poison' && send !== undefined && all.has(send.attack)) {
      return [{ path: ['faults', i, 'send'], rule: `is '${send.attack}', which is made of all updates that are folded, and there is no owner of a part that has them all`, advice: `Take an attack on what one client sends, such as sign-flip or noise, ${orLeave}` }]
    }
    return fault.kind === 'away' && phase === 'download'
      ? [{ path: ['faults', i, 'phase'], rule: "is 'download', and nobody sends peers a model to train from", advice: `Take another phase, ${orLeave}` }]
      : []
  })

/** Throws where peers have nothing to send each other. */
export const demandTravels = ({ parts: [part], strategy }: Pick<Terms, 'parts' | 'strategy'>): void => {
  if (part.length > 0) return
  throw new SpecificationError(`strategy is '${strategy.name}', by which nothing of the model travels: peers have nothing to send each other. Take another, ${orLeave}`)
}

/** What does not go together with peers in a specification. */
export const peerProblems = (asked: Asked): TopologyProblem[] =>
  [...ofStrategy(asked), ...ofRounds(asked), ...ofOthers(asked), ...ofCodec(asked), ...ofFaults(asked)]
