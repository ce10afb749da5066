import { loadWorld } from '../../scenarios/registry.js'
import { shuffleLabels } from '../data/pool.js'
import type { World } from '../data/world.js'
import { openEngine } from '../engine/open.js'
import { RecallingEngine } from '../engine/recalling/recalling-engine.js'
import { SpecificationError } from '../errors.js'
import type { Resolved } from '../simulation/specification.js'

/** Where data lies. */
export interface Place {
  /** A folder of data that must be read. */
  readonly dataDir?: string | undefined
  /** What relative paths are relative to. */
  readonly cwd: string
}

/** What flights stand on, and what takes long to open: the data, and an engine with the programs that it knows. */
export interface Ground {
  readonly world: World
  readonly engine: RecallingEngine
  close(): Promise<void>
}

type Grounded = Pick<Resolved, 'world' | 'seeds' | 'labels' | 'engine' | 'workers'>

/** Loads the world that a specification asks for, with its labels shuffled where it says so. */
export const loadGroundWorld = async (
  { world: spec, seeds, labels }: Pick<Grounded, 'world' | 'seeds' | 'labels'>, place: Place,
): Promise<World> => {
  const loaded = await fitting(() => loadWorld(spec, { seed: seeds.world, ...place }))
  return labels === 'shuffled' ? shuffleLabels(loaded, seeds.world) : loaded
}

/** Loads the world and opens the engine that a specification asks for. Throws what either throws. */
export const openGround = async (resolved: Grounded, place: Place): Promise<Ground> => {
  const world = await loadGroundWorld(resolved, place)
  const engine = new RecallingEngine(await openEngine({ engine: resolved.engine, workers: resolved.workers }))
  return { world, engine, close: () => engine.close() }
}

/** What is told by an allocation that failed. */
const tooLarge = /^(Invalid (typed )?array length|Array buffer allocation failed)/

/** A world that does not fit into memory is a matter of its size, and no accident. */
const fitting = async <T>(load: () => Promise<T>): Promise<T> => {
  try {
    return await load()
  } catch (cause) {
    if (!(cause instanceof RangeError && tooLarge.test(cause.message))) throw cause
    throw new SpecificationError('world: it does not fit into the memory of this machine. Make it smaller.', { cause })
  }
}

/** Keeps the ground that was opened last, for flights one after the other of which many stand on the same. */
export class LastGround {
  #kept: { readonly key: string; readonly ground: Promise<Ground> } | undefined

  async open(resolved: Grounded, place: Place): Promise<Ground> {
    const { world, seeds, labels, engine, workers } = resolved
    const key = JSON.stringify([world, seeds.world, labels, engine, workers, place])
    if (this.#kept?.key !== key) {
      await this.close()
      this.#kept = { key, ground: openGround(resolved, place) }
    }
    return this.#kept.ground
  }

  async close(): Promise<void> {
    const ground = this.#kept?.ground
    this.#kept = undefined
    // Whoever asked for a ground that could not be opened was told.
    await ground?.then((opened) => opened.close(), () => {})
  }
}
