import { Border, join, part } from './border.js'

/**
 * Makes the wall clock, real timers and unnamed randomness throw while a handler, strategy, policy or link of the
 * simulation runs, and only then: nact, rxjs and the worker pool use real clocks for their own purposes.
 *
 * `install` patches the process once, however many guards are installed, and the last `uninstall` restores it exactly; only
 * named imports of Node's modules keep what passes on to the originals.
 * Not covered, because nothing can: functions that were taken from their module before `install`
 * (`const { now } = Date`), a new realm of `node:vm`, promises and microtasks (deterministic; and a context that is
 * used in them is revoked), files and sockets (their answers come after the handler, where the context is revoked).
 */
export class Guard {
  #border = new Border()
  #installs = 0

  install(): void {
    if (this.#installs++ === 0) this.#border = join()
  }

  uninstall(): void {
    if (this.#installs === 0) throw new Error('Guard.uninstall() without install(): call it once for each install()')
    if (--this.#installs > 0) return
    part(this.#border)
    this.#border = new Border()
  }

  /** Runs `work` as part of the simulation; `who` is named in errors. Nests: the innermost counts. */
  inside<T>(who: string, work: () => T): T {
    const outer = this.enter(who)
    try {
      return work()
    } finally {
      this.leave(outer)
    }
  }

  /** Runs `work` as no part of the simulation, though a handler called it: watchers of a run's events, for one. */
  outside<T>(work: () => T): T {
    const outer = this.enter(undefined)
    try {
      return work()
    } finally {
      this.leave(outer)
    }
  }

  /** `inside` without a closure, for the hot path: `who` runs from here to `leave`, which takes what this returns. */
  enter(who: string | undefined): string | undefined {
    const border = this.#border
    const outer = border.who
    border.who = who
    return outer
  }

  leave(outer: string | undefined): void {
    this.#border.who = outer
  }
}
