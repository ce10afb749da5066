import type { Table } from '../data/table.js'
import type { Split } from '../data/world.js'
import type { ScoreResult } from '../engine/engine.js'
import type { RankedUser } from '../metrics/full-ranking.js'
import type { Exam } from './exam.js'

/** What the models of a scenario's clients answered on one split: all its rows, in the order of clients. */
export interface Answers {
  readonly scenario: string
  readonly split: Split
  readonly table: Pick<Table, 'rows' | 'labels' | 'user'>
  /** Per task, as an engine gives them: [rows] logits or numbers, or [rows, classes] logits. */
  readonly scores: readonly Float32Array[]
  /** Users whose items were ranked; empty for a model that does not rank. */
  readonly ranked: readonly RankedUser[]
}

const joined = <A extends Float32Array | Int32Array>(parts: readonly A[], make: (length: number) => A): A => {
  const whole = make(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * Puts together what several clients of one scenario answered, so that a metric is of all its rows at once and never an
 * average over clients. In the order in which scenarios and splits first appear.
 */
export const answersOf = (
  exams: readonly Pick<Exam, 'scenario' | 'split' | 'table'>[],
  results: readonly ScoreResult[],
  ranked: readonly (readonly RankedUser[])[] = exams.map(() => []),
): Answers[] => {
  const groups = new Map<string, number[]>()
  exams.forEach(({ scenario, split }, i) => {
    const key = JSON.stringify([scenario, split])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [i])
    else group.push(i)
  })
  return [...groups.values()].map((own) => {
    const [first] = own
    const { scenario, split, table } = exams[first]
    const users = own.flatMap((i) => ranked[i])
    if (own.length === 1) return { scenario, split, table, scores: results[first].scores, ranked: users }
    const tables = own.map((i) => exams[i].table)
    const persons = tables.flatMap(({ user }) => (user ? [user] : []))
    return {
      scenario,
      split,
      table: {
        rows: tables.reduce((sum, { rows }) => sum + rows, 0),
        labels: joined(tables.map(({ labels }) => labels), (length) => new Float32Array(length)),
        ...(persons.length === tables.length && { user: joined(persons, (length) => new Int32Array(length)) }),
      },
      scores: results[first].scores.map((_, t) =>
        joined(own.map((i) => results[i].scores[t]), (length) => new Float32Array(length))),
      ranked: users,
    }
  })
}
