import type { Scene } from '../../dials/dial.js'
import type { RoundsInput } from '../../federation/rounds/registry.js'
import type { Failure } from '../../flight/failure.js'
import type { FlightEvent } from '../../record/event.js'
import type { Case, Shape } from '../explore/case.js'
import type { CaseFlight } from '../explore/case-lab.js'
import type { Outcome } from '../explore/outcome.js'
import type { SizedLab } from './sized-lab.js'

/** What came of one flight, as far as shrinking goes. */
export interface Trial {
  /** Undefined: it did not fail. */
  readonly failure: Failure | undefined
  /** Ids of faults that did something before it failed, or ended. */
  readonly fired: readonly string[]
}

/** Where cases are flown that are shrunk. */
export interface TrialGround {
  /** Rounds of the specification itself; undefined where they are a function. */
  readonly rounds: RoundsInput | undefined
  /** Whether other numbers of clients and expert networks can be had. */
  readonly resizes: { readonly clients: boolean; readonly experts: boolean }
  /** Whether the specification itself says something by name of somebody who is not there in a shape; no when absent. */
  readonly names?: ((shape: Shape) => Promise<boolean>) | undefined
  /** Throws for a shape that cannot be had. */
  scene(shape: Shape): Promise<Scene>
  /** Is it a specification that flies? */
  isSound(of: Case): boolean
  /** Never throws for what flights throw. */
  fly(of: Case): Promise<Trial>
}

const faultOf = (event: FlightEvent): string | undefined => ('fault' in event ? event.fault : undefined)

/** What a lab's flights are to shrinking. `fly`: another way to fly, such as twice. */
export const trialGround = (
  lab: Pick<SizedLab, 'resizes' | 'scene' | 'isSound' | 'fly'> & Partial<Pick<SizedLab, 'names'>>, rounds: RoundsInput | undefined,
  fly: (of: Case, options: CaseFlight) => Promise<Outcome> = (of, options) => lab.fly(of, options),
): TrialGround => ({
  rounds,
  resizes: lab.resizes,
  scene: (shape) => lab.scene(shape),
  names: async (shape) => (await lab.names?.(shape)) === true,
  isSound: (of) => lab.isSound(of),
  async fly(of) {
    // A flight that fails gives no report: what struck is seen as it happens.
    const fired = new Set<string>()
    const outcome = await fly(of, {
      onEvent: (event) => {
        const id = faultOf(event)
        if (id !== undefined) fired.add(id)
      },
    })
    return { failure: outcome.failed ? outcome.failure : undefined, fired: [...fired] }
  },
})
