import type { Table } from '../data/table.js'
import type { Split } from '../data/world.js'
import type { Rank } from './rank.js'

/** One set of rows that one client's model is scored on. */
export interface Exam {
  readonly client: string
  readonly scenario: string
  readonly split: Split
  readonly table: Table
  /** Handles of the engine. */
  readonly program: string
  readonly data: string
  /** Handle of the client's training rows. */
  readonly history: string
  /** For a model that ranks items. */
  readonly rank?: Rank
}
