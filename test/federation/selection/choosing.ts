import type { Answer, Candidate, Choice, SelectionRule } from '../../../src/federation/choice.js'
import { streams } from '../../../src/random/streams.js'
import type { RoundRow } from '../../../src/record/rows.js'

/** A client as the aggregator knows it. */
export const client = (name: string, about: Partial<Omit<Candidate, 'last'>> & { readonly last?: Partial<Answer> } = {}): Candidate => ({
  name, examples: 10, profile: 1000, asked: 0, answered: 0, turn: 0, ...about,
  last: about.last && { round: 1, took: 1000, steps: 1, change: 1, extras: {}, ...about.last },
})

export const folded = (round: number, names: readonly string[]): RoundRow => ({
  round, opened: 0, closed: 0, selected: names, folded: names, outcome: 'closed', reason: 'all answered',
})

/** A rule asked round after round; `all` are everybody, those that are asked about are there. */
export const asking = (rule: SelectionRule | undefined, seed = 'choosing') => {
  let state: unknown
  return (there: readonly Candidate[], about: Partial<Choice> & { readonly all?: readonly Candidate[] } = {}): readonly string[] => {
    const { all = there, ...rest } = about
    const round = about.round ?? 1
    const answer = rule!.choose(state, there, {
      round, now: 0, wanted: there.length, atLeast: 1, clients: all.length, past: [], everybody: () => all,
      draw: (decided, who = '') => streams(seed)(decided, round, who)(),
      ...rest,
    })
    state = structuredClone(answer.state)
    return answer.names
  }
}
