import Table from 'cli-table3'

import type { Look, Sight } from './look.js'
import { federationOf, type Mutant, mutants } from './mutants.js'
import { firstLine, forEachOf, planted } from './planted.js'

/** Cases of one exploration. */
const plans = 500
/** Faults that what is found may have once it is shrunk. */
const fewest = 2

const sightOf = async (mutant: Mutant | undefined, seed: string): Promise<Sight> => {
  const look: Look = { plans, searches: [{ way: 'random', seed }], shrinks: true, ...federationOf(mutant) }
  try {
    const [sight] = await planted<readonly Sight[]>(mutant, { script: 'look.ts', about: look, longest: 900_000 })
    return sight
  } catch (error) {
    return { flown: 0, broken: firstLine(error) }
  }
}

const isFound = ({ plans: found, faults = Infinity, minimal }: Sight): boolean => found !== undefined && faults <= fewest && minimal === true

const rowOf = ({ name, check }: Mutant, { plans: found, flown, what, faults, minimal, says, broken }: Sight): readonly string[] => {
  if (broken !== undefined) return [name, check, 'BROKEN (!)', '', '', broken]
  if (found === undefined) return [name, check, `NOT WITHIN ${flown} (!)`, '', '', '']
  const shortest = faults === undefined ? '' : `${faults}${minimal === true ? '' : ' and fewer perhaps'}${faults > fewest ? ' (!)' : ''}`
  return [name, check, String(found), what ?? '', shortest, says ?? '']
}

/**
 * Explores with each bug in the sources, and shrinks the first case that fails: prints after how many plans that was, what failed, and how many faults are
 * left. Whether all of them were found and are short, and nothing was found where there is no bug. `names`: only these bugs, all of them where none is named.
 */
export const exploreAll = async (names: readonly string[], seed: string): Promise<boolean> => {
  const chosen = names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
  let done = 0
  const all = [undefined, ...chosen]
  const [calm, ...sights] = await forEachOf(all, async (mutant) => {
    const sight = await sightOf(mutant, seed)
    process.stderr.write(`${++done}/${all.length} ${mutant?.name ?? '(no bug)'}: ${sight.plans ?? sight.broken ?? 'not found'}\n`)
    return sight
  })
  const table = new Table({
    head: ['bug', 'meant for', 'plans until found', 'what failed', 'faults', 'which says'], colWidths: [38, 14, 14, 18, 10, 80], wordWrap: true, style: { head: [], border: [] },
  })
  const isCalm = calm.plans === undefined && calm.broken === undefined && calm.flown === plans
  table.push(['(none)', 'nobody', isCalm ? `none of ${calm.flown}` : `${calm.plans ?? 'BROKEN'} (!)`, calm.what ?? '', '', calm.says ?? calm.broken ?? ''])
  for (const [i, mutant] of chosen.entries()) table.push([...rowOf(mutant, sights[i])])
  const found = sights.filter(isFound).length
  process.stdout.write(`${table.toString()}\n${found} of ${chosen.length} bugs are found within ${plans} plans with seed ${seed}, and shrink to at most ${fewest} faults\n`)
  return isCalm && found === chosen.length
}
