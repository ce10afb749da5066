import { readFileSync } from 'node:fs'

import type { Name } from '../roster/participant.js'
import type { World } from '../data/world.js'
import type { Engine } from '../engine/engine.js'
import type { Weather } from '../faults/weather.js'
import type { Flight, FlightEvent } from '../runs/record.js'
import type { ReadText } from '../schedules/csv.js'
import type { Resolved } from '../simulation/specification.js'
import { type Charter, settleCharter } from './charter.js'
import { surround } from './surroundings.js'
import { Tunnel } from './tunnel.js'

export interface FlyOptions {
  readonly world: World
  readonly engine: Engine
  /** What happens, as it happens. An error that it throws ends the run. */
  readonly onEvent?: (event: FlightEvent) => void
  /** Reads trace files that the specification names; by default from the disk, relative to the working folder. */
  readonly read?: ReadText
  /** Ends the run at the next event; the flight so far is returned as `interrupted`. */
  readonly signal?: AbortSignal
  /** Canonical events as JSON lines, handed over at every round's close and at the end. */
  readonly onLines?: (lines: readonly string[]) => void
}

const readText: ReadText = (path) => readFileSync(path, 'utf8')

/**
 * Flies a simulation: one federation, one world, one seed. Everything that decides the result is in `resolved` and
 * `world`; the engine only computes, and neither its workers nor the wall clock reach the outcome.
 */
export const fly = async (resolved: Resolved, options: FlyOptions): Promise<Flight> => {
  const charter = await settleCharter(resolved, options.world, options.engine)
  const { weather, stepCost } = surround(resolved, charter, options.read ?? readText)
  return flyUnder(resolved, charter, weather, stepCost, options)
}

/** The same under a weather that is given. `stepCost`: undisturbed virtual microseconds of a client's step in a leg. */
export const flyUnder = (
  resolved: Resolved,
  charter: Charter,
  weather: Weather,
  stepCost: (client: Name, leg: number) => number,
  options: FlyOptions,
): Promise<Flight> => new Tunnel(resolved, charter, weather, stepCost, options).fly()
