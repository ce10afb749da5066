import { fileURLToPath } from 'node:url'

import { explore } from '../../src/runs/explore/explore.js'
import { failingCase } from '../../src/runs/shrink/failing.js'
import { shorten } from '../../src/runs/shrink/shorten.js'

/*
 * Explores a federation in the checkout that it lies in, until something fails: prints what each search has come to.
 */

/** How cases are made. */
export type Way = 'random' | 'directed' | 'backward'

/** What is looked for, and how. */
export interface Look {
  readonly plans: number
  /** One exploration each. */
  readonly searches: readonly { readonly way: Way; readonly seed: string }[]
  /** Whether what is found is shrunk. */
  readonly shrinks: boolean
  /** The script of this folder whose federation is explored; the plain one when absent. */
  readonly federation?: string
}

/** What a search has come to. */
export interface Sight {
  /** Cases until the first that failed, it among them; absent where none did. */
  readonly plans?: number
  /** Cases that were flown where none failed: fewer than were allowed where there were no more. */
  readonly flown: number
  /** The check that failed, or what was thrown. */
  readonly what?: string
  readonly says?: string
  /** Faults of the shortest case that fails so. */
  readonly faults?: number
  /** Whether shrinking ended by itself. */
  readonly minimal?: boolean
  /** What ended the search itself. */
  readonly broken?: string
}

interface Task {
  readonly script: string
  readonly cwd: string
  readonly rounds: number
}

const taskOf = (federation: string): Task => ({ script: fileURLToPath(new URL(federation, import.meta.url)), cwd: process.cwd(), rounds: 6 })

/** Cases are the same by their numbers, however many are flown: what is found soon needs no whole generation. */
const explored = async (task: Task, plans: number, way: Way, chance: string): ReturnType<typeof explore> => {
  const about = { ...task, chance, workers: 1, directed: way === 'directed', backward: way === 'backward' }
  for (const few of [4, 16]) {
    const seen = way === 'backward' || few >= plans ? undefined : await explore({ ...about, plans: few })
    if (seen !== undefined && seen.found.length > 0) return seen
  }
  return explore({ ...about, plans })
}

const looked = async (task: Task, plans: number, way: Way, chance: string, shrinks: boolean): Promise<Sight> => {
  const seen = await explored(task, plans, way, chance)
  const [first] = seen.found
  if (first === undefined) return { flown: seen.flown }
  const found = { plans: first.nth + 1, flown: seen.flown, what: first.failure.what, says: first.failure.message.split('\n')[0] }
  const failing = shrinks ? await failingCase(seen, { ...task, chance }) : undefined
  if (failing === undefined) return found
  try {
    const { shrunk } = await shorten(failing)
    return { ...found, faults: shrunk.case.faults.length, minimal: !shrunk.spent }
  } finally {
    await failing.close()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { plans, searches, shrinks, federation = 'federation.ts' } = JSON.parse(process.argv[2]) as Look
  const sights: Sight[] = []
  for (const { way, seed } of searches) sights.push(await looked(taskOf(federation), plans, way, seed, shrinks))
  process.stdout.write(`${JSON.stringify(sights)}\n`)
  process.exit(0)
}
