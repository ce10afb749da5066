import type { FlightEvent } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { check, Violation } from './check.js'

/** A computation under way: when it is to end, undisturbed by what comes between. */
interface Work {
  /** `never`: it is over, and its place is free for the next. */
  begun: Micros
  until: Micros
}

interface Memory {
  readonly working: Map<Name, Work[]>
  /** Who sleeps, since when and until when. */
  readonly asleep: Map<Name, Micros>
}

const never = -1

const begunAt = (works: readonly Work[], begun: Micros): Work | undefined => {
  for (const work of works) if (work.begun === begun) return work
  return undefined
}

const fail = ({ at: time, actor }: FlightEvent, what: string): never => {
  throw new Violation('time', what, { time, actors: [actor] })
}

export const time = check<Memory>({
  name: 'time',
  promise:
    'What is charged adds up: a computation ends when it was to end, later by the sleep of its device, and earlier only if ' +
    'it comes to nothing; nobody handles anything asleep.',
  kinds: ['train', 'trained', 'life', 'admit', 'taken', 'round-open', 'round-close', 'region-open', 'region-close'],
  begin: () => ({ working: new Map(), asleep: new Map() }),
  see: (event, _, { working, asleep }) => {
    const { at, actor, kind } = event
    if (asleep.size === 0 && kind !== 'train' && kind !== 'trained' && kind !== 'life') return
    switch (event.kind) {
      case 'train': {
        const own = working.get(actor)
        if (event.until < at || event.whole < event.until) fail(event, `${actor} begins work at ${at} that ends at ${event.until} of ${event.whole}`)
        const free = own && begunAt(own, never)
        if (own === undefined) working.set(actor, [{ begun: at, until: event.until }])
        else if (free === undefined) own.push({ begun: at, until: event.until })
        else {
          free.begun = at
          free.until = event.until
        }
        break
      }
      case 'trained': {
        const own = working.get(actor)
        const work = own && begunAt(own, event.start)
        if (work === undefined) return fail(event, `work of ${actor} ends that never began at ${event.start}`)
        const { until } = work
        work.begun = never
        if (at > until) fail(event, `work of ${actor} ends at ${at}, after ${until}`)
        const early = event.outcome === 'abandoned' || event.outcome === 'crashed'
        if (at < until && !early) fail(event, `work of ${actor} ends at ${at}, before ${until}`)
        return
      }
      case 'life':
        if (event.what === 'crash') asleep.delete(actor)
        if (event.what === 'resume') asleep.delete(actor)
        if (event.what !== 'pause') return
        asleep.set(actor, event.back!)
        for (const work of working.get(actor) ?? []) work.until += event.back! - at
        return
    }
    const until = asleep.get(actor)
    if (until !== undefined && at < until) fail(event, `${actor} sleeps until ${until}, and there is ${event.kind} at ${at}`)
  },
})
