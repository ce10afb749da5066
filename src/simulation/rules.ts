import type { Problem } from './problem.js'
import type { Rounds } from './rounds.js'
import type { Settled } from './specification.js'

const quorumOf = (rounds: Rounds): number => (rounds.kind === 'synchronous' ? 1 : rounds.quorum)

/** Rules between fields of the rounds that hold whatever the world is. */
const roundRules = (rounds: Rounds): Problem[] => {
  const problems: Problem[] = []
  const quorum = quorumOf(rounds)
  if (rounds.select !== undefined && quorum > rounds.select) {
    const rule = `is ${quorum}, above the ${rounds.select} clients that rounds.select asks: no round could close`
    problems.push({ path: ['rounds', 'quorum'], at: 'value', rule, advice: 'Lower the quorum or raise rounds.select.' })
  }
  if (rounds.kind !== 'synchronous' && rounds.overSelect > 0 && rounds.select === undefined) {
    const rule = 'needs rounds.select: without it every client is asked already'
    const advice = 'Give rounds.select, or leave this out.'
    problems.push({ path: ['rounds', 'overSelect'], at: 'value', rule, advice })
  }
  return problems
}

/** Rules that need the number of clients, so that they wait until the world is loaded. */
export const clientProblems = (rounds: Rounds, clients: number): Problem[] => {
  const problems: Problem[] = []
  const above = (field: string, value: number, advice: string): void => {
    const rule = `is ${value}, above the ${clients} clients of this world`
    problems.push({ path: ['rounds', field], at: 'value', rule, advice })
  }
  if (rounds.select !== undefined && rounds.select > clients) {
    above('select', rounds.select, `Give at most ${clients}, or leave it out to ask all.`)
  }
  if (quorumOf(rounds) > clients) above('quorum', quorumOf(rounds), `Give at most ${clients}: no round could close.`)
  return problems
}

/** Problems between fields, and what is allowed but seldom meant. */
export const crossRules = (settled: Settled): { readonly problems: Problem[]; readonly warnings: string[] } => {
  const { rounds } = settled
  if (typeof rounds === 'function') return { problems: [], warnings: [] }
  const losing = settled.faults.filter(({ kind }) => ['lose', 'away', 'crash'].includes(kind)).map(({ kind }) => kind)
  const stuck = rounds.kind === 'synchronous' || (rounds.kind === 'quorum' && rounds.after === undefined)
  const warnings =
    stuck && losing.length > 0
      ? [
          `rounds are ${rounds.kind} without a deadline, and the faults (${[...new Set(losing)].join(', ')}) can ` +
            'keep an update from coming: such a round never closes. Use deadline({ ... }) to fly through them.',
        ]
      : []
  return { problems: roundRules(rounds), warnings }
}
