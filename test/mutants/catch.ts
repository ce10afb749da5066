import Table from 'cli-table3'

import { type Mutant, mutants } from './mutants.js'
import { firstLine, forEachOf, planted } from './planted.js'

interface Caught {
  readonly check: string | null
  readonly says: string
}

const caught = (mutant: Mutant | undefined): Promise<Caught> =>
  planted<Caught>(mutant, { script: 'fly.ts', longest: 300_000 }).catch((error: unknown) => ({ check: null, says: firstLine(error) }))

/**
 * Plants each bug in a copy of the sources, flies, and prints which check caught it. Whether each was caught by the check that is meant for it,
 * and nothing where there is no bug.
 */
export const catchAll = async (): Promise<boolean> => {
  const table = new Table({ head: ['bug', 'meant for', 'caught by', 'which says'], colWidths: [38, 14, 14, 90], wordWrap: true, style: { head: [], border: [] } })
  let [wrong, done] = [0, 0]
  const calm = await caught(undefined)
  if (calm.check !== null || calm.says !== 'nothing was caught') {
    wrong++
    table.push(['(none)', 'nobody', calm.check ?? 'nobody', calm.says])
  }
  const results = await forEachOf(mutants, async (mutant) => {
    const result = await caught(mutant)
    process.stderr.write(`${++done}/${mutants.length} ${mutant.name}\n`)
    return result
  })
  for (const [i, { name, check: meant }] of mutants.entries()) {
    const { check, says } = results[i]
    if (check !== meant) wrong++
    table.push([name, meant, check === meant ? check : `${check ?? 'NOBODY'} (!)`, says])
  }
  process.stdout.write(`${table.toString()}\n${mutants.length - wrong} of ${mutants.length} bugs are caught by the check that is meant for them\n`)
  return wrong === 0
}
