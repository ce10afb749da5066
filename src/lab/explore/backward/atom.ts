import type { FaultInput } from '../../../faults/registry.js'
import type { MessageKind } from '../../../record/message.js'
import type { Name } from '../../../roster/participant.js'
import type { Micros } from '../../../time/micros.js'

/** What a message, and the events about it, are found by. Without `round` and `part`: of any. */
export interface Address {
  readonly from: Name
  readonly to: Name
  readonly message: MessageKind
  readonly round?: number
  readonly part?: string
}

/** The event after which a life is to end: a trigger, as faults have it. */
export type Moment =
  | ({ readonly event: 'sent' | 'arrived'; readonly nth: number } & Address)
  | { readonly event: 'began training' | 'folded' | 'opened' | 'closed'; readonly actor: Name; readonly round: number; readonly part?: string; readonly nth: number }

/**
 * What an outcome can rest on, and what a cut takes away: that one message arrives, the nth that has its address; or that
 * somebody is still alive after a moment. Dead, a client stays so or comes `back`; servers always come back.
 */
export type Atom =
  | ({ readonly kind: 'message'; readonly nth: number } & Address)
  | { readonly kind: 'life'; readonly who: Name; readonly after: Moment; readonly back: boolean }

/** An atom's own text: JSON whose fields always come in one order, so that equal atoms have equal texts. */
export type AtomKey = string

export const keyOf = (atom: Atom): AtomKey => JSON.stringify(atom)
export const atomOf = (key: AtomKey): Atom => JSON.parse(key) as Atom

/** Faults' windows are half open: so long is that instant alone. */
const instant = 1

/** The fault that takes it away, and nothing else. `away`: how long those are dead who come back. */
export const faultOf = (atom: Atom, id: string, away: Micros): FaultInput => {
  if (atom.kind === 'life') {
    const { who, after, back } = atom
    return { kind: 'crash', who: { select: 'named', names: [who] }, when: after, ...(back && { restartAfter: away, keeps: 'checkpoint' as const }), id } as FaultInput
  }
  const { from, to, message, round, part, nth } = atom
  const link = { from, to, message, ...(part !== undefined && { part }) }
  const when = { event: 'sent' as const, ...link, ...(round !== undefined && { round }), nth }
  return { kind: 'lose', link, ...(round !== undefined && { rounds: [round, round] as [number, number] }), when, lasts: instant, id }
}
