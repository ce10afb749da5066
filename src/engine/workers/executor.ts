import type { Table } from '../../data/table.js'
import type { ScoreJob, ScoreResult, TrainJob, TrainResult } from '../engine.js'
import { stepsIn } from '../feeding/batches.js'
import { dataOf, type Data } from '../feeding/rows.js'
import { scoreCohort } from '../feeding/score.js'
import { Stage } from '../feeding/stage.js'
import { trainCohort } from '../feeding/train.js'
import type { Part, Recipe } from '../program/recipe.js'
import type { Session } from '../runtime.js'

/** One cohort's worth of work: every job names the same program. */
export type CohortWork =
  | { readonly kind: 'train'; readonly program: string; readonly jobs: readonly TrainJob[] }
  | { readonly kind: 'score'; readonly program: string; readonly jobs: readonly ScoreJob[] }

/** Parts of a program that a piece of work needs: no job has a remainder when all steps fall into whole chunks. */
export const partsOf = (
  work: CohortWork, { batch, chunk }: Recipe, rowsOf: (handle: string) => number,
): readonly Part[] => {
  if (work.kind === 'score') return ['score']
  const steps = work.jobs.map((job) => stepsIn(rowsOf(job.data), batch, job.plan))
  const parts: Part[] = []
  if (chunk > 1 && steps.some((n) => n >= chunk)) parts.push('chunk')
  if (steps.some((n) => n % chunk > 0 || (chunk === 1 && n > 0))) parts.push('step')
  return parts
}

/**
 * Executes cohorts one after the other in the thread it lives in. It knows programs by their recipes, opens their parts
 * when first needed and keeps them open.
 */
export class Executor {
  private readonly recipes = new Map<string, Recipe>()
  private readonly tables = new Map<string, Data>()
  private readonly stages = new Map<string, Promise<Stage>>()
  private last: Promise<unknown> = Promise.resolve()

  /** `open` loads a part of a program; it is called once for each. */
  constructor(private readonly open: (program: string, part: Part) => Promise<Session>) {}

  knowsProgram(program: string): boolean {
    return this.recipes.has(program)
  }

  knowsTable(handle: string): boolean {
    return this.tables.has(handle)
  }

  learn(recipe: Recipe): void {
    this.recipes.set(recipe.program, recipe)
  }

  register(handle: string, table: Table): void {
    this.tables.set(handle, dataOf(table))
  }

  /** Buffers are shared by all cohorts of a program, so a cohort waits until the one before it is done. */
  execute(work: CohortWork): Promise<TrainResult[] | ScoreResult[]> {
    const done = this.last.then(() => this.perform(work))
    this.last = done.catch(() => undefined)
    return done
  }

  async close(): Promise<void> {
    await this.last
    const stages = [...this.stages.values()]
    this.stages.clear()
    for (const stage of stages) await (await stage).session.close()
  }

  private perform(work: CohortWork): Promise<TrainResult[] | ScoreResult[]> {
    const recipe = this.recipes.get(work.program)!
    const held = (handle: string): Data => this.tables.get(handle)!
    const stageOf = (part: Part): Promise<Stage> => this.stage(recipe, part)
    return work.kind === 'train'
      ? trainCohort(recipe, work.jobs, held, stageOf)
      : scoreCohort(recipe, work.jobs, held, stageOf)
  }

  private stage(recipe: Recipe, part: Part): Promise<Stage> {
    const key = `${recipe.program}/${part}`
    const known = this.stages.get(key)
    if (known) return known
    const opened = this.open(recipe.program, part).then((session) => new Stage(session, recipe))
    this.stages.set(key, opened)
    return opened
  }
}
