import type { Role } from '../roster/participant.js'
import type { AggregatorState } from './aggregator-state.js'
import type { ClientState } from './client.js'
import type { ExpertState } from './expert-network.js'
import type { RegionalState } from './regions/regional.js'

const aggregator = ({ phase, recovery, lagging, judging, opened, closing }: AggregatorState): string => {
  if (recovery !== undefined) return 'recovering'
  if (phase !== 'flying') return phase
  if (closing !== undefined) return 'unmasking'
  if (lagging.size > 0) return 'waiting for an expert'
  if (judging !== undefined) return 'between rounds'
  return opened === undefined ? 'short' : 'open'
}

const expert = ({ recovery, holding: { round, endings, over, cohort } }: ExpertState): string => {
  if (recovery !== undefined) return recovery.where === undefined ? 'asking' : 'catching up'
  if (over) return 'over'
  if (cohort?.closing !== undefined && endings[cohort.round] === undefined) return 'unmasking'
  return round > 0 && endings[round] === undefined ? 'open' : 'closed'
}

/** Between errands it rests, or gathers the next model; on one a round of its region is open, or waits for clients. */
const regional = ({ recovery, opened, face: { phase } }: RegionalState): string => {
  if (recovery !== undefined) return 'recovering'
  if (phase === 'gathering') return 'gathering'
  if (phase !== 'training') return 'resting'
  return opened === undefined ? 'short' : 'open'
}

/** What an actor is doing, of the phases that its role has: a word of the table of protocol coverage. */
export const phaseOf = (role: Role, state: unknown): string => {
  switch (role) {
    case 'aggregator':
      return aggregator(state as AggregatorState)
    case 'expert':
    case 'shard':
      return expert(state as ExpertState)
    case 'regional':
      return regional(state as RegionalState)
    case 'client':
      return (state as ClientState).phase
    default:
      return role satisfies never
  }
}
