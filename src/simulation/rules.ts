import { wrongLine } from '../faults/shared-line.js'
import { roundEntryOf, type Rounds } from '../federation/rounds/registry.js'
import type { OptionProblem } from '../federation/rounds/round.js'
import { selectionEntryOf } from '../federation/selection/registry.js'
import { topologyOf } from '../federation/topologies/registry.js'
import { readLevel } from '../metrics/level.js'
import type { Problem } from '../documents/problem.js'
import { privacyProblems, privacyWarnings } from './privacy-rules.js'
import { secureAggregationProblems } from './secure-aggregation-rules.js'
import type { Settled } from './specification.js'
import { topologyProblems, topologyWarnings } from './topology-rules.js'

/** Rounds that are given as data; undefined for a policy or a machine of the researcher's own. */
const asData = (rounds: Settled['rounds']): Rounds | undefined =>
  typeof rounds === 'function' || 'next' in rounds ? undefined : rounds

const ofRounds = ({ field, rule, advice }: OptionProblem): Problem => ({ path: ['rounds', field], at: 'value', rule, advice })

/** Rules that need the number of clients, so that they wait until the world is loaded. */
export const clientProblems = (given: Settled['rounds'], clients: number): Problem[] => {
  const rounds = asData(given)
  return rounds === undefined ? [] : roundEntryOf(rounds).problems(rounds, clients).map(ofRounds)
}

/** What is to be reached is scored at all. */
const untilProblems = ({ evaluate: { until, on } }: Settled): Problem[] => {
  const split = until === undefined ? undefined : readLevel(until)?.split
  if (split === undefined || on.includes(split)) return []
  return [{
    path: ['evaluate', 'until'], at: 'value', rule: `is a score on ${split}, which is not scored`,
    advice: `Put ${split} into evaluate.on.`,
  }]
}

/** Whom rounds ask is said once, and goes with how many they ask. */
const selectionProblems = ({ choose, selection, rounds: given }: Settled): Problem[] => {
  const rounds = asData(given)
  const field = selection === undefined ? 'choose' : 'selection'
  if (selection === undefined && choose === undefined) return []
  const problem = (rule: string, advice: string): Problem => ({ path: [field], at: 'name', rule, advice })
  if (rounds?.kind === 'tiers') return [problem('is given, and rounds of tiers choose by themselves', 'Take it away, or take other rounds.')]
  if (selection === undefined) return []
  if (choose !== undefined) return [problem('is given beside choose, which says the same', 'Give one of them.')]
  return selectionEntryOf(selection).problems(rounds ?? {}).map(({ rule, advice }) => problem(rule, advice))
}

/** Lines that many share are narrowed where there are any. */
const lineProblems = ({ faults, network }: Settled): Problem[] =>
  faults.flatMap((fault, i) => {
    const wrong = wrongLine(fault, network)
    return wrong === undefined ? [] : [{ path: ['faults', i, 'line'], at: 'value' as const, ...wrong }]
  })

/** Problems between fields, and what is allowed but seldom meant. */
export const crossRules = (settled: Settled): { readonly problems: Problem[]; readonly warnings: string[] } => {
  const rounds = asData(settled.rounds)
  const topology = topologyProblems(settled)
  const others = [...untilProblems(settled), ...selectionProblems(settled), ...privacyProblems(settled), ...secureAggregationProblems(settled, topology), ...lineProblems(settled), ...topology]
  const warnings = [...privacyWarnings(settled), ...topologyWarnings(settled)]
  if (rounds === undefined) return { problems: others, warnings }
  const entry = roundEntryOf(rounds)
  const losing = settled.faults.filter(({ kind }) => ['away', 'battery', 'churn', 'corrupt', 'crash', 'full', 'lose', 'quits'].includes(kind)).map(({ kind }) => kind)
  const stalls = losing.length > 0 && !settled.delivery.acknowledge && !topologyOf(settled.topology).peers ? entry.stalls(rounds) : undefined
  const stalling =
    stalls === undefined
      ? []
      : [`rounds are ${rounds.kind} ${stalls[0]}, and the faults (${[...new Set(losing)].join(', ')}) can ${stalls[1]}`]
  return { problems: [...others, ...entry.problems(rounds).map(ofRounds)], warnings: [...stalling, ...warnings] }
}
