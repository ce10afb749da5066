import type { Scheduled } from '../../time/event-queue.js'
import type { Micros } from '../../time/micros.js'
import type { Line, Path } from '../topology.js'

/** Bytes on their way over the lines of a path. */
export interface Transfer {
  readonly cargo: Cargo
  /** It is on its lines, which its last byte has not left. */
  readonly isPassing: boolean
  /** Nothing more of it passes, and nothing follows from it. Returns how many bytes had passed; all after the last. */
  stop(): number
}

/** What is carried over the lines. */
export interface Cargo {
  /**
   * Told at which instant its last byte leaves the lines, when that instant is known: it may be now. What it returns is
   * withdrawn if the instant moves or the transfer is stopped before it; if it moves, it is told anew.
   */
  lastByte(at: Micros): Scheduled | undefined
}

/**
 * How lines are shared. A model of sharing is one file of this folder; ends may move because other transfers come and
 * go, and nobody outside knows when they will.
 */
export interface Links {
  /** Begins a transfer now. No bytes take no time of their own, whatever the rate. */
  start(path: Path, bytes: number, cargo: Cargo): Transfer
  /** From now on nothing passes on these lines, until the function is called that it returns. Several may block one line. */
  block(lines: readonly Line[]): () => void
  /** The weather has what it says of these lines, of the time from now on, changed: what is on them ends at another time. */
  rerate(lines: readonly Line[]): void
  /** What is on a line and has not left it, in the order in which it came. */
  on(line: Line): readonly Transfer[]
}
