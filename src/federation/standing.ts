import type { RoundRow } from '../record/rows.js'
import type { Micros } from '../time/micros.js'
import type { AggregatorState } from './aggregator-state.js'
import { foldsSince } from './owner.js'
import type { Situation } from './rounds/round.js'
import type { Outlook } from './terms.js'

/** How things stand, as a round machine sees it: worked out when it looks. */
export class Standing implements Situation {
  constructor(
    private readonly state: AggregatorState,
    readonly clients: number,
    private readonly weather: Outlook,
    readonly now: Micros,
  ) {}

  get round(): number {
    return this.state.round
  }

  get since(): Micros {
    return this.state.since
  }

  get opened(): Micros | undefined {
    return this.state.opened
  }

  get asked(): number {
    return this.state.selected.length
  }

  get atWork(): number {
    return this.state.atWork.size
  }

  get stalest(): number | undefined {
    let oldest = Infinity
    for (const { round } of this.state.atWork.values()) oldest = Math.min(oldest, round)
    return oldest === Infinity ? undefined : foldsSince(this.state.holding, oldest)
  }

  get answers(): number {
    return this.state.holding.held.length
  }

  get refused(): number {
    return this.state.refused.length
  }

  get excused(): number {
    return this.state.excused.length
  }

  get broken(): string | undefined {
    return this.state.broken
  }

  get nextReturn(): Micros | undefined {
    return this.weather.nextChange(this.now)
  }

  get mayReturn(): boolean {
    return !this.state.hopeless && this.weather.mayReturn?.(this.now, this.state.round) === true
  }

  get past(): readonly RoundRow[] {
    return this.state.past
  }
}
