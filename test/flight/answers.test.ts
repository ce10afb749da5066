import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { answersOf } from '../../src/flight/answers.js'
import { auc, groupedAuc } from '../../src/metrics/auc.js'
import { calibration } from '../../src/metrics/calibration.js'
import { logLoss } from '../../src/metrics/log-loss.js'
import { readAnswers } from '../../src/runs/answers.js'
import { realDisk } from '../../src/runs/disk.js'
import { simulate } from '../../src/runs/simulate.js'

const table = (labels: readonly number[], user?: readonly number[]) => ({
  rows: labels.length, categorical: new Int32Array(), numeric: new Float32Array(), labels: Float32Array.from(labels),
  ...(user && { user: Int32Array.from(user) }),
})

const exam = (client: string, scenario: string, labels: readonly number[], user?: readonly number[]) =>
  ({ client, scenario, split: 'test', table: table(labels, user), program: 'p', data: client }) as const

describe('answers', () => {
  it('of several clients of one scenario are one set of rows, in the order of clients', () => {
    const exams = [exam('a', 'NL', [1, 0], [7, 8]), exam('b', 'ES', [1]), exam('c', 'NL', [0], [9])]
    const score = (...values: number[]) => ({ scores: [Float32Array.from(values)] })
    const [nl, es] = answersOf(exams, [score(0.1, 0.2), score(0.3), score(0.4)] as never)
    expect(nl).toMatchObject({ scenario: 'NL', split: 'test' })
    expect(nl.table).toEqual({ rows: 3, labels: Float32Array.from([1, 0, 0]), user: Int32Array.from([7, 8, 9]) })
    expect(nl.scores).toEqual([Float32Array.from([0.1, 0.2, 0.4])])
    expect(es.table.rows).toBe(1)
  })

  it('of a flight give its metrics again, and lie in its folder', async () => {
    const out = join(mkdtempSync(join(tmpdir(), 'windtunnel-answers-')), 'run')
    const run = await simulate(
      {
        world: { kind: 'storefronts', scenarios: 2, impressions: 400, users: 50 },
        model: { kind: 'mlp', hidden: [4] },
        strategy: { kind: 'fedavg' },
        rounds: { kind: 'synchronous', count: 3 },
        evaluate: { answers: true, on: ['validation'] },
      },
      { out, workers: 1 },
    )
    const answers = readAnswers(out, realDisk)!
    expect(answers).toHaveLength(4)
    for (const { which, round, scenario, tasks, rows, labels, user, scores } of answers) {
      expect(round).toBe(which === 'last' ? 3 : run.selectedRound)
      tasks.forEach((task, t) => {
        const own = Float32Array.from({ length: rows }, (_, row) => labels[row * tasks.length + t])
        const measured = (metric: string): number | null | undefined =>
          run.metrics.find((row) => row.round === round && row.split === 'test' && row.scenario === scenario &&
            row.task === task && row.metric === metric)?.value
        expect(measured('auc')).toBe(auc(scores[t], own))
        expect(measured('group-auc')).toBe(groupedAuc(scores[t], own, user!))
        expect(measured('log-loss')).toBe(logLoss(scores[t], own))
        expect(measured('calibration')).toBe(calibration(scores[t], own))
      })
    }
    // Per round and scenario, what only the end has comes once.
    const finals = run.metrics.filter(({ metric }) => metric === 'group-auc')
    expect(finals).toHaveLength(run.selectedRound === 3 ? 4 : 8)
  })
})
