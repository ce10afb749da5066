import { resolve as absolute } from 'node:path'

import { chosenChecks } from '../../checks/choose.js'
import { openEngine } from '../../engine/open.js'
import { comparedNames } from '../../lab/compared/all.js'
import { Explorer, type ExplorerOptions, type Order } from '../../lab/explore/explorer.js'
import type { Flown } from '../../lab/explore/tally.js'
import { withSettings } from '../../simulation/resolve.js'
import type { Specification } from '../../simulation/specification.js'
import { loadSpecification } from '../load.js'
import { worldOfFolder } from '../world-of-folder.js'

/** What is explored, as it goes to every worker: plain data, since scripts are loaded where they are flown. */
export interface Task extends Omit<ExplorerOptions, 'engines' | 'dataDir'> {
  readonly script: string
  readonly data?: string | undefined
  readonly set?: readonly string[] | undefined
  /** An engine that trains, in place of the one that does not. */
  readonly engine?: 'onnx' | 'tfjs' | undefined
}

/** The specification that a task is about, with its settings. */
export const specificationOf = async ({ script, data, set = [], cwd }: Pick<Task, 'script' | 'data' | 'set' | 'cwd'>): Promise<Specification> => {
  const { specification, source } = await loadSpecification(script, cwd)
  const moved = data === undefined ? specification : { ...specification, world: worldOfFolder(absolute(cwd, data), specification.world) }
  return withSettings(moved, { set, source })
}

/** Those that a task trains with; undefined: it trains nothing. */
export const enginesOf = async ({ engine }: Pick<Task, 'engine'>): Promise<ExplorerOptions['engines']> =>
  engine && { first: await openEngine({ engine, workers: 0 }), again: await openEngine({ engine, workers: 2 }) }

/** An explorer of a task, for whoever flies it. */
export const openExplorer = async ({ data, engine, ...task }: Task): Promise<Explorer> => {
  const base = await specificationOf({ ...task, data })
  // Names that nobody has are said here, and not where a case is flown.
  chosenChecks(base.checks, task.checks, comparedNames)
  const dataDir = data === undefined ? undefined : absolute(task.cwd, data)
  const engines = await enginesOf({ engine })
  return new Explorer(base, { ...task, dataDir, ...(engines && { engines }) })
}

/** Flies orders one after the other. */
export const flyOrders = async (explorer: Explorer, orders: readonly Order[]): Promise<Flown[]> => {
  const flown: Flown[] = []
  for (const order of orders) flown.push(await explorer.fly(order))
  return flown
}
