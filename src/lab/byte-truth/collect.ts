import type { Engine } from '../../engine/engine.js'
import { flySetup } from '../../flight/fly.js'
import { type Setup, setUp } from '../../flight/setup.js'
import { sentTo } from '../../federation/strategies/fold.js'
import type { PartState, Strategy, Update } from '../../federation/strategies/strategy.js'
import type { World } from '../../data/world.js'
import type { FlightEvent } from '../../record/event.js'
import type { Resolved } from '../../simulation/specification.js'

/** Floats of a part that went one way, and those that their receiver had of it before. */
export interface Sample {
  readonly part: string
  /** Who sent it up; of what went down, to everybody: empty. */
  readonly client: string
  readonly round: number
  readonly before: Float32Array
  readonly after: Float32Array
}

/** What a flight had to send. */
export interface Samples {
  readonly setup: Setup
  /** Updates in the order in which they were folded. */
  readonly updates: readonly Sample[]
  /** Every part's common values after a fold, with those before it. */
  readonly models: readonly Sample[]
  /** How many there were; more than there are here where their floats are more than are kept. */
  readonly seen: { readonly updates: number; readonly models: number }
  /** Rounds that were closed. */
  readonly rounds: number
  readonly status: 'complete' | 'interrupted'
}

/** Floats that are kept, of updates and of models each, with those before them: 32 MiB, which all codecs are through with in a minute. */
const KEPT = 2 ** 23

/** Keeps samples until they are too many. */
class Kept {
  readonly samples: Sample[] = []
  seen = 0
  #floats = 0

  add(sample: Sample): void {
    this.seen++
    if (this.seen > this.samples.length + 1) return
    this.#floats += 2 * sample.after.length
    if (this.samples.length > 0 && this.#floats > KEPT) return
    this.samples.push({ ...sample, before: sample.before.slice(), after: sample.after.slice() })
  }
}

/** The strategy as it is; what it folds is told. */
export const watched = (
  strategy: Strategy,
  see: (round: number, state: PartState, updates: readonly Update[], next: PartState) => void,
): Strategy => ({
  ...strategy,
  fold: (state, updates, about) => {
    const next = strategy.fold(state, updates, about)
    see(about.round, state, updates, next)
    return next
  },
})

export interface Collecting {
  readonly world: World
  readonly engine: Engine
  readonly cwd: string
  readonly signal?: AbortSignal
  readonly onEvent?: (event: FlightEvent) => void
}

/**
 * Flies, and collects the updates that were folded, each with what its client was sent, and the models that came of them.
 * What a codec of the specification would do to them is left out: they are as local training made them.
 */
export const collect = async (given: Resolved, { world, engine, cwd, signal, onEvent }: Collecting): Promise<Samples> => {
  const { codec: _, ...plain } = given
  const setup = await setUp(plain, world, engine, undefined, cwd)
  const [updates, models] = [new Kept(), new Kept()]
  const strategy = watched(setup.strategy, (round, state, folded, { values }) => {
    if (state.values.length === 0) return
    const { part } = state
    for (const update of folded) updates.add({ part, round, client: update.client, before: sentTo(state, update.client), after: update.values })
    models.add({ part, round, client: '', before: state.values, after: values })
  })
  const { rounds, status } = await flySetup({ ...setup, strategy }, { engine, cwd, onEvent, signal })
  return {
    setup, status,
    updates: updates.samples, models: models.samples, seen: { updates: updates.seen, models: models.seen },
    rounds: rounds.filter(({ outcome }) => outcome === 'closed').length,
  }
}
