import type { Features } from '../models/model.js'
import type { Task } from '../tasks/task.js'
import type { Scale } from './scaler.js'
import type { Table } from './table.js'

export type Split = 'train' | 'validation' | 'test'

/** One business domain and its impressions, which never leave their client. */
export interface Scenario {
  readonly name: string
  /** The scenario that this is a part of, where users are dealt out to several clients; else it is a whole one. */
  readonly of?: string
  readonly train: Table
  readonly validation: Table
  readonly test: Table
  /** What its numeric columns were scaled with, so that scenarios can be compared. Absent: they are as in the data. */
  readonly scales?: readonly Scale[]
}

/** A file that a world was read from, for the manifest. */
export interface Origin {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/** The scenarios of a simulation, loaded: one schema of features and tasks, one set of tables per scenario. */
export interface World {
  readonly name: string
  readonly features: Features
  readonly tasks: readonly Task[]
  readonly scenarios: readonly Scenario[]
  readonly origins: readonly Origin[]
  /** How rows were split, in words, for the manifest and the report. */
  readonly split: string
  /** What a reader of a result must know: look-ahead columns in use, rows dropped, vocabularies clipped. */
  readonly notes: readonly string[]
  /** What is odd about the data, and may not be meant: whoever flies on it is told. */
  readonly warnings?: readonly string[]
}
