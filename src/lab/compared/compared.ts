import type { Check } from '../../checks/check.js'
import type { Engine } from '../../engine/engine.js'
import type { Plan } from '../../faults/plan.js'
import type { Setup } from '../../flight/setup.js'

/** What is compared: a federation, and the faults of one of its flights. */
export interface ComparedGround {
  readonly setup: Setup
  readonly engine: Engine
  readonly plan: Plan
  readonly cwd: string
}

/** What has heard a flight, to compare it afterwards: a check that breaks nothing. */
export interface Heard {
  readonly check: Check
}

/**
 * A promise about more than one flight: a file of this folder, and a line of all.ts. It flies further flights, and is
 * watched where it is asked for by name. Throws a `Violation` where the promise is broken.
 */
export interface ComparedCheck {
  readonly name: string
  /** What holds, in one sentence. */
  readonly promise: string
  /** To be put on the flight with these faults, which then need not be flown once more. */
  listen?(): Heard
  /** What was compared, in words. `heard`: what has heard the flight with these faults, where that was flown already. */
  compare(ground: ComparedGround, heard?: Heard): Promise<string>
}

/** Are two vectors the same, bit by bit? */
export const isSameVector = (one: Float32Array, other: Float32Array): boolean =>
  Buffer.compare(new Uint8Array(one.buffer, one.byteOffset, one.byteLength), new Uint8Array(other.buffer, other.byteOffset, other.byteLength)) === 0
