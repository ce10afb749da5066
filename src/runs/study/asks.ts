import { metricOf } from './plan.js'
import type { StudyPlan } from './study.js'

/** What a study asks, and what its table compares. */
export type Asks = Pick<StudyPlan, 'name' | 'question' | 'baselines' | 'metric' | 'within' | 'at' | 'byRows' | 'gain'>

/** As the plan has it, unless the command says otherwise. */
export const asksOf = (plan: StudyPlan, command: Pick<Asks, 'metric' | 'within' | 'at' | 'byRows'> = {}): Asks => {
  const { name, question, baselines, gain } = plan
  const { metric = metricOf(plan), at = plan.at, within = plan.within, byRows = plan.byRows } = command
  return { name, question, baselines, metric, within, at, byRows, gain }
}
