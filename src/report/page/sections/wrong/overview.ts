import { accountant } from '../../../../flight/round-summaries.js'
import { mannerOf, roundPaths } from '../../../paths/round-paths.js'
import type { Chart } from '../../chart.js'
import { groupsOf, meansIn, saidOfGroups } from '../../grouped.js'
import { table } from '../../pieces.js'
import type { RunFacts } from '../../read-run.js'
import { type Stack, standingBars, wastedColours } from '../../stacked.js'

const mostColumns = 50

/** What became of whom a round asked, round by round: `counted`, outcomes of trainings, `did not train`; of regions, `did not answer`. */
const outcomes = (run: RunFacts): ReadonlyMap<string, number[]> => {
  const counts = new Map<string, number[]>()
  const count = (what: string, place: number): void => {
    let own = counts.get(what)
    if (own === undefined) counts.set(what, (own = run.rounds.map(() => 0)))
    own[place]++
  }
  const manner = mannerOf(run)
  if (manner === 'overlapping') {
    const placeOf = accountant(run.rounds)
    for (const { client, end, round, outcome } of run.trainings.toSorted((a, b) => a.end - b.end)) {
      const place = placeOf(end, round, [client])
      if (place !== undefined) count(outcome === 'used' ? 'counted' : outcome, place)
    }
    return counts
  }
  roundPaths(run).forEach(({ ways }, place) => {
    for (const { came } of ways) count(came !== 'nothing' ? came : manner === 'regions' ? 'did not answer' : 'did not train', place)
  })
  return counts
}

/** Clients by outcome in each round. */
export const overviewChart = (run: RunFacts): Chart | undefined => {
  if (run.rounds.length < 2) return undefined
  const manner = mannerOf(run)
  const counts = outcomes(run)
  const groups = groupsOf(run.rounds.map(({ round }) => round), mostColumns)
  const names = [...counts.keys()].filter((name) => name !== 'counted').sort()
  const stacks: Stack[] = ['counted', ...names].flatMap((name) => {
    const own = counts.get(name)
    return own === undefined ? [] : [{ name, colour: name === 'counted' ? 'var(--c1)' : wastedColours[names.indexOf(name) % wastedColours.length], wasted: name !== 'counted', values: meansIn(groups, own) }]
  })
  const who = manner === 'regions' ? 'regions' : manner === 'overlapping' ? 'trainings' : 'clients'
  return standingBars({
    caption: `${manner === 'overlapping' ? 'Trainings that ended on the account of each fold' : `Whom each round asked`}, by what came of it. Hatched: what is in no model of that round.${saidOfGroups(groups)}`,
    bars: groups.map(({ name }) => name), unit: 'count', counted: who, stacks,
    table: table(['round', ...stacks.map(({ name }) => ({ title: name, isNumber: true }))], groups.map(({ name }, i) => [name, ...stacks.map(({ values }) => String(Math.round(values[i] * 10) / 10))])),
  })
}
