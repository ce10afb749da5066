import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { AggregatorState, Learnt } from './aggregator-state.js'
import { knowAsked } from './owner.js'

/** What is to be done about clients once it is known where they are. */
export interface Places {
  /** Answers that were taken in and lost: by client, their round. */
  readonly wanted: Map<Name, number>
  /** Clients that may lack what they were sent for the round that is open. */
  readonly lacking: Name[]
}

/**
 * Where rounds overlap, an aggregator that has come back puts every client where it says that it is: at work on its round, or
 * free. Those that say nothing are free. What it had asked and sent since its checkpoint it has of them; models that it sent
 * since are those of the round that is open, for at a fold it writes a checkpoint.
 */
export const takePlaces = (
  state: AggregatorState,
  learnt: ReadonlyMap<Name, Learnt>,
  placeOf: ReadonlyMap<Name, number>,
  now: Micros,
): Places => {
  const { round, atWork, holding, idle, selected, timeout } = state
  const wanted = new Map<Name, number>()
  const lacking: Name[] = []
  const bounded = timeout !== undefined || state.probing !== undefined
  const free = (client: Name, ofThisRound: boolean): void => {
    if (atWork.delete(client)) idle?.add(placeOf.get(client)!, ofThisRound)
  }
  const isAt = (client: Name, its: number): void => {
    idle?.remove(placeOf.get(client)!)
    if (its === round && !selected.includes(client)) selected.push(client)
    if (atWork.get(client)?.round !== its) {
      atWork.set(client, { round: its, overdue: timeout === undefined ? undefined : { at: now + timeout, number: undefined } })
    }
    knowAsked(holding, client, its)
  }
  for (const client of new Set([...atWork.keys(), ...learnt.keys()])) {
    const says = learnt.get(client)
    if (says === undefined) {
      free(client, false)
      continue
    }
    const known = holding.answered.get(client) ?? 0
    const isLost = says.answered > known && says.answered <= round
    if (isLost) {
      wanted.set(client, says.answered)
      knowAsked(holding, client, says.answered)
      if (says.answered === round && !selected.includes(client)) selected.push(client)
    }
    if (says.works !== undefined && says.round <= round && says.round > known) {
      isAt(client, says.round)
      if (says.works === 'gathering' && says.round === round) lacking.push(client)
    } else if (isLost) isAt(client, says.answered)
    else {
      const before = atWork.get(client)?.round
      if (before === undefined) continue
      if (before === round && says.round < round) lacking.push(client)
      // Its model may be under way: what bounds the wait for it finds out.
      else if (says.round >= before || !bounded) free(client, before === round)
    }
  }
  return { wanted, lacking }
}
