import type { Task } from '../tasks/task.js'
import { stepFeedsOf, type StepFeed } from './feed.js'
import { Lanes } from './lanes.js'
import type { Session } from './runtime.js'

/** A loaded part of a program, ready to be fed: its session, and buffers for the largest cohort seen so far. */
export class Stage {
  private held?: { readonly lanes: Lanes; readonly feeds: readonly StepFeed[] }

  constructor(
    readonly session: Session,
    private readonly tasks: readonly Task[],
  ) {}

  /** Buffers for at least `clients` clients; the same ones again and again unless the cohort grows. */
  room(clients: number): { readonly lanes: Lanes; readonly feeds: readonly StepFeed[] } {
    if (this.held === undefined || this.held.lanes.capacity < clients) {
      const lanes = new Lanes(this.session, clients)
      this.held = { lanes, feeds: stepFeedsOf(lanes, this.tasks) }
    }
    return this.held
  }
}
