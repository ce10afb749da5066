import type { Table } from '../../data/table.js'
import type { ScoreResult, TrainResult } from '../engine.js'
import type { Part, Recipe } from '../program/recipe.js'
import type { Compiled } from '../runtime.js'
import type { CohortWork } from './executor.js'
import type { TableFile } from './table-file.js'

/** What a worker may lack for a cohort; it asks once, and keeps what it gets. */
export interface Supplies {
  readonly recipes: readonly Recipe[]
  readonly parts: readonly { readonly program: string; readonly part: Part; readonly compiled: Compiled }[]
  readonly tables: readonly { readonly handle: string; readonly table: Table }[]
}

/** A message to a worker. */
export interface Order {
  readonly work: CohortWork
  /** Parts of the program that the work needs. */
  readonly parts: readonly Part[]
  readonly supplies?: Supplies
  readonly delay: number
  readonly die: boolean
}

/** A message to a worker process: an order whose tables lie in files. */
export interface Shipment {
  readonly order: Omit<Order, 'supplies'>
  readonly supplies?: Omit<Supplies, 'tables'> & { readonly tables: readonly TableFile[] }
}

/** What a worker process says first. */
export type Greeting =
  | { readonly kind: 'ready'; readonly versions: Readonly<Record<string, string>> }
  | { readonly kind: 'broken'; readonly message: string }

/** A worker's answer. A promise of it that is rejected means that the worker died. */
export type Answer =
  | { readonly kind: 'done'; readonly results: TrainResult[] | ScoreResult[] }
  | { readonly kind: 'failed'; readonly message: string; readonly stack?: string }
  | Missing

/** What the worker needs first. */
export interface Missing {
  readonly kind: 'missing'
  /** Whether it lacks the program's recipe. */
  readonly program: boolean
  readonly parts: readonly Part[]
  readonly tables: readonly string[]
}
