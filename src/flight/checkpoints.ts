import type { AnyLife } from '../federation/life.js'
import type { Written } from '../federation/terms.js'
import type { FlightEvent } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { type Checkpoint, checkpointSchema } from '../simulation/checkpoint.js'
import type { Micros } from '../time/micros.js'

/** How checkpoints are written where a specification says nothing of them. */
export const usual: Checkpoint = checkpointSchema.parse({})

/** Vectors of an owner's threads, each once: models that several clients have, what codecs remember for each. */
const remembered = ({ state, threads }: Written): ReadonlySet<Float32Array> => {
  const vectors = new Set<Float32Array>()
  for (const { memory, versions } of threads.values()) {
    for (const own of memory.values()) vectors.add(own)
    for (const { values } of versions) vectors.add(values)
  }
  // What went as it is, is there already.
  vectors.delete(state.values)
  for (const own of state.personal.values()) vectors.delete(own)
  return vectors
}

/**
 * Bytes that a checkpoint of a part takes to the store: its values, those of clients that have their own, what the strategy
 * remembers; and, where messages are coded, models that clients have and what codecs remember.
 */
export const checkpointBytes = (written: Written): number => {
  const { values, personal, memory } = written.state
  let floats = values.length
  for (const own of personal.values()) floats += own.length
  for (const own of Object.values(memory)) floats += own.length
  for (const own of remembered(written)) floats += own.length
  return 4 * floats
}

/** What writing a checkpoint after a round takes; 0 where none is written then. */
export const writingTime = ({ every, cost, rate }: Checkpoint, written: Written, round: number): Micros =>
  every === 'message' || round % every !== 0 ? 0 : cost + (rate === undefined ? 0 : Math.ceil((8e6 * checkpointBytes(written)) / rate))

/** What an actor had written down after a round. */
interface Entry {
  readonly round: number
  readonly kept: unknown
}

/** What an actor comes back with: nothing of what it took in later is in it, unless it is `whole`. */
export interface Kept {
  readonly checkpoint: unknown
  readonly whole: boolean
}

export interface CheckpointsOptions {
  readonly checkpoint: Checkpoint
  readonly life: (name: Name) => AnyLife
  /** Owners of parts: they write at the end of a round of theirs. Clients that own none write with their answers. */
  readonly owners: ReadonlySet<Name>
  /** Who may die: nobody else's checkpoints are of use. */
  readonly mayDie: (name: Name) => boolean
  /** By how many rounds what an actor comes back with may be older than the last. */
  readonly forgetful: number
}

/**
 * Where actors write down what they would come back with: owners of parts when a round has ended there, and when the flight
 * begins, clients with their answers; each in the handler that ends it, what it sends included.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions
  readonly #written = new Map<Name, Entry[]>()
  /** Who writes when its present handler returns, and after which round. */
  readonly #due = new Map<Name, number>()

  constructor(options: CheckpointsOptions) {
    this.#options = options
  }

  /** Before its first message, an actor has written down how it begins. */
  begin(name: Name): void {
    if (this.#options.owners.has(name)) this.#isDue(name, 0)
  }

  /** A round has ended for an actor. */
  see(event: FlightEvent): void {
    const { every } = this.#options.checkpoint
    if (every === 'message') return
    if (event.kind === 'part-close' && event.round % every === 0) this.#isDue(event.actor, event.round)
    if (event.kind === 'send' && event.message === 'update' && event.round % every === 0) this.#isDue(event.actor, event.round)
  }

  #isDue(name: Name, round: number): void {
    if (this.#options.mayDie(name)) this.#due.set(name, round)
  }

  /** A handler has returned. */
  readonly handled = (name: Name, state: unknown): void => {
    if (this.#due.size === 0) return
    const round = this.#due.get(name)
    if (round === undefined) return
    this.#due.delete(name)
    const { life, forgetful } = this.#options
    const written = this.#written.get(name) ?? []
    written.push({ round, kept: life(name).checkpoint(state) })
    while (written.length > 1 && written[1].round <= round - forgetful) written.shift()
    this.#written.set(name, written)
  }

  /** What one that dies in `state` comes back with, if what was written last is forgotten for so many rounds; undefined: nothing. */
  take(name: Name, state: unknown, forgotten: number): Kept | undefined {
    const { checkpoint: { every }, owners, life } = this.#options
    const all = every === 'message' || (every === 1 && !owners.has(name))
    if (all && forgotten === 0) {
      const own = life(name)
      return { checkpoint: own.checkpoint(state), whole: every === 'message' && own.recovers?.(state) !== true }
    }
    const written = this.#written.get(name) ?? []
    const newest = written.at(-1)?.round ?? 0
    const found = written.findLast(({ round }) => round <= newest - forgotten)
    return found && { checkpoint: found.kept, whole: false }
  }
}
