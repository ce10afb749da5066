import type { Scene } from '../../dials/dial.js'
import { asError, DivergenceError, exitCodes, LivenessError, SafetyError, SpecificationError, WindtunnelError } from '../../errors.js'
import { JobMemory } from '../../engine/recalling/job-memory.js'
import type { FaultInput } from '../../faults/registry.js'
import type { Flight } from '../../flight/flight.js'
import { canonical } from '../../roster/identity.js'
import type { Name } from '../../roster/participant.js'
import type { Resolved } from '../../simulation/specification.js'
import { InterruptedError } from '../interrupted.js'
import type { Lab, LabFlight } from '../lab.js'
import type { Weighed, Yardstick } from './yardstick.js'

/** One of the two that are ranked. */
export type Side = 'a' | 'b'

/** Why two flights give no difference: a model diverged, a flight could not end, a check was violated, or nothing was scored. */
export type Uncompared = 'diverged' | 'stalled' | 'violated' | 'unscored'

/** What both sides came to under the same plan with the same seed. */
export type Paired =
  | (Weighed & {
      readonly kind: 'compared'
      /** Ids of faults that did something on one side or the other. */
      readonly fired: readonly string[]
    })
  | { readonly kind: Uncompared; readonly sides: readonly Side[]; readonly message: string }

export interface ArenaOptions extends Pick<LabFlight, 'watch' | 'signal'> {
  readonly yardstick: Yardstick
  /** Told before two flights. */
  readonly onFlight?: ((flights: number, seed: string, faults: readonly FaultInput[]) => void) | undefined
}

type Landed = { readonly flight: Flight } | { readonly kind: Uncompared; readonly message: string }

/** An error and what is behind it; one may be its own cause. */
const causes = (error: Error): readonly Error[] => {
  const all: Error[] = []
  for (let one: unknown = error; one instanceof Error && !all.includes(one); one = one.cause) all.push(one)
  return all
}

/** What keeps a flight from being compared; an accident, or a plan that cannot be, is thrown on. */
const obstacle = (thrown: unknown): Exclude<Landed, { readonly flight: Flight }> => {
  const error = asError(thrown)
  const all = causes(error)
  const { message } = error
  if (all.some((one) => one instanceof DivergenceError)) return { kind: 'diverged', message }
  if (all.some((one) => one instanceof LivenessError)) return { kind: 'stalled', message }
  if (all.some((one) => one instanceof SafetyError)) return { kind: 'violated', message }
  throw error
}

const dataOf = ({ rounds }: Resolved): object | undefined => (typeof rounds === 'function' || 'next' in rounds ? undefined : rounds)
const countOf = (resolved: Resolved): number | undefined => (dataOf(resolved) as { readonly count?: number } | undefined)?.count

/** Where two sides are flown under the same plan with the same seed: common chance, and each pair of flights once. */
export class Arena {
  readonly labs: Readonly<Record<Side, Lab>>
  readonly #options: ArenaOptions
  readonly #known = new Map<string, Promise<Paired>>()
  #flights = 0

  constructor(a: Lab, b: Lab, options: ArenaOptions) {
    this.labs = { a, b }
    this.#options = options
    // What engines of two kinds have trained is not the same.
    const memory = new JobMemory()
    a.recall(memory)
    b.recall(a.resolved.engine === b.resolved.engine ? memory : new JobMemory())
  }

  /** Flights that were flown. */
  get flights(): number {
    return this.#flights
  }

  /** Lets go of what was remembered; the labs are the caller's to close. */
  release(): void {
    this.labs.a.recall(undefined)
    this.labs.b.recall(undefined)
  }

  /**
   * What plans are drawn for: those who take part on both sides, and rounds as long as the slowest of either takes undisturbed.
   * Where a round is not the same on both sides, or none of a common kind, rounds only measure time: `inRounds` says so.
   */
  async scene(): Promise<Scene & { readonly inRounds: boolean }> {
    const { a, b } = this.labs
    const [ours, theirs] = [await a.participants(), await b.participants()]
    const both = (role: string): Name[] => {
      const names = new Set(theirs.flatMap((one) => (one.role === role ? [one.name] : [])))
      return ours.flatMap((one) => (one.role === role && names.has(one.name) ? [one.name] : []))
    }
    const clients = both('client')
    if (clients.length === 0) {
      const named = (all: typeof ours): string => all.flatMap(({ role, name }) => (role === 'client' ? [name] : [])).slice(0, 6).join(', ')
      throw new SpecificationError(`No client takes part on both sides (${named(ours)}; ${named(theirs)}): no plan of faults means the same to both.`)
    }
    const round = Math.max(...(await Promise.all([a, b].map((lab) => lab.calmRounds('crowded lines')))).map(([slowest]) => slowest.total))
    const counts = [countOf(a.resolved), countOf(b.resolved)]
    const kinds = [a, b].map(({ resolved }) => (dataOf(resolved) as { readonly kind?: string } | undefined)?.kind)
    const length = Math.max(...Object.values(this.#lengths))
    const inRounds = counts[0] !== undefined && counts[0] === counts[1] && kinds[0] === kinds[1] && counts[0] * round <= 1.5 * length
    return { clients, experts: both('expert'), others: [...both('shard'), ...both('regional')], round, inRounds, rounds: inRounds ? counts[0]! : Math.max(1, Math.ceil(length / round)) }
  }

  /** The longest flight of either side without faults. */
  readonly #lengths: Record<Side, number> = { a: 0, b: 0 }

  /** Can it be flown on both sides? */
  async isSound(faults: readonly FaultInput[]): Promise<boolean> {
    try {
      await Promise.all(Object.values(this.labs).map((lab) => lab.plan(undefined, faults)))
      return true
    } catch (error) {
      if (error instanceof WindtunnelError && error.exitCode === exitCodes.specification) return false
      throw error
    }
  }

  /** Flies both. Throws an `InterruptedError` where somebody ended them. */
  compare(faults: readonly FaultInput[], seed: string): Promise<Paired> {
    const key = canonical([faults, seed])
    let paired = this.#known.get(key)
    if (paired === undefined) this.#known.set(key, (paired = this.#compare(faults, seed)))
    return paired
  }

  async #compare(faults: readonly FaultInput[], seed: string): Promise<Paired> {
    const { yardstick, onFlight, signal } = this.#options
    if (signal?.aborted) throw new InterruptedError(this.#flights)
    onFlight?.(this.#flights, seed, faults)
    // At once: while one trains, the other is simulated. What a flight gives depends on neither.
    const settled = await Promise.allSettled([this.#land('a', faults, seed), this.#land('b', faults, seed)])
    const [a, b] = settled.map((one) => {
      if (one.status === 'rejected') throw one.reason as Error
      return one.value
    })
    const landed = { a, b }
    for (const kind of ['violated', 'stalled', 'diverged'] as const) {
      const sides = (['a', 'b'] as const).filter((side) => {
        const one = landed[side]
        return 'flight' in one ? kind === 'diverged' && yardstick.diverged(one.flight) : one.kind === kind
      })
      if (sides.length === 0) continue
      const one = landed[sides[0]]
      return { kind, sides, message: 'message' in one ? one.message : 'a model diverged' }
    }
    const flights = [a, b].map((one) => (one as { readonly flight: Flight }).flight)
    const weighed = yardstick.weigh(flights[0], flights[1])
    if (weighed === undefined) return { kind: 'unscored', sides: ['a', 'b'], message: `there is no ${yardstick.name} of both` }
    const fired = flights.flatMap((flight) => flight.faults.flatMap(({ id, fired: times }) => (times > 0 ? [id] : [])))
    return { kind: 'compared', ...weighed, fired: [...new Set(fired)] }
  }

  async #land(side: Side, faults: readonly FaultInput[], seed: string): Promise<Landed> {
    const { yardstick, watch, signal } = this.#options
    const lab = this.labs[side]
    const plan = await lab.plan(seed, faults)
    this.#flights++
    try {
      const flight = await lab.fly({ seed, plan, watch, signal })
      if (flight.status === 'interrupted') throw new InterruptedError(this.#flights)
      if (faults.length === 0) {
        yardstick.demand(flight)
        this.#lengths[side] = Math.max(this.#lengths[side], flight.virtualTime)
      }
      return { flight }
    } catch (error) {
      return obstacle(error)
    }
  }
}
