import { AGGREGATOR, type Name } from '../roster/participant.js'
import type { Table } from '../data/table.js'
import type { Weather } from '../faults/weather.js'
import type { Frames } from '../network/frames.js'
import type { Segment } from '../models/layout.js'
import type { Streams } from '../random/streams.js'
import type { RoundRow } from '../runs/record.js'
import type { Micros } from '../time/micros.js'
import type { Account } from './account.js'
import type { PartTemplate } from './part-template.js'
import type { AsynchronousTerms, RoundPolicy } from './policies.js'
import type { FoldContext, OptimizerTerms, Strategy } from './strategies/strategy.js'

/** One client as the federation knows it before the run. */
export interface ClientTerms {
  readonly name: Name
  /** Rows of training data: its weight in an average. */
  readonly rows: number
  readonly epochs: number
  readonly batch: number
  /** Handles of the engine; a program for each leg of the strategy, in their order. */
  readonly programs: readonly string[]
  readonly data: string
  /** Rows on which the client measures models that it is offered. */
  readonly trial: { readonly data: string; readonly table: Table }
  /** Undisturbed virtual time of one training step of each leg on this client's device. */
  readonly stepCosts: readonly number[]
}

/** What all actors of one federation have agreed on before it starts. Constant throughout a run. */
export interface Terms {
  readonly strategy: Strategy
  readonly policy: RoundPolicy
  /** Where there are no common rounds; undefined where there are. */
  readonly asynchronous: AsynchronousTerms | undefined
  /** The trunk first, then the experts'. */
  readonly parts: readonly PartTemplate[]
  /** Parts that a client waits for and answers with: the trunk always, an expert's if any of it travels. */
  readonly travelling: readonly PartTemplate[]
  /** In the order of their names. */
  readonly clients: readonly ClientTerms[]
  /** The same clients as strategies know them. */
  readonly members: FoldContext['clients']
  readonly optimizer: OptimizerTerms
  /** Segments and length of a client's flat vector. */
  readonly segments: readonly Segment[]
  readonly size: number
  /** Expert networks by the index of their expert. */
  readonly experts: readonly Name[]
  readonly keepOptimizer: boolean
  /** Whether parameter messages carry a checksum: where something on the way may change their bytes. */
  readonly checksums: boolean
  /** Memory for updates on their way. */
  readonly frames: Frames
  readonly weather: Pick<Weather, 'available' | 'nextChange' | 'completeness' | 'notice'>
  /** Draws which clients are asked. */
  readonly selection: Streams
  /** Seed of batch orders and dropout. */
  readonly batchSeed: string
  readonly account: Account
  /** Told at each opening and closing; for accounting and watching. */
  readonly opened: (round: number, at: Micros, selected: readonly Name[]) => void
  readonly closed: (row: RoundRow) => void
}

/** The actor that owns a part. */
export const ownerOf = (terms: Pick<Terms, 'experts'>, part: PartTemplate): Name =>
  part.expert === undefined ? AGGREGATOR : terms.experts[part.expert]
