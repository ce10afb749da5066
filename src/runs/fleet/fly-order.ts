import { join } from 'node:path'

import type { openGround } from '../../lab/ground.js'
import { functionsOf } from '../../simulation/functions.js'
import { resolve } from '../../simulation/resolve.js'
import type { Specification } from '../../simulation/specification.js'
import { specificationOf as manifestSpecification } from '../describe.js'
import { realDisk } from '../disk.js'
import { brokenOff, identityOf, isFlown } from '../identity.js'
import { conduct, meant, type SimulateOptions } from '../simulate.js'
import { startOf } from '../start.js'
import { pointOf, specificationOf } from '../study/cell.js'
import type { StudyPlan } from '../study/study.js'
import { versions } from '../versions.js'
import type { Commission, Order, Outcome } from './fleet.js'
import { failed } from './outcome.js'
import { relabel } from './relabel.js'

/**
 * The specification of an order. A trial has no faults, no schedule and no score to stop at. A run that diverges goes on
 * unless its specification says otherwise: it is a result, which the table says.
 */
const specificationFor = (plan: StudyPlan, { condition, variant, trial }: Order): Specification => {
  const own = specificationOf(plan, condition, variant)
  if (!trial) return { ...own, onDivergence: own.onDivergence ?? 'go-on' }
  return { ...own, evaluate: { ...own.evaluate, until: undefined }, faults: [], schedule: undefined, onDivergence: 'go-on' }
}

/** Can a setting be flown? A share cannot go on beyond 1. */
export const settles = (plan: StudyPlan, order: Order): boolean => {
  try {
    resolve(specificationFor(plan, order), { seed: order.seed, set: order.set, typed: false })
    return true
  } catch {
    return false
  }
}

/** What an order is flown with, and what tells its run from every other. */
const settled = (plan: StudyPlan, order: Order, { engine, workers, cwd, script, data }: Commission) => {
  const specification = specificationFor(plan, order)
  const resolving = { seed: order.seed, engine, workers, set: [...order.set], typed: false }
  const { resolved } = meant(specification, { ...resolving, cwd, ...(data !== undefined && { data }) })
  const identity = identityOf({
    specification: manifestSpecification(resolved),
    seeds: resolved.seeds,
    engine: resolved.engine,
    data: data ?? null,
    script,
    functions: Object.keys(functionsOf(resolved)),
    start: startOf(resolved, cwd)?.entry,
    versions: versions(),
  })
  return { specification, resolving, identity }
}

/** The place of an order's run in its study, as its manifest says it. */
const placeOf = (plan: StudyPlan, { condition, variant }: Order): NonNullable<SimulateOptions['study']> => {
  const point = pointOf(plan, condition, variant)
  return { name: plan.name, condition, variant, ...(point && { point }) }
}

/** Is the run of an order there, and complete? Where the study has been given other levels since, the run is told them. */
export const isHad = (plan: StudyPlan, order: Order, commission: Commission): boolean => {
  if (commission.fresh) return false
  const folder = join(commission.out, order.folder)
  try {
    if (!isFlown(folder, settled(plan, order, commission).identity, realDisk)) return false
    relabel(folder, placeOf(plan, order), realDisk)
    return true
  } catch {
    // Whatever is wrong, such as a model to start from that is not there, is said where the run is flown.
    return false
  }
}

/** Flies an order into its folder; goes on with what a run that was broken off has left there. Never throws. */
export const flyOrder = async (
  plan: StudyPlan, order: Order, commission: Commission, ground: typeof openGround, signal: AbortSignal,
): Promise<Outcome> => {
  const { cwd, script, data, fresh, out, tables } = commission
  try {
    const { specification, resolving, identity } = settled(plan, order, commission)
    const folder = join(out, order.folder)
    const left = fresh ? undefined : brokenOff(folder, identity, realDisk)
    const run = await conduct(
      specification,
      {
        ...resolving, cwd, signal, tables: tables === true && !order.trial, out: folder, ifTaken: 'replace', study: placeOf(plan, order),
        ...(script && { script }), ...(data !== undefined && { data }),
      },
      { ground, ...(left && { resumes: { manifest: left, otherwise: 'anew' } }) },
    )
    return { status: run.status }
  } catch (error) {
    return failed(error)
  }
}
