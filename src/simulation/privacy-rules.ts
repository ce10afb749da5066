import { codesUpdates } from '../codecs/routes.js'
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

/** Why a strategy cannot be given the noisy mean alone; undefined: it can. */
export const whyNotPrivate = ({ needs: { updates, serverData }, extras: { up } }: Pick<Strategy, 'needs' | 'extras'>): string | undefined => {
  if (serverData) return 'pools the rows of all clients in one, so that there is nobody to hide among'
  if (updates === 'individual') return 'needs every single update as it is'
  if (up.length > 0) return `has clients send more than updates (${up.map(({ name }) => name).join(', ')}), of which nothing is clipped`
  return updates === 'sum' ? 'weighs updates by weights of its own, which nothing bounds' : undefined
}

const fitting = (): string =>
  strategyEntries
    .filter(({ kind }) => kind !== 'local-only' && whyNotPrivate(buildStrategy({ kind } as StrategySpec)) === undefined)
    .map(({ kind }) => kind).join(', ')

const away = 'or take privacy away.'

const ofStrategy = (settled: Settled): Problem[] => {
  const strategy = strategyIn(settled)
  const why = strategy && whyNotPrivate(strategy)
  if (strategy === undefined || why === undefined) return []
  const own = typeof settled.strategy === 'object' && 'fold' in settled.strategy
  const advice = own ? "If its fold goes by the mean of what clients have moved alone, declare needs: { updates: 'mean' };" : `Take one of ${fitting()},`
  return [{ path: ['strategy'], at: 'value', rule: `is '${strategy.name}', which ${why}, and under privacy there is only a mean with noise`, advice: `${advice} ${away}` }]
}

const ofRounds = (settled: Settled): Problem[] => {
  const { rounds: given, delivery } = settled
  if (typeof given === 'function') return []
  const overlapping: Problem = {
    path: ['rounds'], at: 'value', rule: 'let models of several rounds be at work at once, so that a fold may count a client twice',
    advice: `Take rounds that all clients have in common, such as synchronous or deadline, ${away}`,
  }
  if ('next' in given) return given.admission.overlapping ? [overlapping] : []
  const rounds = given as Rounds & { readonly patience?: number; readonly missing?: string }
  if (roundRules(rounds).admission.overlapping) return [overlapping]
  if (roundEntryOf(rounds).readsNumbers(rounds)) {
    return [{ path: ['rounds'], at: 'value', rule: 'choose clients by what they have answered, which no noise hides', advice: `Leave out what adapts, ${away}` }]
  }
  if (rounds.missing !== 'last' || (rounds.patience === undefined && !delivery.acknowledge)) return []
  return [{
    path: ['rounds', 'missing'], at: 'value',
    rule: "is 'last', so that a client without a part goes on with an older one: its owner would count more than was clipped",
    advice: `Give missing: 'sit-out', ${away}`,
  }]
}

const ofChoice = ({ choose, selection }: Settled): Problem[] => {
  const problem = (field: string): Problem => ({
    path: [field], at: 'value', rule: 'may choose clients by what they have answered, which no noise hides',
    advice: `Take a selection that does not, such as random or round-robin, ${away}`,
  })
  if (choose !== undefined) return [problem('choose')]
  return selection !== undefined && selectionEntryOf(selection).readsNumbers ? [problem('selection')] : []
}

const ofCodec = ({ codec }: Settled): Problem[] =>
  codec === undefined || !codesUpdates(codec) ? [] : [{
    path: ['codec'], at: 'value', rule: 'changes updates after they were clipped, and may bring back what was cut off',
    advice: `Say what is coded under down: models are free to be, ${away}`,
  }]

/** What does not go together with `privacy`: a promise that is not kept is none. */
export const privacyProblems = (settled: Settled): Problem[] =>
  settled.privacy === undefined ? [] : [...ofStrategy(settled), ...ofRounds(settled), ...ofChoice(settled), ...ofCodec(settled)]

/** A strategy that is told to weigh by rows, and whose clients count otherwise. */
export const privacyWarnings = ({ privacy, strategy }: Settled): string[] => {
  if (privacy === undefined || privacy.cap !== undefined) return []
  const given = typeof strategy === 'object' && 'weighting' in strategy ? strategy.weighting : undefined
  return given === 'examples'
    ? ["strategy.weighting is 'examples', and under privacy all clients count alike: give privacy.cap to weigh them by rows up to so many"]
    : []
}
