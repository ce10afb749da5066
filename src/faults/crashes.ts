import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { FaultOf } from './fault.js'
import type { PlannedFault } from './plan.js'
import type { Tally } from './tally.js'
import type { Life, Sign } from './weather.js'

interface Crash {
  readonly planned: PlannedFault
  readonly fault: FaultOf<'crash'>
}

/** A crash that waits for its event, with the clients whose updates have counted so far. */
interface Waiting extends Crash {
  readonly from: Set<Name>
  done: boolean
}

const lifeOf = ({ planned, fault }: Crash, who: Name, at: Micros): Life => ({
  kind: 'crash',
  who,
  at,
  fault: planned.id,
  keeps: fault.keeps,
  ...(fault.restartAfter !== undefined && { restartAt: at + fault.restartAfter }),
})

/** Deaths by the clock, known before the run, and deaths that an event sets off. */
export class Crashes {
  readonly timed: readonly Life[]
  readonly #waiting: readonly Waiting[]
  readonly #all: Life[]
  readonly #planned: ReadonlyMap<string, PlannedFault>
  readonly #mainPart: string

  constructor(crashes: readonly Crash[], mainPart: string) {
    this.timed = crashes
      .flatMap((crash) => {
        const { at } = crash.fault
        return at === undefined ? [] : crash.planned.targets.map((who) => lifeOf(crash, who, at))
      })
      .sort((a, b) => a.at - b.at || (a.who < b.who ? -1 : a.who > b.who ? 1 : 0))
    this.#waiting = crashes
      .filter(({ fault }) => fault.when !== undefined)
      .map(({ planned, fault }) => ({ planned, fault, from: new Set(), done: false }))
    this.#all = [...this.timed]
    this.#planned = new Map(crashes.map(({ planned }) => [planned.id, planned]))
    this.#mainPart = mainPart
  }

  /** The deaths that this event sets off: each fault once. */
  notice(sign: Sign): readonly Life[] {
    if (this.#waiting.length === 0 || sign.kind === 'round-close') return []
    const lives = this.#waiting.flatMap((crash) => {
      const { when } = crash.fault
      if (crash.done || when === undefined || when.round !== sign.round) return []
      if (sign.kind === 'update' && sign.part === (when.part ?? this.#mainPart)) crash.from.add(sign.from)
      if (crash.from.size < when.after) return []
      crash.done = true
      return crash.planned.targets.map((who) => lifeOf(crash, who, sign.at))
    })
    this.#all.push(...lives)
    return lives
  }

  /** Is there no crash, and never will be? */
  get none(): boolean {
    return this.#all.length === 0 && this.#waiting.length === 0
  }

  /** Is it dead at `at`, as far as is known? */
  dead(who: Name, at: Micros): boolean {
    return this.#all.some((life) => life.who === who && life.at <= at && at < (life.restartAt ?? Infinity))
  }

  /** The next instant after `now` at which somebody comes back. */
  nextReturn(now: Micros): Micros | undefined {
    let next: Micros | undefined
    for (const { restartAt } of this.#all) {
      if (restartAt !== undefined && restartAt > now && (next === undefined || restartAt < next)) next = restartAt
    }
    return next
  }

  /** Counts the deaths that had come by `now`. */
  count(tally: Tally, now: Micros): void {
    for (const { fault, who, at } of this.#all) {
      const planned = this.#planned.get(fault)
      if (planned === undefined || at > now) continue
      tally.fired(planned, `${who} ${at}`)
      tally.effect(planned, 'died', `${who} ${at}`, 0)
    }
  }
}
