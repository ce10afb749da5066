import { Piscina } from 'piscina'

import type { Order } from '../../lab/explore/explorer.js'
import type { Flown } from '../../lab/explore/tally.js'
import { resourceLimits, threadFile } from '../threads.js'
import { flyOrders, openExplorer, type Task } from './task.js'

/** Those who fly cases: threads, or this one. */
export interface Crew {
  /** How many they are. */
  readonly size: number
  fly(orders: readonly Order[]): Promise<readonly Flown[]>
  close(): Promise<void>
}

/** Opens threads; with one worker, cases are flown here. Throws what loading the script throws. */
export const openCrew = async (task: Task, workers: number): Promise<Crew> => {
  // Whatever is wrong with the script is said once, and here.
  const here = await openExplorer(task)
  if (workers <= 1) {
    let before: Promise<unknown> = Promise.resolve()
    // One after the other: side by side in one thread nothing is faster, and all of them take memory.
    const fly: Crew['fly'] = (orders) => {
      const flown = before.then(() => flyOrders(here, orders))
      before = flown.catch(() => {})
      return flown
    }
    return { size: 1, fly, close: () => here.lab.close() }
  }
  await here.lab.close()
  const piscina = new Piscina<readonly Order[], Flown[]>({
    ...threadFile('worker', import.meta.url), minThreads: workers, maxThreads: workers, maxQueue: Infinity, idleTimeout: Infinity, workerData: task, resourceLimits,
  })
  return { size: workers, fly: (orders) => piscina.run(orders), close: () => piscina.destroy() }
}
