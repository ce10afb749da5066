import type { Context } from '../actors/actor.js'
import { fateOf } from '../record/happenings.js'
import type { Fate, Refusal } from '../record/message.js'

/** Gives a control message its fate: `rejected`, with what is wrong, if it is damaged. */
export const settleNotice = (
  envelope: number,
  notice: { readonly ok: true } | { readonly ok: false; readonly why: Refusal },
  context: Context,
  fate: Fate = 'control',
): void => context.record(notice.ok ? fateOf(envelope, fate) : fateOf(envelope, 'rejected', notice.why))
