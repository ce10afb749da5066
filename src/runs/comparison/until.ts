import { z } from 'zod'

import { didYouMean } from '../../documents/did-you-mean.js'
import type { Problem } from '../../documents/problem.js'
import { levelMetrics } from '../../metrics/level.js'

/** A level that runs are to reach, such as `{ task: 'click', auc: 0.7 }`: what is compared is the virtual time that it takes. */
export interface Until {
  /** The mean over scenarios of this task alone; over all tasks when absent. */
  readonly task?: string
  /** Of this scenario alone; the mean over all when absent. */
  readonly scenario?: string
  /** Where it is scored. Default `validation`. */
  readonly split?: 'validation' | 'test'
  /** One metric, and what it is to be or better. */
  readonly [metric: string]: string | number | undefined
}

const own = { task: z.string().min(1).optional(), scenario: z.string().min(1).optional(), split: z.enum(['validation', 'test']).optional() }

type Refusal = Pick<Problem, 'at' | 'rule'> & { readonly path: (string | number)[]; readonly advice?: string }

const refusals = (given: Readonly<Record<string, unknown>>): Refusal[] => {
  const asked = Object.keys(given).filter((name) => !Object.hasOwn(own, name))
  const known = `Known: ${levelMetrics.join(', ')}.`
  const strange = asked.filter((name) => !levelMetrics.includes(name))
  if (strange.length > 0) {
    return strange.map((name) => ({ path: [name], at: 'name', rule: 'is no metric of every round', advice: `${didYouMean(name, [...levelMetrics, ...Object.keys(own)])} ${known}`.trim() }))
  }
  if (asked.length !== 1) {
    return [{ path: [], at: 'value', rule: asked.length === 0 ? 'names no metric' : `names ${asked.length} metrics (${asked.join(', ')})`, advice: `Give one and what it is to reach, such as { auc: 0.7 }. ${known}` }]
  }
  const [metric] = asked
  return Number.isFinite(given[metric]) ? [] : [{ path: [metric], at: 'value', rule: 'must be a number' }]
}

export const untilSchema = z.looseObject(own).superRefine((given, context) => {
  for (const { path, ...params } of refusals(given)) context.addIssue({ code: 'custom', message: params.rule, path, params })
})

/** As the metric of a comparison: `time to auc of NL/click 0.7`. */
export const untilMetric = (until: Until): string => {
  const { task, scenario, split } = until
  const metric = levelMetrics.find((name) => until[name] !== undefined) ?? ''
  const whose = [scenario, task].filter((word) => word !== undefined)
  return `time to ${split === undefined ? '' : `${split} `}${metric}${whose.length > 0 ? ` of ${whose.join('/')}` : ''} ${until[metric]}`
}
