import { workerData } from 'node:worker_threads'

import { SpecificationError } from '../../errors.js'
import { failFlights } from '../../flight/strays.js'
import { LastGround } from '../../lab/ground.js'
import { loadPlan } from '../study/load-plan.js'
import type { StudyPlan } from '../study/study.js'
import type { Order, Outcome } from './fleet.js'
import { flyOrder } from './fly-order.js'
import { failed } from './outcome.js'
import { stopWith, type ThreadData } from './threads.js'

/*
 * The entry of a thread that flies orders: it loads the script for itself, and keeps its last ground.
 */
const { commission, stopped } = workerData as ThreadData
const ground = new LastGround()

// An error that nobody caught ends the flight and not the thread.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (thrown: unknown) => {
    if (!failFlights(thrown)) throw thrown
  })
}

let loaded: Promise<StudyPlan> | undefined

const load = async (): Promise<StudyPlan> => {
  const { source, script, cwd } = commission
  if (source === undefined) throw new TypeError('a thread was given no script to load')
  const { plan, script: now } = await loadPlan(source, cwd)
  if (now.sha256 === script?.sha256) return plan
  throw new SpecificationError(`the script ${now.file} has changed while it was flown. Fly it again: what is complete stays.`)
}

/** Engines train in the thread that flies, unless somebody asks for workers. Native TensorFlow has one pool in a process: it gets one of its own. */
const workers = commission.workers ?? (commission.engine === 'tfjs-node' ? 1 : 0)

export default async (order: Order): Promise<Outcome> => {
  try {
    const plan = await (loaded ??= load())
    return await stopWith(stopped, (signal) =>
      flyOrder(plan, order, { ...commission, workers: Math.max(1, workers) }, (resolved, place) => ground.open({ ...resolved, workers }, place), signal))
  } catch (error) {
    return failed(error)
  }
}
