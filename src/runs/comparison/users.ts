import { resampled, type Resampled } from '../../metrics/resampled.js'
import { streams } from '../../random/streams.js'
import { bootstrap, bootstrapVariance } from '../../statistics/bootstrap.js'
import { mean } from '../../statistics/moments.js'
import { sha256 } from '../hash.js'
import type { TestAnswers } from '../../flight/flight.js'
import type { CompareOptions } from './compare.js'
import type { At, ScoredRun } from './gather.js'
import { scopesOf, type Scoping } from './scope.js'

export interface UserSampling extends Scoping {
  readonly metric: string
  readonly at: At
  /** Bootstrap samples. */
  readonly samples: number
}

type Scores = Pick<ScoredRun, 'scores'>

/** A run's metric in each scenario and task, as a function of how often each user counts. */
type Recount = readonly { readonly scenario: string; readonly task: string; readonly value: Resampled }[]

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array =>
  new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength))

/** The same for two runs that are scored on the same rows of the same users. */
const testSet = (answers: readonly TestAnswers[]): string =>
  sha256(answers.map(({ scenario, labels, user }) =>
    `${scenario} ${sha256(bytesOf(labels))} ${sha256(bytesOf(user!))}`).sort().join('\n'))

/** Users as numbers from 0, in the order of their ids. */
const numbered = (answers: readonly TestAnswers[]): Map<number, number> => {
  const ids = new Set(answers.flatMap(({ user }) => Array.from(user!)))
  return new Map([...ids].sort((a, b) => a - b).map((id, i) => [id, i]))
}

const recount = (answers: readonly TestAnswers[], users: ReadonlyMap<number, number>, metric: string): Recount =>
  answers.flatMap(({ scenario, tasks, rows, labels, user, scores }) => {
    const number = Int32Array.from(user!, (id) => users.get(id)!)
    return tasks.flatMap((task, t) => {
      const own = Float32Array.from({ length: rows }, (_, row) => labels[row * tasks.length + t])
      if (scores[t].length !== rows || own.every((label) => Number.isNaN(label))) return []
      return [{ scenario, task, value: resampled[metric](scores[t], own, number) }]
    })
  })

/** Each run's scores in each bootstrap sample of users; undefined if this condition's intervals need none. */
interface Samples {
  readonly users: number
  /** By run folder: [samples]. */
  readonly of: ReadonlyMap<string, readonly Scores[]>
}

const sample = (
  condition: string,
  runs: readonly ScoredRun[],
  { metric, at, samples }: UserSampling,
  read: (folder: string) => readonly TestAnswers[] | undefined,
): Samples | undefined => {
  if (!Object.hasOwn(resampled, metric)) return undefined
  const answers = runs.map(({ folder }) => (read(folder) ?? []).filter(({ which }) => which === at))
  if (answers.some((own) => own.length === 0 || own.some(({ user }) => user === undefined))) return undefined
  if (new Set(answers.map(testSet)).size > 1) return undefined
  const users = numbered(answers[0])
  const of = new Map(runs.map(({ folder }, i) => {
    const values = recount(answers[i], users, metric)
    // The stream is named by the condition alone, so that every run meets the same samples: differences are paired.
    const stream = streams('compare')('users', condition)
    const scores = bootstrap(users.size, samples, stream, (counts): Scores => ({
      scores: values.map(({ scenario, task, value }) => ({ scenario, task, value: value(counts) })),
    }))
    return [folder, scores] as const
  }))
  return { users: users.size, of }
}

/**
 * What the sampling of users adds to the variance of a comparison, for conditions whose runs all answered on one test
 * set of known users: the bootstrap over users of the mean difference over seeds. All runs meet the same samples of
 * users, in all their scenarios. Where seeds have test sets of their own (a world that is made anew), the users' part
 * is in the spread between seeds already, and nothing is added. `read` gives a run's answers, if it kept them.
 */
export const userSampling = (
  runs: readonly ScoredRun[],
  sampling: UserSampling,
  read: (folder: string) => readonly TestAnswers[] | undefined,
): NonNullable<CompareOptions['usersOf']> => {
  const made = new Map<string, Samples | undefined>()
  return ({ condition, scope, scenario, task, variant, baseline }) => {
    const here = runs.filter((run) => run.condition === condition)
    if (!made.has(condition)) made.set(condition, sample(condition, here, sampling, read))
    const samples = made.get(condition)
    if (samples === undefined) return undefined
    const own = (name: string): ScoredRun[] => here.filter((run) => run.variant === name)
    const line = scopesOf(here, sampling).find((each) =>
      each.scope === scope && each.scenario === scenario && each.task === task)
    if (line === undefined) return undefined
    const pairs = own(variant).flatMap((run) =>
      own(baseline)
        .filter((other) => other.seed === run.seed && line.differenceOf(run, other) !== null)
        .map((other) => [run.folder, other.folder] as const))
    const at = (folder: string, b: number): Scores => samples.of.get(folder)![b]
    const values = Array.from({ length: sampling.samples }, (_, b) =>
      mean(pairs.map(([a, c]) => line.differenceOf(at(a, b), at(c, b)) ?? NaN)))
    return bootstrapVariance(samples.users, values)
  }
}
