import { workerData } from 'node:worker_threads'

import type { Explorer, Order } from '../../lab/explore/explorer.js'
import type { Flown } from '../../lab/explore/tally.js'
import { flyOrders, openExplorer, type Task } from './task.js'

/*
 * The entry of a thread that explores: it loads the script for itself.
 */
let explorer: Promise<Explorer> | undefined

export default async (orders: readonly Order[]): Promise<Flown[]> => flyOrders(await (explorer ??= openExplorer(workerData as Task)), orders)
