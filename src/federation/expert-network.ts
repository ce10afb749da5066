import type { Behaviour, Context } from '../actors/actor.js'
import type { Envelope } from '../network/envelope.js'
import type { ActorLife } from './life.js'
import { type ExpertMessage, isCloseNotice, isOpenNotice } from './messages.js'
import {
  close, copyHolding, firstHolding, type Holding, openRound, type Ownership, receive, sendModels, stillToAsk,
} from './owner.js'
import type { PartTemplate } from './parts.js'
import type { Terms } from './terms.js'

/** An expert network's state: its part, as any owner holds one. Plain data. */
export interface ExpertState {
  readonly holding: Holding
}

/** An opening: whoever has not been sent the part for that round is sent it. */
const open = ({ holding }: ExpertState, envelope: Envelope, ownership: Ownership, context: Context): void => {
  const { part, terms } = ownership
  const notice = terms.wire.decodeControl(envelope.bytes, 'open', isOpenNotice)
  const asked = notice.ok ? stillToAsk(holding, notice.head.round, notice.body.selected, terms) : []
  if (!notice.ok || asked.length === 0) {
    context.record({ kind: 'settle', envelope: envelope.id, fate: notice.ok ? 'duplicate' : 'rejected' })
    return
  }
  context.record({ kind: 'settle', envelope: envelope.id, fate: 'control' })
  const { head } = notice
  openRound(holding, head.round, ownership, context)
  if (part.length > 0) sendModels(holding, asked, head.round, head, ownership, context)
}

/** The end of a round: what is held is folded, or thrown away. */
const end = ({ holding }: ExpertState, envelope: Envelope, ownership: Ownership, context: Context): void => {
  const { wire, rounds: { admission } } = ownership.terms
  const notice = wire.decodeControl(envelope.bytes, 'close', isCloseNotice)
  const round = notice.ok ? notice.head.round : 0
  const expected = admission.overlapping
    ? !holding.over && round >= holding.round
    : round === holding.round && holding.endings[round] === undefined
  if (!notice.ok || !expected) {
    context.record({ kind: 'settle', envelope: envelope.id, fate: notice.ok ? 'duplicate' : 'rejected' })
    return
  }
  context.record({ kind: 'settle', envelope: envelope.id, fate: 'control' })
  close(holding, round, notice.body, ownership, context)
}

/**
 * An expert network: coordinates one expert's parameters across clients. At `open` it sends its part to the selected
 * clients, collects what comes back, and folds what it holds when `close` reaches it. Whom it holds may differ from
 * whom the aggregator holds: a fault on one expert is felt by that expert alone. Where rounds overlap, a notice that it
 * missed costs it that fold: what it holds then waits for the next.
 */
export const expertNetwork = (terms: Terms, part: PartTemplate): Behaviour<ExpertState, ExpertMessage> => {
  const ownership: Ownership = { part, terms }
  return (state, { from, message: { envelope } }, context) => {
    switch (envelope.kind) {
      case 'update':
        receive(state.holding, envelope, from, ownership, context)
        break
      case 'open':
        open(state, envelope, ownership, context)
        break
      case 'close':
        end(state, envelope, ownership, context)
        break
      case 'model':
        context.record({ kind: 'settle', envelope: envelope.id, fate: 'rejected' })
        break
      default:
        return envelope.kind satisfies never
    }
    return state
  }
}

export const expertLife = (terms: Terms, part: PartTemplate): ActorLife<ExpertState, ExpertState, ExpertMessage> => ({
  behaviour: expertNetwork(terms, part),
  begin: () => ({ holding: firstHolding(part, terms) }),
  checkpoint: ({ holding }) => ({ holding: copyHolding(holding) }),
  restore: ({ holding }) => ({ holding: copyHolding(holding) }),
})
