import type { Name } from '../roster/participant.js'
import type { Because } from './event.js'
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

export const admitting = (envelope: number, message: MessageKind, from: Name, round: number, part: string): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'admit', envelope, message, from, round, part,
})

/** A copy has its fate. */
export const fateOf = (envelope: number, fate: Fate, because?: Because): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'settle', envelope, fate, because, row: undefined,
})

/** Where messages are acknowledged: one has its number. */
export const numbering = (to: Name, number: number): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'numbered', to, number,
})

export const taking = (envelope: number, from: Name, number: number, life: number): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'taken', envelope, from, number, life,
})

export const acknowledging = (to: Name, number: number): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'acknowledged', to, number,
})

export const training = (round: number, until: Micros, whole: Micros, examples: number): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'train', round, until, whole, examples,
})

export const trained = (
  round: number, start: Micros, outcome: TrainingEnd, examples: number, continues: boolean,
): Told => ({
  id: UNTOLD, at: UNTOLD, actor: '', cause: UNTOLD, kind: 'trained', round, start, outcome, examples, continues,
})
