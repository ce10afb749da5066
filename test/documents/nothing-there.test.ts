import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import { some } from '../../src/data/data-column.js'
import { problemsIn } from '../../src/documents/problem.js'
import { buildLayout } from '../../src/models/layout.js'
import { checkPlan, onlyConditions, onlyVariants } from '../../src/runs/study/cell.js'
import type { StudyPlan } from '../../src/runs/study/study.js'
import { parseFamily } from '../../src/schedules/bandwidth-trace.js'

const study: StudyPlan = { name: 'none', question: 'Is there anything?', base: {}, conditions: {}, variants: {}, baselines: ['fedavg'], seeds: 1 }

const saidBy = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing'
}

const said: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
  'a model without segments': [() => buildLayout([]), /no segments/],
  'an index of traces that is empty': [() => parseFamily('', 'oboe', 'index.csv'), /no column 'trace'\. It is empty\.$/],
  'an index of traces with a header alone': [() => parseFamily('trace,family\n', 'oboe', 'index.csv'), /no trace is of family 'oboe'\. It holds no traces\.$/],
  'a study without anything': [() => checkPlan(study), /^none: there are no conditions\.$/],
  'a study without variants, of which some are asked for': [() => onlyVariants(study, ['fedavg']), /"fedavg" is not one of its variants: it has none\.$/],
  'a study without conditions': [() => onlyConditions(study, ['storm']), /"storm" is not one of its conditions: it has none\.$/],
}

describe('a message that says what there is', () => {
  it.each(Object.entries(said))('says so where nothing is: %s', (_, [work, message]) => {
    const text = saidBy(work)
    expect(text).toMatch(message)
    expect(text).not.toMatch(/(:|has|have|are|is|known) *[.,;]/i)
  })

  it('lists no columns as none, and no fields as none', () => {
    expect(some([])).toBe('none')
    const empty = z.strictObject({})
    const { error } = empty.safeParse({ by: 2 })
    const [{ advice }] = problemsIn(error!, { by: 2 }, z.toJSONSchema(empty) as never)
    expect(advice).toBe('Nothing can be said here: take it away.')
  })
})
