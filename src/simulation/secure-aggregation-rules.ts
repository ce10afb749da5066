import { updateChains } from '../codecs/routes.js'
import { traitsOf } from '../codecs/registry.js'
import type { Problem } from '../documents/problem.js'
import { roundEntryOf, roundRules, type Rounds } from '../federation/rounds/registry.js'
import { selectionEntryOf } from '../federation/selection/registry.js'
import { buildStrategy, strategyEntries, type StrategySpec } from '../federation/strategies/registry.js'
import type { Strategy } from '../federation/strategies/strategy.js'
import type { Settled } from './specification.js'

/** The strategy, if it is one: what a script has forgotten to call is told of elsewhere. */
const strategyIn = ({ strategy }: Settled): Strategy | undefined => {
  if (typeof strategy === 'function') return undefined
  return 'fold' in strategy ? strategy : buildStrategy(strategy as StrategySpec)
}

/** Why a strategy cannot be given the mean of what clients have moved in place of their updates; undefined: it can. */
export const whyNotMasked = ({ needs: { updates, serverData }, extras: { up } }: Pick<Strategy, 'needs' | 'extras'>): string | undefined => {
  if (serverData) return 'pools the rows of all clients in one, so that there is nothing to sum'
  if (updates === 'individual') return 'needs every single update as it is'
  if (up.length > 0) return `has clients send more than updates (${up.map(({ name }) => name).join(', ')}), which no sum is taken of`
  return updates === 'sum' ? 'weighs updates by weights of its own, which clients alone cannot know' : undefined
}

const fitting = (): string =>
  strategyEntries
    .filter(({ kind }) => kind !== 'local-only' && whyNotMasked(buildStrategy({ kind } as StrategySpec)) === undefined)
    .map(({ kind }) => kind).join(', ')

const away = 'or take secureAggregation away.'

const ofStrategy = (settled: Settled): Problem[] => {
  const strategy = strategyIn(settled)
  const why = strategy && whyNotMasked(strategy)
  if (strategy === undefined || why === undefined) return []
  const own = typeof settled.strategy === 'object' && 'fold' in settled.strategy
  const advice = own ? "If its fold goes by the mean of what clients have moved alone, declare needs: { updates: 'mean' }," : `Take one of ${fitting()},`
  return [{ path: ['strategy'], at: 'value', rule: `is '${strategy.name}', which ${why}, and under secureAggregation owners see sums alone`, advice: `${advice} ${away}` }]
}

const common = `Take rounds that all clients have in common, such as synchronous or deadline, ${away}`

const ofRounds = (settled: Settled): Problem[] => {
  const { rounds: given, delivery } = settled
  const problem = (rule: string, advice: string, path: Problem['path'] = ['rounds']): Problem => ({ path, at: 'value', rule, advice })
  const overlapping = 'let models of several rounds be at work at once, so that there is no round in which clients could share masks'
  if (typeof given === 'function') return []
  if ('next' in given) {
    const rule = given.admission.overlapping ? overlapping : 'are a machine of their own, which may ask further clients when keys were exchanged'
    return [problem(rule, common)]
  }
  const rounds = given as Rounds & { readonly patience?: number; readonly missing?: string }
  if (roundRules(rounds).admission.overlapping) return [problem(overlapping, common)]
  if (roundEntryOf(rounds).readsNumbers(rounds)) return [problem('choose clients by what they have answered, which nobody sees', `Leave out what adapts, ${away}`)]
  if (rounds.missing !== 'last' || (rounds.patience === undefined && !delivery.acknowledge)) return []
  const rule = "is 'last', so that a client without a part goes on with an older one: what it has moved that by is not what its owner sums"
  return [problem(rule, `Give missing: 'sit-out', ${away}`, ['rounds', 'missing'])]
}

const ofChoice = ({ choose, selection }: Settled): Problem[] => {
  const problem = (field: string): Problem => ({
    path: [field], at: 'value', rule: 'may choose clients by what they have answered, which nobody sees',
    advice: `Take a selection that does not, such as random or round-robin, ${away}`,
  })
  if (choose !== undefined) return [problem('choose')]
  return selection !== undefined && selectionEntryOf(selection).readsNumbers ? [problem('selection')] : []
}

const ofCodec = ({ codec }: Settled): Problem[] => {
  const lossy = codec === undefined ? [] : updateChains(codec).flat().filter((stage) => !traitsOf([stage]).sums)
  const kinds = [...new Set(lossy.map(({ kind }) => kind))]
  return kinds.length === 0 ? [] : [{
    path: ['codec'], at: 'value', rule: `codes updates by ${kinds.join(', ')}, of which no sum can be taken without decoding each`,
    advice: `Say what is coded under down: models are free to be, and masked inputs take \`secureAggregation.ring\` bits a number; ${away}`,
  }]
}

const ofPrivacy = ({ privacy }: Settled): Problem[] =>
  privacy === undefined ? [] : [{
    path: ['privacy'], at: 'name', rule: privacy.where === 'server'
      ? 'has owners hold each update to its bound, and under secureAggregation they see none'
      : 'counts epsilon for sums of real numbers, and under secureAggregation each client rounds its noise',
    advice: `Take privacy away, ${away}`,
  }]

/** Topologies in which every owner sums what clients send it. */
const summing: ReadonlySet<string> = new Set(['star', 'split'])

/** `told`: what the topology says itself. */
const ofTopology = ({ topology }: Settled, told: readonly Problem[]): Problem[] => {
  if (told.some(({ path: [field] }) => field === 'secureAggregation')) return []
  const kind = (topology as { readonly kind: string } | undefined)?.kind
  return kind === undefined || summing.has(kind) ? [] : [{
    path: ['topology'], at: 'value', rule: `is ${kind}, in which clients share masks with nobody who sums for all of them`, advice: `Take ${[...summing].join(' or ')}, ${away}`,
  }]
}

const reading: ReadonlySet<unknown> = new Set(['a-little-is-enough', 'inner-product'])

const ofFaults = ({ faults }: Settled): Problem[] =>
  faults.flatMap((fault, i) => {
    const { send } = fault as { readonly send?: { readonly attack?: unknown } }
    return fault.kind === 'poison' && reading.has(send?.attack)
      ? [{ path: ['faults', i, 'send'], at: 'value' as const, rule: `is ${String(send?.attack)}, which goes by the updates of others, and under masks nobody sees them`, advice: `Take another attack, such as sign-flip, ${away}` }]
      : []
  })

/** What does not go together with `secureAggregation`; `ofTopologies`: what the topology does not go with. */
export const secureAggregationProblems = (settled: Settled, ofTopologies: readonly Problem[]): Problem[] =>
  settled.secureAggregation === undefined
    ? []
    : [...ofStrategy(settled), ...ofRounds(settled), ...ofChoice(settled), ...ofCodec(settled), ...ofPrivacy(settled), ...ofTopology(settled, ofTopologies), ...ofFaults(settled)]
