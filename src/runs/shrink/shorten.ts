import type { Check } from '../../checks/check.js'
import { type Failure, isSame } from '../../flight/failure.js'
import type { Case } from '../../lab/explore/case.js'
import { explain, type Explanation } from '../../lab/shrink/explain.js'
import { mostFlights, shrink, type Shrunk } from '../../lab/shrink/shrink.js'
import { type OwnDoing, ownDoings } from '../../lab/shrink/own-doings.js'
import { plainFault } from '../../lab/shrink/units.js'
import { type Story, storyOf } from '../../lab/story/story.js'
import type { FlightEvent } from '../../record/event.js'
import type { Failing } from './failing.js'

export interface ShortenOptions {
  /** Most flights of shrinking; 1000 when absent. */
  readonly budget?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Told after each flight. */
  readonly onFlight?: ((about: Shortening) => void) | undefined
}

/** How far it has come. */
export interface Shortening {
  /** Flights until now, of both stages. */
  readonly flights: number
  /** To `shrink` takes at most `most` flights; to `vary` goes through `most` parts, of which this is the `part`th. */
  readonly stage: 'shrink' | 'vary'
  readonly part: number
  readonly most: number
}

/** The simplest case that fails as another does, what of it is only an example, and what led there. Plain JSON. */
export interface Shortest {
  readonly shrunk: Shrunk
  readonly explanation: Explanation
  /** Its faults as a file would hold them: times with units, and nothing that is so anyway. */
  readonly faults: readonly unknown[]
  /** What the simulation itself does, beside faults, and whether it takes that to fail so. */
  readonly own: readonly OwnDoing[]
  /** Absent where a flight fails only beside another: flown again, or compared. */
  readonly story?: Story
}

/** Sees everything, before anybody else does. */
const recorder = (events: FlightEvent[]): Check => ({
  name: 'recorder', promise: 'Sees everything.', see: (event) => void events.push(event),
})

/** How a case fails, and the events until then. */
const witnessed = async ({ lab }: Failing, of: Case): Promise<{ readonly failure: Failure | undefined; readonly events: readonly FlightEvent[] }> => {
  const events: FlightEvent[] = []
  const outcome = await lab.fly(of, { before: [recorder(events)] })
  return { failure: outcome.failed ? outcome.failure : undefined, events }
}

/** Shrinks a case that fails, explains what is left of it, and tells what led there. */
export const shorten = async (failing: Failing, { budget = mostFlights, signal, onFlight }: ShortenOptions = {}): Promise<Shortest> => {
  const shrunk = await shrink(failing.case, failing.failure, failing.ground, {
    budget, signal, onFlight: (flights) => onFlight?.({ stage: 'shrink', flights, part: 0, most: budget }),
  })
  const explanation = await explain(shrunk.case, shrunk.failure, failing.ground, {
    signal, onFlight: (flights, part, most) => onFlight?.({ stage: 'vary', flights: shrunk.flights + flights, part, most }),
  })
  const own = await ownDoings(failing.lab, failing.flown, shrunk.case, shrunk.failure, signal)
  const { failure, events } = await witnessed(failing, shrunk.case)
  const { faults } = shrunk.case
  const story = failure !== undefined && isSame(failure, shrunk.failure) ? storyOf(events, failure, faults) : undefined
  return { shrunk, explanation, own, faults: faults.map(plainFault), ...(story && { story }) }
}
