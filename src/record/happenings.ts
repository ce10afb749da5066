import type { TrainingEnd } from './rows.js'
import type { Told } from './flight-recorder.js'
import type { Fate, MessageKind } from './message.js'
import type { Micros } from '../time/micros.js'

/*
 * What happens with every message, made with places for its stamp and for its row: what is added to an object afterwards
 * V8 keeps in a list beside it, which costs more than the object.
 */

/** A number of a stamp to be: `FlightRecorder.tell` fills it in. */
export const UNTOLD = -1

export const arrival = (envelope: number): Told => ({ id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'arrive', envelope })

export const admitting = (envelope: number, message: MessageKind, from: string, round: number, part: string): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'admit', envelope, message, from, round, part,
})

/** A copy has its fate, for no reason but what it is. */
export const fateOf = (envelope: number, fate: Fate): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'settle', envelope, fate, row: undefined,
})

export const training = (round: number, until: Micros, whole: Micros, examples: number): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'train', round, until, whole, examples,
})

export const trained = (
  round: number, start: Micros, outcome: TrainingEnd, examples: number, continues: boolean,
): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'trained', round, start, outcome, examples, continues,
})
